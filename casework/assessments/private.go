package assessments

import "hotline/storage"

// Private says where this package keeps what is private. Rows are never changed, so those with words go whole; measures before and after stay, to be
// counted.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{
		{Table: "risk_decisions", Of: storage.OfCall, Where: "proposal IN (SELECT id FROM risk_proposals WHERE call_id = ?)"},
		{Table: "risk_proposals", Of: storage.OfCall, Where: "call_id = ?"},
		{Table: "risk_levels", Of: storage.OfCall, Where: "call_id = ?", Holds: "said IS NOT NULL"},
		{Table: "risk_scales", Of: storage.OfCall, Where: "call_id = ?"},
		{Table: "risk_answers", Of: storage.OfCall, Where: "call_id = ?", Holds: "said IS NOT NULL"},
	}}
}
