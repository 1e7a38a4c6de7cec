package tapes

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// Classes are how long a recording is kept.
const (
	ClassOrdinary = "ordinary"
	ClassHighRisk = "high_risk"
	ClassHold     = "hold" // until two people lift it
)

// batch is how many recordings are looked at together.
const batch = 100

// ErrPlace says that a place in the list is none.
var ErrPlace = errors.New("tapes: not a place in the list")

// Known is what the site knows of calls besides their sound.
type Known interface {
	// Levels are the highest that were said in each call; a call without one is not in it.
	Levels(ctx context.Context, calls []string) (map[string]string, error)
	// Classes are how long what belongs to each call is kept.
	Classes(ctx context.Context, calls []string) (map[string]string, error)
}

// Row is a recording with what the site knows of its call.
type Row struct {
	Recording

	Level string // empty: none was said
	Class string
}

// Search is a Query with what is not in the index of recordings.
type Search struct {
	Query

	Class, Level string // empty: all
}

// String says what is looked for, as the audit trail has it; empty: everything.
func (s Search) String() string {
	var out []string
	for _, one := range []struct{ name, value string }{
		{"from", moment(s.From)}, {"to", moment(s.To)}, {"line", s.Line}, {"agent", s.Agent}, {"class", s.Class}, {"level", s.Level}, {"before", moment(s.Before.Started)},
	} {
		if one.value != "" {
			out = append(out, one.name+"="+one.value)
		}
	}
	return strings.Join(out, " ")
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Fill adds to recordings what is known of their calls.
func Fill(ctx context.Context, known Known, all []Recording) ([]Row, error) {
	rows, _, err := Search{}.rows(ctx, known, all)
	return rows, err
}

// rows adds to recordings what is known of their calls, and tells of each whether it is looked for. The class is asked for last, and of those alone that
// are still wanted: it takes a look at everything that is kept of a call.
func (s Search) rows(ctx context.Context, known Known, all []Recording) (rows []Row, wanted []bool, err error) {
	levels, err := known.Levels(ctx, callsOf(all, nil))
	if err != nil {
		return nil, nil, err
	}
	for _, r := range all {
		rows = append(rows, Row{Recording: r, Level: levels[r.Call], Class: ClassOrdinary})
		wanted = append(wanted, s.Level == "" || levels[r.Call] == s.Level)
	}
	classes, err := known.Classes(ctx, callsOf(all, wanted))
	if err != nil {
		return nil, nil, err
	}
	for i, r := range all {
		if class := classes[r.Call]; class != "" && r.Call != "" {
			rows[i].Class = class
		}
		wanted[i] = wanted[i] && (s.Class == "" || rows[i].Class == s.Class)
	}
	return rows, wanted, nil
}

// callsOf are the calls of recordings; wanted nil: of all.
func callsOf(all []Recording, wanted []bool) (calls []string) {
	for i, r := range all {
		if r.Call != "" && (wanted == nil || wanted[i]) {
			calls = append(calls, r.Call)
		}
	}
	return calls
}

// Find returns at most s.Limit rows, and where the next page begins: the zero Place when there is none.
func Find(ctx context.Context, lib Library, known Known, s Search) (out []Row, next Place, err error) {
	q := s
	q.Limit = min(batch, s.Limit+1)
	for {
		some, err := lib.Find(ctx, q)
		if err != nil {
			return nil, Place{}, err
		}
		rows, wanted, err := s.rows(ctx, known, some)
		if err != nil {
			return nil, Place{}, err
		}
		for i, r := range rows {
			if len(out) == s.Limit {
				return out, q.Before, nil
			}
			q.Before = Place{r.Started, r.Parts[0].ID}
			if wanted[i] {
				out = append(out, r)
			}
		}
		if len(some) < q.Limit {
			return out, Place{}, nil
		}
	}
}

// String writes a place so that ParsePlace reads it; empty for the zero Place.
func (p Place) String() string {
	if p.Started.IsZero() {
		return ""
	}
	return strconv.FormatInt(p.Started.UnixMilli(), 10) + "." + p.Part
}

// ParsePlace reads what String wrote. ErrPlace.
func ParsePlace(text string) (Place, error) {
	if text == "" {
		return Place{}, nil
	}
	at, part, found := strings.Cut(text, ".")
	ms, err := strconv.ParseInt(at, 10, 64)
	if _, bad := ulid.ParseStrict(part); !found || err != nil || ms <= 0 || bad != nil {
		return Place{}, fmt.Errorf("%w: %q", ErrPlace, text)
	}
	return Place{time.UnixMilli(ms), part}, nil
}
