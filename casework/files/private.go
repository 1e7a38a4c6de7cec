package files

import "hotline/storage"

// Private says where this package keeps what is private. Which call was of which file stays: the file is a code by then, and of nobody.
func Private() storage.Private {
	const known = "called_sealed IS NOT NULL OR birth_year <> 0 OR region <> ''"
	return storage.Private{
		Places: []storage.Place{
			{Table: "file_links", Of: storage.OfCall, Where: "call_id = ?", Holds: "TRIM(refs) <> ''", Clear: "refs = ' '"}, // a blank: there was a number
			{Table: "file_acts", Of: storage.OfCall, Where: "call_id = ?", Holds: "reason_sealed IS NOT NULL", Clear: "reason_sealed = NULL"},
			{Table: "file_refs", Of: storage.OfRef, Where: "ref = ?"},
			{Table: "files", Of: storage.OfFile, Where: "id = ?", Holds: known, Clear: "called_sealed = NULL, birth_year = 0, region = ''"},
			{Table: "file_refs", Of: storage.OfFile, Where: "file_id = ?"},
			{Table: "file_phrases", Of: storage.OfFile, Where: "file_id = ?"},
			{Table: "file_acts", Of: storage.OfFile, Where: "file_id = ?", Holds: "reason_sealed IS NOT NULL", Clear: "reason_sealed = NULL"},
		},
		Highs: []storage.Live{{Of: storage.OfFile, ID: "file_id", From: "file_risks", Where: "level = 'high'"}},
	}
}
