package referrals

import "hotline/storage"

// Private says where this package keeps what is private. That somebody was referred, where to and what came of it stays.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{
		{
			Table: "referral_events", Of: storage.OfCall, Where: "referral IN (SELECT id FROM referrals WHERE call_id = ?)",
			Holds: "said IS NOT NULL OR note IS NOT NULL", Clear: "said = NULL, note = NULL",
		},
		{Table: "referrals", Of: storage.OfCall, Where: "call_id = ?", Holds: "caller_ref <> ''", Clear: "caller_ref = ''"},
	}}
}
