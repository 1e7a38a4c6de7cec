package notes

import "hotline/storage"

// Private says where this package keeps what is private.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{
		{Table: "note_updates", Of: storage.OfCall, Where: "call_id = ?"},
		{Table: "notes", Of: storage.OfCall, Where: "call_id = ?"},
	}}
}
