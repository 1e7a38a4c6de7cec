package statistics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline/casework/files"
	"hotline/storage"
)

// Cases are sources over what other packages of casework keep of a contact. Each must be given only where those tables are.
type Cases struct{ db *storage.DB }

// NewCases counts in a database.
func NewCases(db *storage.DB) Cases { return Cases{db} }

// Assessments counts levels and measures of danger (package assessments).
func (c Cases) Assessments() Source { return assessed(c) }

// Files counts what is known of people (package files). With it a file is a person, also when its calls were erased.
func (c Cases) Files() Source { return filed(c) }

// FollowUps counts what is owed after a call (package followups).
func (c Cases) FollowUps() Source { return owed(c) }

// Referrals counts people who were sent on (package referrals).
func (c Cases) Referrals() Source { return sentOn(c) }

type (
	assessed Cases
	filed    Cases
	owed     Cases
	sentOn   Cases
)

var (
	_ Opener = assessed{}
	_ Opener = filed{}
	_ Opener = owed{}
	_ Opener = sentOn{}
)

// lastLevel is the level of a contact that was said last; empty: nobody said one.
const lastLevel = `COALESCE((SELECT level FROM risk_levels WHERE risk_levels.call_id = calls.id ORDER BY at_ms DESC, id DESC LIMIT 1), '')`

const everHigh = `EXISTS (SELECT 1 FROM risk_levels WHERE risk_levels.call_id = calls.id AND risk_levels.level = 'high')`

func (a assessed) Count(ctx context.Context, columns []Column) ([]Counted, error) {
	least, into := tiles(columns)
	with, args := spanned(least)
	all, err := collect(ctx, a.db, func(r storage.Row) ([]Counted, error) {
		var n int
		var level string
		var calls, high int64
		err := r.Scan(&n, &level, &calls, &high)
		if level == "" {
			level = "not_assessed"
		}
		return []Counted{{n, Cell{Levels, level}, calls, 0}, {n, Cell{Figure: HighRisk}, high, 0}}, err
	}, with+` SELECT n, level, COUNT(*), SUM(high) FROM (SELECT cols.n, `+lastLevel+` AS level, CASE WHEN `+everHigh+` THEN 1 ELSE 0 END AS high FROM `+contacts+`) AS levels GROUP BY 1, 2`, args...)
	if err != nil {
		return nil, err
	}
	for figure, column := range map[ID]string{Hope: "hope", Distress: "distress", Intent: "intent"} {
		changes, err := collect(ctx, a.db, func(r storage.Row) ([]Counted, error) {
			c := Counted{Cell: Cell{Figure: figure}}
			err := r.Scan(&c.Column, &c.N, &c.Of)
			return []Counted{c}, err
		}, with+fmt.Sprintf(` SELECT n, SUM(10 * (last - first)), COUNT(*) FROM (SELECT cols.n,
				(SELECT %[1]s FROM risk_measures WHERE call_id = calls.id AND moment = 'before' AND %[1]s IS NOT NULL ORDER BY at_ms DESC, id DESC LIMIT 1) AS first,
				(SELECT %[1]s FROM risk_measures WHERE call_id = calls.id AND moment = 'after' AND %[1]s IS NOT NULL ORDER BY at_ms DESC, id DESC LIMIT 1) AS last
			FROM %[2]s) AS pairs WHERE first IS NOT NULL AND last IS NOT NULL GROUP BY n`, column, contacts), args...)
		if err != nil {
			return nil, err
		}
		all = append(all, changes...)
	}
	return spread(all, into), nil
}

func (a assessed) Records(ctx context.Context, cell Cell, column Column, limit int) ([]Record, error) {
	where, more := " AND "+everHigh, []any{}
	if cell.Figure == Levels {
		where, more = " AND "+lastLevel+" = ?", []any{strings.TrimPrefix(cell.Part, "not_assessed")}
	}
	s := Store{db: a.db}
	return s.records(ctx, "call", ` SELECT calls.id, calls.line, calls.arrived_ms FROM `+contacts+where+` ORDER BY calls.arrived_ms DESC, calls.id DESC LIMIT ?`,
		column, append(more, limit)...)
}

// whose are the contacts of the columns with the file of who was on the line; one without a file has empty fields.
const whose = `FROM cols CROSS JOIN calls LEFT JOIN file_links ON file_links.call_id = calls.id AND file_links.role <> 'at_risk'
	LEFT JOIN files AS kept ON kept.id = file_links.file_id LEFT JOIN files AS person ON person.id = kept.root WHERE ` + within + talks

func (f filed) Count(ctx context.Context, columns []Column) ([]Counted, error) {
	least, into := tiles(columns)
	years, of := byYear(least)
	with, args := spanned(years)
	all, err := collect(ctx, f.db, func(r storage.Row) ([]Counted, error) {
		var n int
		var p files.Profile
		var calls int64
		err := r.Scan(&n, &p.BirthYear, &p.AgeBand, &p.Sex, &calls)
		return []Counted{{of[n], Cell{Age, known(p.Band(years[n].From))}, calls, 0}, {of[n], Cell{Sex, known(p.Sex)}, calls, 0}}, err
	}, with+` SELECT cols.n, COALESCE(person.birth_year, 0) AS born, COALESCE(person.age_band, '') AS band, COALESCE(person.sex, '') AS sex, COUNT(*) `+whose+` GROUP BY 1, 2, 3, 4`, args...)
	return spread(all, into), err
}

