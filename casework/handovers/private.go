package handovers

import "hotline/storage"

// Private says where this package keeps what is private.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{
		{Table: "handovers", Of: storage.OfCall, Where: "call_id = ?"},
	}}
}
