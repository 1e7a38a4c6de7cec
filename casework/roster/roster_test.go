package roster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"hotline/storage"
	"hotline/storage/documents"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func work(id, person string, role Role, from, to string) Work {
	return Work{ID: id, Person: person, Role: role, From: from, To: to}
}

func everyDay(w Work, start string) Pattern {
	return Pattern{Work: w, Days: days(), Start: start, Except: []string{}}
}

func berlin(t *testing.T) Roster {
	t.Helper()
	r := First()
	r.Zone = "Europe/Berlin"
	return r
}

func anybody(string, Role) string { return "" }

// TestChangeOfTheClocks: what follows each other by the clock follows each other in time, with no gap and nothing twice.
func TestChangeOfTheClocks(t *testing.T) {
	for name, c := range map[string]struct {
		date       string
		cut        string // a clock time that is passed over or comes twice that night
		night      time.Duration
		begin, end time.Duration // of the night in two parts
	}{
		"forward":  {"2026-03-28", "02:30", 7 * time.Hour, 4*time.Hour + 30*time.Minute, 2*time.Hour + 30*time.Minute},
		"back":     {"2026-10-24", "02:30", 9 * time.Hour, 4*time.Hour + 30*time.Minute, 4*time.Hour + 30*time.Minute},
		"ordinary": {"2026-06-01", "02:30", 8 * time.Hour, 4*time.Hour + 30*time.Minute, 3*time.Hour + 30*time.Minute},
	} {
		r := berlin(t)
		next, _ := time.Parse(time.DateOnly, c.date)
		after := next.AddDate(0, 0, 1).Format(time.DateOnly)
		r.Shifts = []Shift{
			{work("a", "p1", Supervisor, "22:00", "06:00"), c.date}, {work("b", "p2", Counsellor, "22:00", c.cut), c.date},
			{work("c", "p3", Counsellor, c.cut, "06:00"), after},
		}
		span, err := r.Days(c.date, next.AddDate(0, 0, 2).Format(time.DateOnly))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]Occurrence{}
		for _, o := range r.Between(span.From, span.To) {
			got[o.ID] = o
		}
		length := func(id string) time.Duration { return got[id].End.Sub(got[id].Start) }
		if length("a") != c.night || length("b") != c.begin || length("c") != c.end || !got["b"].End.Equal(got["c"].Start) {
			t.Errorf("%s: %v, %v and %v, which meet: %v", name, length("a"), length("b"), length("c"), got["b"].End.Equal(got["c"].Start))
		}
	}
}

func TestPatterns(t *testing.T) {
	r := First()
	r.Patterns = []Pattern{{
		Work: work("n", "p1", Counsellor, "22:00", "06:00"), Days: []string{"mon", "sun"}, Start: "2026-11-30", Until: "2026-12-14", Except: []string{"2026-12-07"},
	}}
	span, err := r.Days("2026-11-23", "2026-12-21")
	if err != nil {
		t.Fatal(err)
	}
	var dates []string
	for _, o := range r.Between(span.From, span.To) {
		dates = append(dates, o.Date)
		if o.Start.UTC().Format("15:04") != "14:00" || o.End.Sub(o.Start) != 8*time.Hour || !o.Pattern {
			t.Errorf("%+v", o)
		}
	}
	if got := strings.Join(dates, " "); got != "2026-11-30 2026-12-06 2026-12-13" {
		t.Error(got)
	}
	if got := r.Between(span.From.AddDate(0, 0, 7).Add(26*time.Hour), span.From.AddDate(0, 0, 7).Add(27*time.Hour)); len(got) != 1 {
		t.Errorf("the night that began the day before: %v", got)
	}
}

func TestReview(t *testing.T) {
	r := First()
	r.Patterns = []Pattern{
		everyDay(work("s1", "sup1", Supervisor, "08:00", "20:00"), "2026-01-01"), everyDay(work("s2", "sup2", Supervisor, "20:00", "07:30"), "2026-01-01"),
		everyDay(work("c1", "a1", Counsellor, "08:00", "20:00"), "2026-01-01"),
	}
	r.Shifts = []Shift{{work("x", "a1", Counsellor, "19:00", "23:00"), "2026-11-30"}, {work("y", "sup1", Supervisor, "03:00", "05:00"), "2026-12-01"}}
	span, err := r.Days("2026-11-30", "2026-12-02")
	if err != nil {
		t.Fatal(err)
	}
	shanghai, _ := time.LoadLocation(r.Zone)
	show := func(all []Span) (out []string) {
		for _, s := range all {
			out = append(out, s.From.In(shanghai).Format("02 15:04")+"-"+s.To.In(shanghai).Format("15:04"))
		}
		return out
	}
	got := r.Review(span.From, span.To, anybody)
	if s := fmt.Sprint(show(got.Gaps)); s != "[30 07:30-08:00 01 07:30-08:00]" {
		t.Errorf("gaps %s", s)
	}
	if s := fmt.Sprint(show(got.Deserted)); s != "[30 00:00-08:00 30 23:00-08:00 01 20:00-00:00]" {
		t.Errorf("deserted %s", s)
	}
	if len(got.Overlaps) != 1 || got.Overlaps[0].Person != "a1" || got.Overlaps[0].Rest != -time.Hour {
		t.Errorf("overlaps %+v", got.Overlaps)
	}
	if len(got.Rests) != 3 { // sup1 before and after the short one, a1 after the long day
		t.Errorf("rests %+v", got.Rests)
	}
	r.Cover = CoverRostered
	if gaps := r.Review(span.From, span.To, anybody).Gaps; len(gaps) != 0 {
		t.Errorf("gaps %v", show(gaps))
	}
	none := r.Review(span.From, span.To, func(person string, role Role) string {
		if role == Supervisor && person == "sup1" {
			return UnfitRole
		}
		return ""
	})
	if s := fmt.Sprint(show(none.Gaps)); s != "[30 08:00-20:00 01 08:00-20:00]" || len(none.Unfit) != 3 {
		t.Errorf("gaps %s, unfit %d", s, len(none.Unfit))
	}
}