// byYear cuts columns at each New Year where the site is, and says of which column each part is: an age is that in the year of the call, in every column in which
// the call lies.
func byYear(columns []Column) (parts []Column, of []int) {
	for i, c := range columns {
		for at := c.From; at.Before(c.To); {
			part := Column{From: at, To: beginning(at.Year()+1, time.January, 1, at.Location()), Line: c.Line}
			if part.To.After(c.To) {
				part.To = c.To
			}
			parts, of, at = append(parts, part), append(of, i), part.To
		}
	}
	return parts, of
}

func known(word string) string {
	if word == "" {
		return "unknown"
	}
	return word
}

func (f filed) Records(ctx context.Context, cell Cell, column Column, limit int) ([]Record, error) {
	with, args := spanned([]Column{column})
	rows, err := f.db.Query(ctx, with+` SELECT calls.id, calls.line, calls.arrived_ms, COALESCE(person.code, ''), COALESCE(person.birth_year, 0), COALESCE(person.age_band, ''),
		COALESCE(person.sex, '') `+whose+` ORDER BY calls.arrived_ms DESC, calls.id DESC`, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // read to its end, or left on purpose
	var out []Record
	for len(out) < limit && rows.Next() {
		one := Record{Kind: "call"}
		var at int64
		var p files.Profile
		if err := rows.Scan(&one.ID, &one.Line, &at, &one.Code, &p.BirthYear, &p.AgeBand, &p.Sex); err != nil {
			return nil, err
		}
		one.At = storage.Time(at)
		if slices.Contains([]Cell{{Age, known(p.Band(one.At.In(column.From.Location())))}, {Sex, known(p.Sex)}}, cell) {
			out = append(out, one)
		}
	}
	return out, rows.Err()
}

// due are the follow-ups of the columns that count. Who does not want to be called is not owed one, nor is anybody whose series began anew.
const due = `cols CROSS JOIN followups WHERE followups.due_ms >= cols.from_ms AND followups.due_ms < cols.to_ms AND (cols.of_line = '' OR followups.line = cols.of_line)
	AND followups.why NOT IN ('refused', 'restarted')`

func (o owed) Count(ctx context.Context, columns []Column) ([]Counted, error) {
	with, args := spanned(columns)
	return collect(ctx, o.db, func(r storage.Row) ([]Counted, error) {
		var n int
		var done, all int64
		err := r.Scan(&n, &done, &all)
		return []Counted{{n, Cell{Figure: FollowUps}, all, 0}, {n, Cell{Figure: FollowUpsDone}, done, all}}, err
	}, with+` SELECT cols.n, SUM(CASE WHEN followups.state = 'done' THEN 1 ELSE 0 END), COUNT(*) FROM `+due+` GROUP BY cols.n`, args...)
}

func (o owed) Records(ctx context.Context, cell Cell, column Column, limit int) ([]Record, error) {
	where := ""
	if cell.Figure == FollowUpsDone {
		where = ` AND followups.state = 'done'`
	}
	s := Store{db: o.db}
	return s.records(ctx, "follow_up", ` SELECT followups.id, followups.line, followups.due_ms FROM `+due+where+` ORDER BY followups.due_ms DESC, followups.id DESC LIMIT ?`, column, limit)
}

// referred are the referrals that were sent within the columns, with the call of each.
const referred = `cols CROSS JOIN referrals LEFT JOIN calls ON calls.id = referrals.call_id
	WHERE referrals.sent_ms >= cols.from_ms AND referrals.sent_ms < cols.to_ms AND (cols.of_line = '' OR calls.line = cols.of_line)`

func (o sentOn) Count(ctx context.Context, columns []Column) ([]Counted, error) {
	with, args := spanned(columns)
	return collect(ctx, o.db, func(r storage.Row) ([]Counted, error) {
		c := Counted{Cell: Cell{Figure: Referrals}}
		err := r.Scan(&c.Column, &c.Cell.Part, &c.N)
		return []Counted{c}, err
	}, with+` SELECT cols.n, referrals.state, COUNT(*) FROM `+referred+` GROUP BY cols.n, referrals.state`, args...)
}

func (o sentOn) Records(ctx context.Context, cell Cell, column Column, limit int) ([]Record, error) {
	s := Store{db: o.db}
	return s.records(ctx, "referral", ` SELECT referrals.id, COALESCE(calls.line, ''), referrals.sent_ms FROM `+referred+` AND referrals.state = ?
		ORDER BY referrals.sent_ms DESC, referrals.id DESC LIMIT ?`, column, cell.Part, limit)
}
