package reviews

import "hotline/storage"

// Private says where this package keeps what is private. What was scored stays, to be counted; what was said of the caller's talk goes.
func Private() storage.Private {
	const ofCall = "review IN (SELECT id FROM reviews WHERE call_id = ?)"
	return storage.Private{Places: []storage.Place{
		{Table: "review_scores", Of: storage.OfCall, Where: ofCall, Holds: "said IS NOT NULL", Clear: "said = NULL"},
		{Table: "review_replies", Of: storage.OfCall, Where: ofCall, Holds: "said IS NOT NULL", Clear: "said = NULL"},
		{Table: "reviews", Of: storage.OfCall, Where: "call_id = ?", Holds: "said IS NOT NULL", Clear: "said = NULL"},
	}}
}
