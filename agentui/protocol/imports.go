package protocol

import "hotline/storage/documents"

// ImportSummary counts rows.
type ImportSummary struct {
	New       int `json:"new"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Wrong     int `json:"wrong"`
}

// ImportPreview is the answer of POST /api/admin/imports/{kind}, whose body is the file: what would come of it. Nothing is changed.
type ImportPreview struct {
	ID      string         `json:"id"`
	Kind    string         `json:"kind"`
	Columns []ImportColumn `json:"columns"`
	Ignored []string       `json:"ignored"` // heads of columns that mean nothing here
	Rows    []ImportRow    `json:"rows"`
	Summary ImportSummary  `json:"summary"`
}

// ImportColumn is one column of a kind of file.
type ImportColumn struct {
	ID     string          `json:"id"`
	Names  documents.Words `json:"names"`
	Needed bool            `json:"needed"`
}

// ImportRow is one row of the file.
type ImportRow struct {
	Row     int               `json:"row"`   // as the spreadsheet program counts
	State   string            `json:"state"` // new, changed, unchanged, wrong
	Cells   map[string]string `json:"cells"`
	Changes map[string]string `json:"changes"` // what was there before, by column
	Faults  []documents.Fault `json:"faults"`  // the field is the column
}

// ApplyImport is the body of POST /api/admin/imports/{kind}/{id}/apply.
type ApplyImport struct {
	Note      string `json:"note"`
	SkipWrong bool   `json:"skip_wrong"` // leave out the rows that are wrong; otherwise nothing is applied while there are some
}

// ImportApplied is its answer, the same when it is sent again.
type ImportApplied struct {
	Summary ImportSummary `json:"summary"`
	Version int           `json:"version"` // of the document that was made; 0: none
}
