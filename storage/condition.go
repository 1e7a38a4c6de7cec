package storage

import "strings"

// Condition is one on the id of a subject, in SQL: each "?" in it stands for where that id is. The package that owns the tables makes it, of constants alone;
// another can ask by it within a search of its own, without knowing what it looks at.
type Condition string

// On is the condition on a literal, or on a column with its table's name: one that no condition uses, as a condition has tables of its own and a name means the
// nearest.
func (c Condition) On(id string) string { return "(" + strings.ReplaceAll(string(c), "?", id) + ")" }

// Not is its opposite.
func (c Condition) Not() Condition { return Condition("NOT (" + string(c) + ")") }

// And is so where both are.
func (c Condition) And(other Condition) Condition {
	return Condition("(" + string(c) + ") AND (" + string(other) + ")")
}

// AnyOf is so where one of them is, or more; of none it never is.
func AnyOf(of ...Condition) Condition {
	all := make([]string, 0, len(of)+1)
	for _, c := range of {
		all = append(all, "("+string(c)+")")
	}
	if len(all) == 0 {
		all = append(all, "1 = 0")
	}
	return Condition(strings.Join(all, " OR "))
}

// Condition is the question as one on its subject's id.
func (l Live) Condition() Condition { return Condition("EXISTS (" + l.Query + ")") }
