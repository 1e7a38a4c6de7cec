package crisis

import "hotline/storage"

// Private says where this package keeps what is private. What happened when, and who did it, stays.
func Private() storage.Private {
	const ofCall = "incident IN (SELECT k.incident FROM incident_keys k WHERE k.kind = 'call' AND k.value = ?)"
	return storage.Private{
		Places: []storage.Place{
			{Table: "incident_events", Of: storage.OfCall, Where: ofCall, Holds: "words IS NOT NULL", Clear: "words = NULL"},
			{Table: "incident_triggers", Of: storage.OfCall, Where: "call_id = ?", Holds: "ref <> ''", Clear: "ref = ''"},
			{Table: "incident_keys", Of: storage.OfCall, Where: ofCall, Holds: "kind = 'ref'"},
		},
		Lives: []storage.Live{{Of: storage.OfCall, ID: "k.value", From: "incident_keys k JOIN incidents i ON i.id = k.incident", Where: "k.kind = 'call' AND NOT i.over"}},
		Highs: []storage.Live{{Of: storage.OfCall, ID: "value", From: "incident_keys", Where: "kind = 'call'"}},
	}
}
