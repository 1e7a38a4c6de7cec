package qualifications

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"hotline/storage/documents"
)

func day(t testing.TB, text string) Day {
	t.Helper()
	d, err := ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestJudge(t *testing.T) {
	at := func(text string) Day { return day(t, text) }
	monthly := Rule{ID: "m", Kind: Supervision, Days: 31}
	hours := Rule{ID: "h", Kind: Training, Topics: []string{"crisis"}, Hours: 8, Days: 365}
	licence := Rule{ID: "l", Kind: Qualification, Topics: []string{"counsellor", "therapist"}}
	session := func(text string) Record { return Record{Kind: Supervision, Minutes: 60, Day: at(text)} }
	course := func(text string, minutes int) Record {
		return Record{Kind: Training, Topic: "crisis", Minutes: minutes, Day: at(text)}
	}
	paper := func(topic, from, to string) Record {
		return Record{Kind: Qualification, Topic: topic, Day: at(from), Expires: at(to)}
	}
	void := session("2026-11-20")
	void.Void = time.Unix(1, 0)
	grace := monthly
	grace.Grace = 30
	for name, c := range map[string]struct {
		rule    Rule
		records []Record
		began   string
		valid   bool
		until   string // of an end that never comes: ""
	}{
		"no session":                    {monthly, nil, "2020-01-01", false, ""},
		"31 days ago":                   {monthly, []Record{session("2026-10-26")}, "2020-01-01", true, "2026-11-26"},
		"32 days ago":                   {monthly, []Record{session("2026-10-25")}, "2020-01-01", false, ""},
		"a void session":                {monthly, []Record{void}, "2020-01-01", false, ""},
		"new here":                      {grace, nil, "2026-11-20", true, "2026-12-19"},
		"new, and there was a session":  {grace, []Record{session("2026-11-25")}, "2026-11-20", true, "2026-12-26"},
		"not so new any more":           {grace, nil, "2026-10-27", false, ""},
		"the last day of being new":     {grace, nil, "2026-10-28", true, "2026-11-26"},
		"enough hours":                  {hours, []Record{course("2026-03-01", 240), course("2026-06-01", 240)}, "2020-01-01", true, "2027-03-01"},
		"more than enough":              {hours, []Record{course("2026-03-01", 240), course("2026-06-01", 480)}, "2020-01-01", true, "2027-06-01"},
		"a quarter of an hour too few":  {hours, []Record{course("2026-03-01", 240), course("2026-06-01", 225)}, "2020-01-01", false, ""},
		"hours of long ago":             {hours, []Record{course("2025-11-25", 480)}, "2020-01-01", false, ""},
		"another topic":                 {hours, []Record{{Kind: Training, Topic: "ethics", Minutes: 900, Day: at("2026-06-01")}}, "2020-01-01", false, ""},
		"a licence without an end":      {licence, []Record{paper("therapist", "2020-01-01", "")}, "2020-01-01", true, ""},
		"ends today":                    {licence, []Record{paper("counsellor", "2020-01-01", "2026-11-26")}, "2020-01-01", true, "2026-11-26"},
		"ended yesterday":               {licence, []Record{paper("counsellor", "2020-01-01", "2026-11-25")}, "2020-01-01", false, ""},
		"begins tomorrow":               {licence, []Record{paper("counsellor", "2026-11-27", "")}, "2020-01-01", false, ""},
		"renewed on the next morning":   {licence, []Record{paper("counsellor", "2020-01-01", "2026-12-01"), paper("counsellor", "2026-12-02", "2027-12-01")}, "2020-01-01", true, "2027-12-01"},
		"renewed a day too late":        {licence, []Record{paper("counsellor", "2020-01-01", "2026-12-01"), paper("counsellor", "2026-12-03", "2027-12-01")}, "2020-01-01", true, "2026-12-01"},
		"another licence that is none":  {licence, []Record{paper("social_worker", "2020-01-01", "")}, "2020-01-01", false, ""},
		"another goes on in the middle": {licence, []Record{paper("therapist", "2026-06-01", "2027-01-01"), paper("counsellor", "2020-01-01", "2026-12-01")}, "2020-01-01", true, "2027-01-01"},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.rule.Judge(c.records, at(c.began), at("2026-11-26"))
			if s.Valid != c.valid || s.Until.String() != c.until || s.Valid && c.until == "" && s.Until != Always {
				t.Errorf("valid %v until %v", s.Valid, s.Until)
			}
		})
	}
}

