package reports

import "hotline/storage"

// Private says where this package keeps what is private. That a report was made, and by whom, stays.
func Private() storage.Private {
	return storage.Private{
		Places: []storage.Place{{
			Table: "minor_report_acts", Of: storage.OfCall, Where: "report IN (SELECT id FROM minor_reports WHERE call_id = ?)",
			Holds: "sealed IS NOT NULL", Clear: "sealed = NULL",
		}},
		Lives: []storage.Live{{Of: storage.OfCall, ID: "call_id", From: "minor_reports", Where: "state <> 'closed'"}},
		Highs: []storage.Live{{Of: storage.OfCall, ID: "call_id", From: "minor_reports", Where: "outcome = 'reported'"}},
	}
}
