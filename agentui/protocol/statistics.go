package protocol

// Statistics is the answer of GET /api/statistics: what was counted, with the definitions by which it was.
type Statistics struct {
	At      int64              `json:"at"`
	Params  int                `json:"params"` // version of the parameters
	Step    string             `json:"step"`   // day, week, month, quarter, year; empty: the columns are lines
	Line    string             `json:"line"`   // empty: all
	From    string             `json:"from"`   // first day
	To      string             `json:"to"`     // last day
	Lines   []StatisticsLine   `json:"lines"`  // that can be asked for
	Columns []StatisticsColumn `json:"columns"`
	Figures []StatisticsFigure `json:"figures"`
}

// StatisticsLine is a line of the site.
type StatisticsLine struct {
	Line string `json:"line"`
	Name string `json:"name"`
}

// StatisticsColumn is for when and for which line was counted. The last one is the whole.
type StatisticsColumn struct {
	From  string `json:"from"` // first day
	To    string `json:"to"`   // last day
	Line  string `json:"line"`
	Name  string `json:"name"` // of the line, where columns are lines
	Whole bool   `json:"whole"`
	Open  bool   `json:"open"` // not over yet
}

// StatisticsFigure is one figure. Words are in both languages: they are published with the numbers.
type StatisticsFigure struct {
	Figure     string            `json:"figure"`
	Version    int               `json:"version"` // of the definition
	Group      string            `json:"group"`
	Unit       string            `json:"unit"` // count, share (n of of), mean (n/of, in tenths), wait (n/of, ms), length (n ms)
	Names      map[string]string `json:"names"`
	Definition map[string]string `json:"definition"`
	Missing    string            `json:"missing"` // why nothing was counted: not_yet, no_home; else empty
	Records    bool              `json:"records"` // opens the records behind it
	Rows       []StatisticsRow   `json:"rows"`    // one, or one for each part
}

// StatisticsRow is the values of a figure, or of one part of it, by column.
type StatisticsRow struct {
	Part   string            `json:"part"` // empty: the figure itself
	Names  map[string]string `json:"names"`
	Values []StatisticsValue `json:"values"`
}

// StatisticsValue is one number; not known: it is not counted for such a column.
type StatisticsValue struct {
	N     int64 `json:"n"`
	Of    int64 `json:"of"`
	Known bool  `json:"known"`
}

// AskStatisticsRecords is the body of POST /api/statistics/records.
type AskStatisticsRecords struct {
	Figure string `json:"figure"`
	Part   string `json:"part"`
	From   string `json:"from"`
	To     string `json:"to"`
	Line   string `json:"line"`
}

// StatisticsRecords is its answer: ids and codes, never more; newest first.
type StatisticsRecords struct {
	Records []StatisticsRecord `json:"records"`
	More    bool               `json:"more"`
}

// StatisticsRecord is one row behind a figure.
type StatisticsRecord struct {
	Kind     string `json:"kind"`
	ID       string `json:"id"`
	Code     string `json:"code"`
	Line     string `json:"line"`
	LineName string `json:"line_name"`
	At       int64  `json:"at"`
}

// PublicStatistics is the public view: periods that are over, all lines together, without small numbers.
type PublicStatistics struct {
	At      int64              `json:"at"`
	Locale  string             `json:"locale"` // of the site
	Small   int                `json:"small"`  // counts below it, but 0, are hidden
	Step    string             `json:"step"`
	Columns []StatisticsColumn `json:"columns"`
	Tables  []PublicTable      `json:"tables"`
	Missing []PublicMissing    `json:"missing"`
	// Percent by period; -1: not shown.
	Connected []float64 `json:"connected"`
	Within15  []float64 `json:"within_15"`
}

// PublicTable is one figure of the public view.
type PublicTable struct {
	Figure     string            `json:"figure"`
	Version    int               `json:"version"`
	Names      map[string]string `json:"names"`
	Definition map[string]string `json:"definition"`
	Rows       []PublicRow       `json:"rows"`
}

// PublicRow is one part of it, or with an empty part all.
type PublicRow struct {
	Part   string            `json:"part"`
	Names  map[string]string `json:"names"`
	Values []PublicValue     `json:"values"`
}

// PublicValue is one number, or that it is hidden.
type PublicValue struct {
	N      int64 `json:"n"`
	Hidden bool  `json:"hidden"`
}

// PublicMissing is a figure that is not counted yet.
type PublicMissing struct {
	Figure string            `json:"figure"`
	Names  map[string]string `json:"names"`
	Why    string            `json:"why"`
}
