package dispositions

import "hotline/storage"

// Private says where this package keeps what is private.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{
		{Table: "dispositions", Of: storage.OfCall, Where: "call_id = ?", Holds: "said IS NOT NULL", Clear: "said = NULL"},
	}}
}
