package statistics

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"hotline/casework"
	"hotline/casework/dispositions"
	"hotline/casework/figures"
	"hotline/casework/shifts"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func china(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	must(t, err)
	return zone
}

type noSecrets struct{}

func (noSecrets) Seal(text, _ string) ([]byte, error)          { return []byte(text), nil }
func (noSecrets) Open(sealed []byte, _ string) (string, error) { return string(sealed), nil }

// opened is a database with every table that is counted.
func opened(t testing.TB, db *storage.DB, sources map[Origin]Source) (*Store, *dispositions.Store, *shifts.Store) {
	t.Helper()
	ctx := t.Context()
	must(t, casework.Migrate(ctx, db))
	forms, err := dispositions.Open(ctx, db, noSecrets{})
	must(t, err)
	spans, err := shifts.Open(ctx, db)
	must(t, err)
	s, err := Open(ctx, db, sources)
	must(t, err)
	return s, forms, spans
}

// told is a call of the test, and what it must count as.
type told struct {
	line, ref, agent string
	at               time.Time
	wait, talk       time.Duration // wait < 0: never answered here
	outcome          casework.Outcome
	danger, dialled  bool
	form             string // of the question about; empty: no form
	country, place   string
}

func (c told) write(t testing.TB, db *storage.DB, forms *dispositions.Store, id string) {
	t.Helper()
	ctx, l := t.Context(), casework.NewLedger(db)
	row := casework.CallRecord{ID: id, Line: c.line, Tier: "normal", Danger: c.danger, Arrived: c.at, Queued: c.at, CallerRef: c.ref, Agent: c.agent}
	end := casework.Closing{EndedAt: c.at.Add(time.Minute), Outcome: c.outcome}
	if c.wait >= 0 {
		row.Talked = c.at.Add(c.wait)
		end.EndedAt, end.Talk = row.Talked.Add(c.talk), c.talk
		end.Shares = []casework.Share{{Agent: c.agent, Talk: c.talk}}
	} else {
		end.EndedAt = c.at.Add(-c.wait)
	}
	must(t, l.Open(ctx, row))
	must(t, l.Close(ctx, id, end))
	if c.dialled {
		_, err := db.Exec(ctx, `INSERT INTO tasks (id, source, kind, reason, line, call_id, recording, caller_ref, danger, state, created_ms, due_ms, closed_ms, closed_by, entry)
			VALUES (?,?,'callback','promised',?,'','','',?,'done',?,1,1,'',?)`, "t"+id, "s"+id, c.line, false, storage.Millis(c.at), id)
		must(t, err)
	}
	if c.form != "" {
		form := dispositions.Form{Questions: []dispositions.Question{
			{ID: "suicide", Kind: dispositions.One, Choices: []string{"denied", "present", "not_possible"}},
			{ID: "about", Kind: dispositions.Many, Choices: []string{"sleep", "family", "work"}},
		}}
		for _, about := range []string{"work", c.form} { // the later one corrects the first
			_, err := forms.Save(ctx, form, id, c.agent, dispositions.Answers{"suicide": {"denied"}, "about": {about, "family"}})
			must(t, err)
		}
	}
	if c.place != "" || c.country != "" {
		_, err := db.Exec(ctx, `INSERT INTO call_places (call_id, country, place) VALUES (?,?,?)`, id, c.country, c.place)
		must(t, err)
	}
}

