package shiftover

import "hotline/storage"

// Private says where this package keeps what is private. found gives, for each kind of case, the query with one "?" that finds the cases of a call.
func Private(found map[string]string) storage.Private {
	var out storage.Private
	for kind, query := range found {
		out.Places = append(out.Places, storage.Place{
			Table: "shift_cases", Of: storage.OfCall, Where: "kind = '" + kind + "' AND case_id IN (" + query + ")",
			Holds: "note IS NOT NULL OR reason IS NOT NULL", Clear: "note = NULL, reason = NULL",
		})
	}
	return out
}
