package exports

import "hotline/storage"

// Private says where this package keeps what is private. The row itself stays: a copy outside must be traced for as long as it may turn up.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{
		{Table: "recording_exports", Of: storage.OfCall, Where: "recording = ?", Holds: "reason IS NOT NULL OR why IS NOT NULL", Clear: "reason = NULL, why = NULL"},
	}}
}
