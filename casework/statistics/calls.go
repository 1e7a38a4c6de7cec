package statistics

import (
	"context"
	"strings"

	"hotline/casework/figures"
	"hotline/storage"
)

// What of a call counts, as SQL over the rows of figures.Judged: 0 or 1 each.
const (
	isArrival   = `(caller = 1 AND short = 0 AND (talked = 1 OR ended = 1))`
	isContact   = `(talked = 1)`
	isHere      = `(caller = 1 AND talked = 1)`
	isElsewhere = `(caller = 1 AND talked = 0 AND outcome = 'overflowed')`
	isLeft      = `(caller = 1 AND short = 0 AND talked = 0 AND outcome = 'abandoned')`
	isDanger    = `(caller = 1 AND short = 0 AND (danger_key = 1 OR tier = 'red'))`
)

// callFigure is a figure that is a sum over calls: how many n, of how many of; without of it is a count. n must be a truth when sum is empty.
type callFigure struct {
	cell       Cell
	n, of, sum string
}

func callFigures() []callFigure {
	outcome := func(part, n string) callFigure { return callFigure{cell: Cell{Outcome, part}, n: n} }
	return []callFigure{
		{cell: Cell{Figure: Arrivals}, n: isArrival},
		{cell: Cell{Figure: Contacts}, n: isContact},
		{cell: Cell{Figure: CalledBack}, n: `(dialled = 1 AND talked = 1)`},
		{cell: Cell{Figure: ShortCalls}, n: `(short = 1)`},
		{cell: Cell{Figure: TalkTime}, n: isContact, sum: "talk_ms"},
		{cell: Cell{Figure: Connected}, n: `(` + isHere + ` OR ` + isElsewhere + `)`, of: isArrival},
		{cell: Cell{Figure: Within15}, n: `(` + isHere + ` AND wait <= 15000)`, of: isArrival},
		{cell: Cell{Figure: Within20}, n: `(` + isHere + ` AND wait <= 20000)`, of: isArrival},
		{cell: Cell{Figure: Abandoned}, n: isLeft, of: isArrival},
		outcome("within_15", `(`+isHere+` AND wait <= 15000)`),
		outcome("within_20", `(`+isHere+` AND wait > 15000 AND wait <= 20000)`),
		outcome("later", `(`+isHere+` AND wait > 20000)`),
		outcome("elsewhere", isElsewhere),
		outcome("abandoned", isLeft),
		outcome("callback", `(caller = 1 AND talked = 0 AND outcome = 'callback')`),
		outcome("degraded", `(caller = 1 AND talked = 0 AND outcome = 'degraded')`),
		{cell: Cell{Figure: AverageWait}, n: isHere, sum: "wait", of: isHere},
		{cell: Cell{Figure: DangerSignals}, n: isDanger},
	}
}

func one(truth string) string { return `SUM(CASE WHEN ` + truth + ` THEN 1 ELSE 0 END)` }

// spanned is the columns as rows (n, from_ms, to_ms, of_line), and the calls of each: what every question of this package begins with. The arguments are
// made by spans.
func spanned(columns []Column) (with string, args []any) {
	rows := make([]string, len(columns))
	for i, c := range columns {
		rows[i] = `(CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT))`
		args = append(args, i, storage.Millis(c.From), storage.Millis(c.To), c.Line)
	}
	return `WITH cols (n, from_ms, to_ms, of_line) AS (VALUES ` + strings.Join(rows, ", ") + `)`, args
}

const (
	// within are the calls of a column.
	within = `calls.arrived_ms >= cols.from_ms AND calls.arrived_ms < cols.to_ms AND (cols.of_line = '' OR calls.line = cols.of_line)`
	// talks are those in which somebody talked.
	talks = ` AND calls.talked_ms > 0`
	// contacts are the contacts of the columns. CROSS JOIN keeps SQLite to the order that is good: for each column a span of the index of arrivals.
	contacts = `cols CROSS JOIN calls WHERE ` + within + talks
)

// judged are the calls of the columns as figures takes them.
func judged() string { return figures.Judged("cols.n, ", `cols CROSS JOIN calls WHERE `+within) }

// countCalls are the figures that are sums over calls.
func (s *Store) countCalls(ctx context.Context, columns []Column, now int64) ([]Counted, error) {
	all := callFigures()
	var sums strings.Builder
	for _, f := range all {
		if f.sum != "" {
			sums.WriteString(`, SUM(CASE WHEN ` + f.n + ` THEN ` + f.sum + ` ELSE 0 END)`)
		} else {
			sums.WriteString(`, ` + one(f.n))
		}
		if f.of != "" {
			sums.WriteString(`, ` + one(f.of))
		}
	}
	with, args := spanned(columns)
	return collect(ctx, s.db, func(r storage.Row) ([]Counted, error) {
		var n int
		got := make([]Counted, len(all))
		into := []any{&n}
		for i, f := range all {
			got[i].Cell = f.cell
			into = append(into, &got[i].N)
			if f.of != "" {
				into = append(into, &got[i].Of)
			}
		}
		err := r.Scan(into...)
		for i := range got {
			got[i].Column = n
		}
		return got, err
	}, with+` SELECT n`+sums.String()+` FROM (`+judged()+`) AS judged GROUP BY n`, append(args, now)...)
}

