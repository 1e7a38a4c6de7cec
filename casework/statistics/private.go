package statistics

import "hotline/storage"

// Private says where this package keeps what is private: where a number belongs. The country stays to be counted.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{
		{Table: "call_places", Of: storage.OfCall, Where: "call_id = ?", Holds: "place <> ''", Clear: "place = ''"},
	}}
}