// TestRead: each figure as its definition says, by month and by line, with people once in each column.
func TestRead(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, forms, spans := opened(t, db, map[Origin]Source{FromTraining: fixed{{0, Cell{Figure: Trained}, 3, 0}}})
		zone := china(t)
		p := FirstParams()
		p.Home, p.Repeat = []string{"北京"}, 2
		_, err := s.Params.Save(t.Context(), 0, p, "admin", "")
		must(t, err)
		may := time.Date(2026, 5, 31, 23, 59, 59, 0, zone)
		june := time.Date(2026, 6, 1, 0, 0, 0, 0, zone)
		sec := time.Second
		for i, c := range []told{
			{line: "12355", ref: "a", agent: "u-1", at: may, wait: 15 * sec, talk: 60 * sec, outcome: casework.Answered, form: "sleep", country: "CN", place: "北京市"},
			{line: "12355", ref: "a", agent: "u-1", at: june, wait: 20 * sec, talk: 60 * sec, outcome: casework.Answered, form: "sleep", country: "CN", place: "河北省"},
			{line: "12345", ref: "a", agent: "u-2", at: june, wait: 21 * sec, talk: 60 * sec, outcome: casework.Answered, country: "US"},
			{line: "12355", ref: "b", agent: "u-2", at: june, wait: 0, talk: 60 * sec, outcome: casework.Answered, dialled: true},
			{line: "12355", ref: "", agent: "u-2", at: june, wait: 0, talk: 60 * sec, outcome: casework.Answered},
			{line: "12355", ref: "c", at: june, wait: -6 * sec, outcome: casework.Abandoned},
			{line: "12355", ref: "c", at: june, wait: -5 * sec, outcome: casework.Abandoned},
			{line: "12355", ref: "c", at: june, wait: -5 * sec, outcome: casework.Abandoned, danger: true},
			{line: "12355", ref: "d", at: june, wait: -30 * sec, outcome: casework.Overflowed},
			{line: "12355", ref: "e", at: june, wait: -30 * sec, outcome: casework.Callback},
			{line: "12355", ref: "f", at: june, wait: -30 * sec, outcome: casework.Degraded},
			{line: "12355", ref: "g", at: june, wait: -30 * sec, outcome: casework.Withdrawn},
			{line: "12355", ref: "h", at: june, wait: -30 * sec, outcome: casework.NotReached, dialled: true},
		} {
			c.write(t, db, forms, fmt.Sprintf("c%02d", i))
		}
		_, err = db.Exec(t.Context(), `INSERT INTO blocks (id, caller_ref, call_id, line, kind, reason, state, proposed_ms, proposed_by, decided_ms, decided_by, expires_ms, lifted_ms, lifted_by)
			VALUES ('b','a','c01','12355','abuse','','refused',1,'u-1',1,'u-9',0,0,'')`)
		must(t, err)
		must(t, spans.Keep(t.Context(), []shifts.Span{
			{Agent: "u-1", Since: june.Add(-time.Hour), State: "available"}, {Agent: "u-1", Since: june.Add(time.Hour), State: "talking"},
			{Agent: "u-1", Since: june.Add(2 * time.Hour), State: "offline"}, {Agent: "u-2", Since: june, State: "not_ready"}, // never said more: a day
		}))
		cols, err := Periods(Month, may, june, zone, "")
		must(t, err)
		whole := Whole(cols)
		cols = append(cols, whole, Column{whole.From, whole.To, "12355"})
		r, err := s.Read(t.Context(), cols)
		must(t, err)
		hour := time.Hour.Milliseconds()
		for c, want := range map[Cell][4]string{
			{Arrivals, ""}: {"1", "8", "9", "8"}, {Contacts, ""}: {"1", "4", "5", "4"}, {People, ""}: {"1", "2", "2", "2"}, {Nameless, ""}: {"0", "1", "1", "1"},
			{RepeatPeople, ""}: {"0/1", "1/2", "1/2", "1/2"}, {RepeatContacts, ""}: {"0/1", "2/4", "3/5", "2/4"}, {Difficult, ""}: {"0", "1", "1", "1"},
			{CalledBack, ""}: {"0", "1", "1", "1"}, {ShortCalls, ""}: {"0", "1", "1", "1"}, {TalkTime, ""}: {"60000", "240000", "300000", "240000"},
			{Connected, ""}: {"1/1", "4/8", "5/9", "4/8"}, {Within15, ""}: {"1/1", "1/8", "2/9", "2/8"}, {Within20, ""}: {"1/1", "2/8", "3/9", "3/8"},
			{Abandoned, ""}: {"0/1", "2/8", "2/9", "2/8"}, {AverageWait, ""}: {"15000/1", "41000/3", "56000/4", "35000/3"},
			{Outcome, "within_15"}: {"1", "1", "2", "2"}, {Outcome, "within_20"}: {"0", "1", "1", "1"}, {Outcome, "later"}: {"0", "1", "1", "0"},
			{Outcome, "elsewhere"}: {"0", "1", "1", "1"}, {Outcome, "abandoned"}: {"0", "2", "2", "2"}, {Outcome, "callback"}: {"0", "1", "1", "1"}, {Outcome, "degraded"}: {"0", "1", "1", "1"},
			{Place, "local"}: {"1", "0", "1", "1"}, {Place, "elsewhere"}: {"0", "1", "1", "1"}, {Place, "abroad"}: {"0", "1", "1", "0"}, {Place, "unknown"}: {"0", "2", "2", "2"},
			{Problem, "sleep"}: {"1", "1", "2", "2"}, {Problem, "family"}: {"1", "1", "2", "2"}, {Problem, "work"}: {"-", "-", "-", "-"},
			{Asked, "denied"}: {"1", "1", "2", "2"}, {Asked, "missing"}: {"0", "3", "3", "2"}, {DangerSignals, ""}: {"0", "1", "1", "1"},
			{CallbacksDone, ""}: {"0/0", "2/2", "2/2", "2/2"}, {Staff, ""}: {"1", "2", "2", "2"}, {Trained, ""}: {"3", "0", "0", "-"}, {HighRisk, ""}: {"-", "-", "-", "-"},
			{DutyTime, ""}: {fmt.Sprint(hour), fmt.Sprint(26 * hour), fmt.Sprint(27 * hour), "-"},
		} {
			f, _ := Find(c.Figure)
			for i, text := range want {
				if got := said(f, r.Value(c, i)); got != text {
					t.Errorf("%v in column %d: %s, want %s", c, i, got, text)
				}
			}
		}
		if r.Missing[HighRisk] != NotYet || r.Missing[Place] != "" {
			t.Errorf("missing %v", r.Missing)
		}
		if _, err := s.Params.Save(t.Context(), 1, FirstParams(), "admin", ""); err != nil {
			t.Fatal(err)
		}
		if r, err = s.Read(t.Context(), cols[:1]); err != nil || r.Missing[Place] != NoHome || r.Value(Cell{Place, "local"}, 0).Known {
			t.Errorf("%v, %v", r.Missing, err)
		}
		if _, err := s.Read(t.Context(), nil); !errors.Is(err, ErrColumns) {
			t.Errorf("no columns: %v", err)
		}
	})
}