// What a standing says of the future is what will be found then, as long as nothing is recorded: it holds to the last day and not a day longer.
func TestUntilIsTheLastDay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	topics := []string{"a", "b", "c"}
	for range 20_000 {
		today := Day(20_000 + rng.IntN(50))
		r := Rule{Kind: []Kind{Training, Supervision, Qualification}[rng.IntN(3)], Hours: 1 + rng.IntN(10), Days: 1 + rng.IntN(40), Grace: rng.IntN(30)}
		if rng.IntN(2) == 0 {
			r.Topics = topics[:1+rng.IntN(2)]
		}
		var records []Record
		for range rng.IntN(7) {
			one := Record{Kind: r.Kind, Topic: topics[rng.IntN(3)], Minutes: 30 * rng.IntN(20), Day: today - Day(rng.IntN(60))}
			if r.Kind == Qualification {
				one.Day += Day(rng.IntN(40))
				if rng.IntN(5) > 0 {
					one.Expires = one.Day + Day(rng.IntN(30))
				}
			}
			records = append(records, one)
		}
		began := today - Day(rng.IntN(60))
		s := r.Judge(records, began, today)
		if !s.Valid {
			if s.Until != 0 {
				t.Fatalf("not valid, and until %v", s.Until)
			}
			continue
		}
		for d := today; d <= min(s.Until, today+200); d++ {
			if !r.Judge(records, began, d).Valid {
				t.Fatalf("%+v until %d, not valid on %d: %+v began %d", r, s.Until, d, records, began)
			}
		}
		if s.Until < Always && r.Judge(records, began, s.Until+1).Valid {
			t.Fatalf("%+v until %d, and valid on the day after: %+v began %d", r, s.Until, records, began)
		}
	}
}

func TestEnter(t *testing.T) {
	q := Requirements{WarnDays: 28, Rules: []Rule{{ID: "m", Kind: Supervision, Days: 31, Lines: []string{"12355"}}, {ID: "l", Kind: Qualification, Lines: []string{"12355"}}}}
	today := day(t, "2026-11-26")
	good := []Record{{Kind: Supervision, Day: today - 10}, {Kind: Qualification, Day: 1, Expires: today + 100}}
	if e := q.Enter("12355", good, 1, today, false); !e.In || len(e.Lapsed) != 0 || len(e.Due) != 1 || e.Due[0].Rule.ID != "m" || e.Due[0].Until != today+21 {
		t.Errorf("%+v", e)
	}
	if e := q.Enter("12345", nil, 1, today, false); !e.In || len(e.Lapsed)+len(e.Due) != 0 {
		t.Errorf("another line: %+v", e)
	}
	if e := q.Enter("12355", good[:1], 1, today, false); e.In || e.Waived || len(e.Lapsed) != 1 || e.Lapsed[0].Rule.ID != "l" {
		t.Errorf("%+v", e)
	}
	if e := q.Enter("12355", nil, 1, today, true); !e.In || !e.Waived || len(e.Lapsed) != 2 {
		t.Errorf("waived: %+v", e)
	}
}

// Nobody is taken off a line in the middle of a night shift; who signs in after the lapse is.
func TestANightShiftEndsByItself(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	q := Requirements{WarnDays: 28, Rules: []Rule{{ID: "l", Kind: Qualification}}}
	last := day(t, "2026-11-26")
	b := NewBook(Version{Doc: q}, map[string][]Record{"u": {{Kind: Qualification, Day: 1, Expires: last}}}, nil, zone)
	midnight := time.Date(2026, 11, 27, 0, 0, 0, 0, zone)
	for name, c := range map[string]struct {
		at     time.Time
		stayed bool
		in     bool
	}{
		"the evening before":      {midnight.Add(-time.Minute), false, true},
		"on shift past midnight":  {midnight.Add(6 * time.Hour), true, true},
		"signs in after midnight": {midnight.Add(6 * time.Hour), false, false},
		"still here at noon":      {midnight.Add(12 * time.Hour), true, false},
	} {
		if e := b.Enter("12355", "u", time.Unix(0, 0), c.at, c.stayed); e.In != c.in || c.at.After(midnight) && len(e.Lapsed) != 1 {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if e := (*Book)(nil).Enter("12355", "u", time.Time{}, midnight, false); !e.In {
		t.Error("without a book nobody is let in")
	}
}

func TestRequirementsAreChecked(t *testing.T) {
	if err := First().Validate(); err != nil {
		t.Error(err)
	}
	q := First()
	q.WarnDays = 0
	q.Topics = append(q.Topics, Topic{ID: "crisis", Kind: "sport", Names: documents.Both("", "")})
	q.Rules = []Rule{
		{ID: "a", Names: documents.Both("督导", ""), Kind: Supervision, Days: 0, Grace: 400, Lines: []string{"1", "1"}},
		{ID: "a", Names: documents.Both("培训", ""), Kind: Training, Topics: []string{"counsellor"}, Days: 10},
		{ID: "b", Names: documents.Both("语言", ""), Kind: Language},
	}
	fs, _ := errors.AsType[documents.Faults](q.Validate())
	got := map[string]documents.Code{}
	for _, f := range fs {
		got[f.Field] = f.Code
	}
	n := len(q.Topics) - 1
	want := map[string]documents.Code{
		"warn_days": documents.OutOfRange, "rules[0].days": documents.OutOfRange, "rules[0].grace": documents.OutOfRange, "rules[0].lines[1]": documents.Twice,
		"rules[1].id": documents.Twice, "rules[1].topics[0]": documents.Unknown, "rules[1].hours": documents.OutOfRange, "rules[2].kind": documents.BadChoice,
	}
	for field, code := range want {
		if got[field] != code {
			t.Errorf("%s: %q, want %q", field, got[field], code)
		}
	}
	if len(fs) != len(want)+3 { // the topic of a kind that is none: twice, no name, no kind
		t.Errorf("%d faults, topic %d: %v", len(fs), n, fs)
	}
}
