package storage

import "strings"

// In writes a list of values for "column IN (…)", with the arguments that belong to it. An empty list is written so that nothing is in it.
func In(values []string) (list string, args []any) {
	if len(values) == 0 {
		return "(NULL)", nil
	}
	args = make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return "(?" + strings.Repeat(",?", len(values)-1) + ")", args
}
