package comments

import "hotline/storage"

// Private says where this package keeps what is private.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{
		{Table: "recording_comments", Of: storage.OfCall, Where: "recording = ?"},
	}}
}