// TestGapsMinuteByMinute compares the review with looking at each minute.
func TestGapsMinuteByMinute(t *testing.T) {
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		r := First()
		r.Cover = []Cover{CoverAlways, CoverRostered}[rnd.IntN(2)]
		r.Zone = []string{"Asia/Shanghai", "Europe/Berlin", "America/New_York"}[rnd.IntN(3)]
		clock := func() string { return fmt.Sprintf("%02d:%02d", rnd.IntN(24), 15*rnd.IntN(4)) }
		for i := range 1 + rnd.IntN(12) {
			role := []Role{Counsellor, Supervisor}[rnd.IntN(2)]
			r.Shifts = append(r.Shifts, Shift{work(fmt.Sprint("s", i), fmt.Sprint("p", rnd.IntN(4)), role, clock(), clock()), fmt.Sprintf("2026-10-%02d", 24+rnd.IntN(3))})
		}
		span, err := r.Days("2026-10-24", "2026-10-27")
		if err != nil {
			t.Fatal(err)
		}
		review := r.Review(span.From, span.To, anybody)
		for m := span.From; m.Before(span.To); m = m.Add(time.Minute) {
			supervised, served, gap := false, false, false
			for _, o := range review.Work {
				if !m.Before(o.Start) && m.Before(o.End) {
					supervised = supervised || o.Role == Supervisor
					served = served || o.Role == Counsellor
				}
			}
			for _, g := range review.Gaps {
				gap = gap || !m.Before(g.From) && m.Before(g.To)
			}
			if want := !supervised && (served || r.Cover == CoverAlways); gap != want {
				t.Fatalf("seed %d, %s, %s: gap %v, want %v", seed, r.Cover, m, gap, want)
			}
		}
	}
}

func TestEveryFault(t *testing.T) {
	r := First()
	r.Zone, r.Cover, r.Rest = "Mars", "never", -1
	r.Shifts = []Shift{{Work{ID: "a", Role: "cook", From: "25:00", To: "8:00"}, "2026-02-30"}}
	r.Patterns = []Pattern{{Work: work("a", "p", Counsellor, "08:00", "08:00"), Days: []string{"mon", "mon", "never"}, Start: "2026-01-01", Until: "2026-01-01", Except: []string{"x"}}}
	fs, _ := errors.AsType[documents.Faults](r.Validate())
	got := map[string]documents.Code{}
	for _, f := range fs {
		got[f.Field] = f.Code
	}
	want := map[string]documents.Code{
		"zone": documents.BadZone, "cover": documents.BadChoice, "rest": documents.OutOfRange, "shifts[0].person": documents.Missing,
		"shifts[0].role": documents.BadChoice, "shifts[0].from": documents.BadClock, "shifts[0].to": documents.BadClock, "shifts[0].date": documents.BadDate,
		"patterns[0].id": documents.Twice, "patterns[0].days[1]": documents.Twice, "patterns[0].days[2]": documents.BadChoice,
		"patterns[0].until": documents.OutOfOrder, "patterns[0].except[0]": documents.BadDate,
	}
	for field, code := range want {
		if got[field] != code {
			t.Errorf("%s: %q, want %q", field, got[field], code)
		}
	}
	if len(fs) != len(want) {
		t.Errorf("%v", fs)
	}
}

