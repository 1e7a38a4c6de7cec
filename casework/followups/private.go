package followups

import "hotline/storage"

// Private says where this package keeps what is private. Whether people were followed up, and when, stays.
func Private() storage.Private {
	const ofCall = "followup IN (SELECT id FROM followups WHERE call_id = ?)"
	return storage.Private{
		Places: []storage.Place{
			{Table: "followup_events", Of: storage.OfCall, Where: ofCall, Holds: "note IS NOT NULL", Clear: "note = NULL"},
			{Table: "followup_wishes", Of: storage.OfCall, Where: "call_id = ?"},
			{Table: "followup_series", Of: storage.OfCall, Where: "call_id = ?", Holds: "caller_ref <> ''", Clear: "caller_ref = ''"},
			{Table: "followups", Of: storage.OfCall, Where: "call_id = ?", Holds: "caller_ref <> ''", Clear: "caller_ref = ''"},
			{Table: "followup_wishes", Of: storage.OfRef, Where: "caller_ref = ?"},
			{Table: "followup_wishes", Of: storage.OfFile, Where: "file = ?"},
		},
		Lives: []storage.Live{{Of: storage.OfCall, ID: "call_id", From: "followups", Where: "state IN ('planned','calling','talked')"}},
	}
}
