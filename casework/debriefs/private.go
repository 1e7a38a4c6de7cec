package debriefs

import "hotline/storage"

// Private says where this package keeps what is private.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{
		{Table: "debriefs", Of: storage.OfCall, Where: "call_id = ?", Holds: "words IS NOT NULL", Clear: "words = NULL"},
	}}
}
