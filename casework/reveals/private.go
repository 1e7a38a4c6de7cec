package reveals

import "hotline/storage"

// Private says where this package keeps what is private. The audit keeps who looked, and why.
func Private() storage.Private {
	return storage.Private{
		Places: []storage.Place{{Table: "reveals", Of: storage.OfCall, Where: "call_id = ?"}},
		Lives:  []storage.Live{{Of: storage.OfCall, ID: "call_id", From: "reveals", Where: "state = 'asked' OR state = 'emergency' AND reviewed_ms = 0"}},
	}
}
