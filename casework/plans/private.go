package plans

import "hotline/storage"

// Private says where this package keeps what is private.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{
		{Table: "plans", Of: storage.OfRef, Where: "caller_ref = ?"},
	}}
}