// Whose the contacts of the columns are, as a table "whose" of id, line, arrived_ms and person, which is empty when nobody can tell. Each is looked up once,
// however many columns it is in.
const (
	ofAll = `calls.talked_ms > 0 AND calls.arrived_ms >= (SELECT MIN(from_ms) FROM cols) AND calls.arrived_ms < (SELECT MAX(to_ms) FROM cols)`
	// byNumber takes one number for one person.
	byNumber = `, whose AS MATERIALIZED (SELECT id, line, arrived_ms, caller_ref AS person FROM calls WHERE ` + ofAll + `)`
	// byFile takes one file for one person: the call's own, else the one of the number whose call came last. A call that was erased has no number any more, and
	// its file is nobody's by then: it counts as before, as its link says by a blank that there was a number. A withheld number has a file of its own for each
	// call, which is no person. Few files are merged: they are joined, and not all files.
	byFile = `, merged AS MATERIALIZED (SELECT id, root FROM files WHERE root <> id),
		whose AS MATERIALIZED (SELECT calls.id, calls.line, calls.arrived_ms,
			CASE WHEN calls.caller_ref <> '' OR file_links.refs <> '' THEN COALESCE(merged.root, file_links.file_id,
				(SELECT kept.root FROM file_refs JOIN files AS kept ON kept.id = file_refs.file_id WHERE file_refs.ref = calls.caller_ref AND file_refs.own
					ORDER BY file_refs.last_ms DESC, file_refs.file_id LIMIT 1), calls.caller_ref)
			ELSE '' END AS person
		FROM calls LEFT JOIN file_links ON file_links.call_id = calls.id AND file_links.role <> 'at_risk' LEFT JOIN merged ON merged.id = file_links.file_id WHERE ` + ofAll + `)`
	// ofColumn are those of a column.
	ofColumn = ` cols CROSS JOIN whose WHERE whose.arrived_ms >= cols.from_ms AND whose.arrived_ms < cols.to_ms AND (cols.of_line = '' OR whose.line = cols.of_line)`
)

// countPeople are the figures about who called, each person once within a column.
func (s *Store) countPeople(ctx context.Context, columns []Column, repeat int) ([]Counted, error) {
	with, args := spanned(columns)
	return collect(ctx, s.db, func(r storage.Row) ([]Counted, error) {
		var n int
		var people, nameless, again, theirs, contacts int64
		err := r.Scan(&n, &people, &nameless, &again, &theirs, &contacts)
		return []Counted{
			{n, Cell{Figure: People}, people, 0}, {n, Cell{Figure: Nameless}, nameless, 0}, {n, Cell{Figure: RepeatPeople}, again, people}, {n, Cell{Figure: RepeatContacts}, theirs, contacts},
		}, err
	}, with+s.whose+`, each AS (SELECT n, person, COUNT(*) AS contacts FROM`+ofColumn+` GROUP BY n, person)
		SELECT n, SUM(CASE WHEN person <> '' THEN 1 ELSE 0 END), SUM(CASE WHEN person = '' THEN contacts ELSE 0 END),
			SUM(CASE WHEN person <> '' AND contacts >= ? THEN 1 ELSE 0 END),
			SUM(CASE WHEN person <> '' AND contacts >= ? THEN contacts ELSE 0 END), SUM(contacts)
		FROM each GROUP BY n`, append(args, repeat, repeat)...)
}

// countStaff is how many of ours talked.
func (s *Store) countStaff(ctx context.Context, columns []Column) ([]Counted, error) {
	with, args := spanned(columns)
	return collect(ctx, s.db, func(r storage.Row) ([]Counted, error) {
		c := Counted{Cell: Cell{Figure: Staff}}
		err := r.Scan(&c.Column, &c.N)
		return []Counted{c}, err
	}, with+`, whose AS (SELECT n, agent FROM `+contacts+` AND agent <> '' UNION
			SELECT n, call_shares.agent FROM cols CROSS JOIN calls JOIN call_shares ON call_shares.call_id = calls.id WHERE `+within+talks+`)
		SELECT n, COUNT(*) FROM whose GROUP BY n`, args...)
}

// countDifficult are the calls for which a block was proposed.
func (s *Store) countDifficult(ctx context.Context, columns []Column) ([]Counted, error) {
	with, args := spanned(columns)
	return collect(ctx, s.db, func(r storage.Row) ([]Counted, error) {
		c := Counted{Cell: Cell{Figure: Difficult}}
		err := r.Scan(&c.Column, &c.N)
		return []Counted{c}, err
	}, with+`, difficult AS (SELECT DISTINCT call_id FROM blocks WHERE call_id <> '')
		SELECT cols.n, COUNT(*) FROM difficult JOIN calls ON calls.id = difficult.call_id
		JOIN cols ON calls.arrived_ms >= cols.from_ms AND calls.arrived_ms < cols.to_ms AND (cols.of_line = '' OR calls.line = cols.of_line) GROUP BY cols.n`, args...)
}

// countCallbacks are the callbacks that arose within each column.
func (s *Store) countCallbacks(ctx context.Context, columns []Column) ([]Counted, error) {
	with, args := spanned(columns)
	return collect(ctx, s.db, func(r storage.Row) ([]Counted, error) {
		c := Counted{Cell: Cell{Figure: CallbacksDone}}
		err := r.Scan(&c.Column, &c.N, &c.Of)
		return []Counted{c}, err
	}, with+` SELECT cols.n, SUM(CASE WHEN tasks.state = 'done' THEN 1 ELSE 0 END), COUNT(*) FROM cols CROSS JOIN tasks
		WHERE tasks.kind = 'callback' AND tasks.created_ms >= cols.from_ms AND tasks.created_ms < cols.to_ms AND (cols.of_line = '' OR tasks.line = cols.of_line)
		GROUP BY cols.n`, args...)
}

// collect is storage.Select of rows that give several values each.
func collect(ctx context.Context, db *storage.DB, scan func(storage.Row) ([]Counted, error), query string, args ...any) ([]Counted, error) {
	rows, err := storage.Select(ctx, db, scan, query, args...)
	var out []Counted
	for _, r := range rows {
		out = append(out, r...)
	}
	return out, err
}
