package casework

import "hotline/storage"

// Private says where this package keeps what is private: numbers, and by whose pseudonym a row is. What a call was and what came of it stays, to be
// counted.
func Private() storage.Private {
	return storage.Private{
		Places: []storage.Place{
			{Table: "calls", Of: storage.OfCall, Where: "id = ?", Holds: "caller_sealed IS NOT NULL OR caller_ref <> ''", Clear: "caller_sealed = NULL, caller_ref = ''"},
			{Table: "tasks", Of: storage.OfCall, Where: "call_id = ?", Holds: "caller_sealed IS NOT NULL OR caller_ref <> ''", Clear: "caller_sealed = NULL, caller_ref = ''"},
			{Table: "callback_refusals", Of: storage.OfRef, Where: "caller_ref = ?"},
			{Table: "blocks", Of: storage.OfCall, Where: "call_id = ?", Holds: "caller_ref <> ''", Clear: "caller_ref = ''"},
		},
		Highs: []storage.Live{
			{Of: storage.OfCall, ID: "id", From: "calls", Where: "tier = 'red' OR danger"},
			{Of: storage.OfCall, ID: "c.id", From: "calls c JOIN calls o ON o.caller_ref = c.caller_ref", Where: "c.caller_ref <> '' AND (o.tier = 'red' OR o.danger)"},
		},
		Lives: []storage.Live{
			{Of: storage.OfCall, ID: "id", From: "calls", Where: "ended_ms = 0"},
			{Of: storage.OfCall, ID: "call_id", From: "tasks", Where: "state IN ('open','working','given_up')"},
			{Of: storage.OfCall, ID: "call_id", From: "blocks", Where: "state = 'proposed'"},
		},
	}
}
