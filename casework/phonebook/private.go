package phonebook

import "hotline/storage"

// Private says where this package keeps what is private.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{
		{Table: "phonebook_adhoc", Of: storage.OfCall, Where: "call_id = ?"},
	}}
}