func said(f Figure, v Value) string {
	switch {
	case !v.Known:
		return "-"
	case f.Unit == Share || f.Unit == Wait || f.Unit == Mean:
		return fmt.Sprintf("%d/%d", v.N, v.Of)
	}
	return fmt.Sprint(v.N)
}

type fixed []Counted

func (f fixed) Count(context.Context, []Column) ([]Counted, error) { return f, nil }

// TestTheSameCallersAsTheFloor: what the floor's figures count and what is reported is the same, of any calls.
func TestTheSameCallersAsTheFloor(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, forms, _ := opened(t, db, nil)
		rng := rand.New(rand.NewPCG(7, 7))
		begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		outcomes := []casework.Outcome{casework.Abandoned, casework.Callback, casework.Overflowed, casework.Degraded, casework.Withdrawn, casework.NotReached}
		for i := range 150 {
			c := told{line: fmt.Sprint(rng.IntN(2)), ref: fmt.Sprint(rng.IntN(20)), agent: "u-1", at: begin.Add(time.Duration(rng.IntN(86400)) * time.Second), talk: time.Minute,
				wait: time.Duration(rng.IntN(30)) * time.Second, outcome: casework.Answered, danger: rng.IntN(8) == 0, dialled: rng.IntN(8) == 0}
			if rng.IntN(2) == 0 {
				c.wait, c.outcome = -c.wait-time.Second, outcomes[rng.IntN(len(outcomes))]
			}
			c.write(t, db, forms, fmt.Sprintf("c%03d", i))
		}
		spans := []time.Duration{15 * time.Second, 20 * time.Second}
		slices, err := figures.New(db).Slices(t.Context(), begin, begin.Add(48*time.Hour), time.Hour, spans)
		must(t, err)
		want := figures.Total(slices)
		r, err := s.Read(t.Context(), []Column{{From: begin, To: begin.Add(24 * time.Hour)}})
		must(t, err)
		value := func(id ID, part string) Value { return r.Value(Cell{id, part}, 0) }
		got := []int64{value(Connected, "").Of, value(Connected, "").N, value(Within15, "").N, value(Within20, "").N, value(Abandoned, "").N, value(ShortCalls, "").N, value(Outcome, "callback").N, value(Outcome, "degraded").N, value(AverageWait, "").N}
		need := []int64{int64(want.Offered), int64(want.Answered), int64(want.Spans[0].InTime), int64(want.Spans[1].InTime), int64(want.Abandoned), int64(want.Short), int64(want.Callbacks), int64(want.Degraded), want.Waits.Milliseconds()}
		if fmt.Sprint(got) != fmt.Sprint(need) {
			t.Errorf("got  %v\nwant %v", got, need)
		}
		f, _ := Find(Outcome)
		sum := int64(0)
		for _, p := range f.Parts {
			sum += value(Outcome, p.ID).N
		}
		if sum != value(Arrivals, "").N {
			t.Errorf("the outcomes are %d of %d", sum, value(Arrivals, "").N)
		}
	})
}
