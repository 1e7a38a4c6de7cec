package reports

import "hotline/storage"

// Private says where this package keeps what is private: a report goes with the contact that it is about.
func Private() storage.Private {
	return storage.Private{Places: []storage.Place{{
		Table: "incident_reports", Of: storage.OfCall,
		Where: "incident IN (SELECT k.incident FROM incident_keys k WHERE k.kind = 'call' AND k.value = ?)",
	}}}
}