func TestCalendar(t *testing.T) {
	r := First()
	r.Shifts = []Shift{{Work{ID: "s1", Person: "u-1", Role: Supervisor, From: "22:00", To: "06:00", Line: "12356", Note: "带班,\n交接; 见\\备注"}, "2026-11-30"}}
	span, _ := r.Days("2026-11-30", "2026-12-01")
	text := Calendar(r.Between(span.From, span.To), CalendarWords{Title: "值班表", Counsellor: "咨询", Supervisor: "督导", Name: func(string) string { return "王五" }}, span.From)
	for i, line := range strings.Split(text, "\r\n") {
		if len(line) > 75 || strings.Contains(line, "\n") {
			t.Errorf("line %d: %q", i, line)
		}
	}
	cal, err := ics.ParseCalendar(strings.NewReader(text))
	if err != nil || len(cal.Events()) != 1 {
		t.Fatalf("%v in %s", err, text)
	}
	e := cal.Events()[0]
	from, _ := e.GetStartAt()
	to, _ := e.GetEndAt()
	if e.Id() != "s1-2026-11-30@roster.hotline" || from.UTC().Format(time.RFC3339) != "2026-11-30T14:00:00Z" || to.Sub(from) != 8*time.Hour {
		t.Errorf("%s", text)
	}
	if got := e.GetProperty(ics.ComponentPropertySummary).Value; got != "王五 · 督导 · 12356" {
		t.Errorf("%q", got)
	}
}

func TestStore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s, err := Open(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, 11, 30, 2, 0, 0, 0, time.UTC) // ten in the morning
		s.now = func() time.Time { return now }
		one := First()
		one.Patterns = []Pattern{everyDay(work("s", "sup1", Supervisor, "00:00", "12:00"), "2026-11-01"), everyDay(work("c", "a1", Counsellor, "08:00", "20:00"), "2026-11-01")}
		if _, err := s.Versions.Save(ctx, 0, one, "u-1", ""); err != nil {
			t.Fatal(err)
		}
		_, err = s.Publish(ctx, 1, "2026-11-30", "2026-12-07", "u-1", "", anybody)
		if gap, ok := errors.AsType[*GapError](err); !ok || len(gap.Gaps) != 7 {
			t.Fatalf("with gaps: %v", err)
		}
		two := one
		two.Patterns = append(two.Patterns, everyDay(work("s2", "sup2", Supervisor, "12:00", "00:00"), "2026-11-01"))
		if _, err := s.Versions.Save(ctx, 1, two, "u-1", ""); err != nil {
			t.Fatal(err)
		}
		for _, days := range [][2]string{{"2026-11-29", "2026-12-07"}, {"2026-12-07", "2026-12-07"}, {"2026-11-30", "2027-11-30"}, {"x", "y"}} {
			if _, err := s.Publish(ctx, 2, days[0], days[1], "u-1", "", anybody); !errors.Is(err, ErrSpan) {
				t.Errorf("%v: %v", days, err)
			}
		}
		if _, err := s.Publish(ctx, 9, "2026-11-30", "2026-12-07", "u-1", "", anybody); !errors.Is(err, documents.ErrNone) {
			t.Errorf("what never was: %v", err)
		}
		if p, err := s.Publish(ctx, 2, "2026-11-30", "2026-12-07", "u-1", "first", anybody); err != nil || p.N != 1 {
			t.Fatalf("%+v, %v", p, err)
		}
		duty := func(at time.Time) (out []string) {
			all, err := s.OnDuty(ctx, at)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range all {
				out = append(out, o.Person)
			}
			return out
		}
		if got := fmt.Sprint(duty(now)); got != "[sup1 a1]" {
			t.Error(got)
		}
		three := two
		three.Patterns = append([]Pattern{}, two.Patterns...)
		three.Patterns[1].Person = "a2"
		if _, err := s.Versions.Save(ctx, 2, three, "u-1", ""); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(duty(now)); got != "[sup1 a1]" {
			t.Errorf("a draft is in force: %s", got)
		}
		if _, err := s.Publish(ctx, 3, "2026-12-02", "2026-12-03", "u-1", "", anybody); err != nil {
			t.Fatal(err)
		}
		for at, want := range map[time.Time]string{now: "[sup1 a1]", now.AddDate(0, 0, 2): "[sup1 a2]", now.AddDate(0, 0, 3): "[sup1 a1]", now.AddDate(0, 0, 8): "[]"} {
			if got := fmt.Sprint(duty(at)); got != want {
				t.Errorf("%s: %s, want %s", at, got, want)
			}
		}
		mine, err := s.Published(ctx, now.AddDate(0, 0, -7), now.AddDate(0, 0, 30), "a1")
		if err != nil || len(mine) != 6 {
			t.Errorf("%d, %v", len(mine), err)
		}
		if all, err := s.Publications(ctx, 10); err != nil || len(all) != 2 || all[1].Note != "first" {
			t.Errorf("%+v, %v", all, err)
		}
		if _, err := db.Exec(ctx, `DELETE FROM roster_publications`); err == nil {
			t.Error("a publication was deleted")
		}

		token, err := s.NewFeed(ctx, "a1")
		if err != nil {
			t.Fatal(err)
		}
		if who, err := s.FeedOf(ctx, token); who != "a1" || err != nil {
			t.Errorf("%q, %v", who, err)
		}
		second, err := s.NewFeed(ctx, "a1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.FeedOf(ctx, token); !errors.Is(err, ErrFeed) {
			t.Errorf("the address before: %v", err)
		}
		if err := s.RevokeFeed(ctx, "a1"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.FeedOf(ctx, second); !errors.Is(err, ErrFeed) {
			t.Errorf("revoked: %v", err)
		}
	})
}
