package records

import "hotline/storage"

// Private says where this package keeps what is private. What was chosen, to be counted, stays.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{
		{Table: "records", Of: storage.OfCall, Where: "call_id = ?", Holds: "said IS NOT NULL", Clear: "said = NULL"},
		{Table: "record_drafts", Of: storage.OfCall, Where: "call_id = ?"},
		{Table: "safety_plans", Of: storage.OfFile, Where: "file_id = ?"},
		{Table: "file_drafts", Of: storage.OfFile, Where: "file_id = ?"},
	}}
}
