package simulation

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"hotline/queue"
)

func TestReadSeats(t *testing.T) {
	hour := func(n int) time.Duration { return time.Duration(n) * time.Hour }
	got, err := ReadSeats(strings.NewReader("from,to,skills,group\n22:00,06:00,crisis:3 youth:1,1\n08:00,20:00,,\n"), hour(20), hour(12))
	want := []Seat{{From: hour(2), To: hour(10), Skills: queue.Skills{"crisis": 3, "youth": 1}, Group: 1}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = ReadSeats(strings.NewReader("agent,from,to\nan,18:00,22:00\n"), hour(20), hour(24))
	want = []Seat{{From: 0, To: hour(2)}, {From: hour(22), To: hour(24)}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("a shift that is under way: %+v, %v", got, err)
	}
	for _, bad := range []string{"", "from\n", "from,to,shoe\n", "from,to\n25:00,01:00\n", "from,to\n1,2\n", "from,to,skills\n01:00,02:00,x\n", "from,to,group\n01:00,02:00,x\n"} {
		if _, err := ReadSeats(strings.NewReader(bad), 0, hour(1)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestChange(t *testing.T) {
	hour := func(n int) time.Duration { return time.Duration(n) * time.Hour }
	for text, want := range map[string][]Seat{
		"22:00=+1":                {{To: hour(12)}, {To: hour(12)}, {From: hour(2), To: hour(12)}},
		"22:00-00:00=+1":          {{To: hour(12)}, {To: hour(12)}, {From: hour(2), To: hour(4)}},
		"22:00=-1":                {{To: hour(12)}, {To: hour(2)}},
		"22:00-23:00=-1":          {{To: hour(12)}, {To: hour(2)}, {From: hour(3), To: hour(12)}},
		"20:00=-2, 21:00=+1":      {{From: hour(1), To: hour(12)}},
		"20:00-21:00=+1,07:00=+1": {{To: hour(12)}, {To: hour(12)}, {To: hour(1)}, {From: hour(11), To: hour(12)}},
	} {
		seats := Always(2, hour(12))
		got, err := Change(text, seats, hour(20), hour(12))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
		if !reflect.DeepEqual(seats, Always(2, hour(12))) {
			t.Errorf("%s changed the plan that it began from", text)
		}
	}
	for _, bad := range []string{"", "22:00", "22=+1", "22:00=x", "22:00=-3", "10:00=+1", "22:00-x=+1"} {
		if _, err := Change(bad, Always(2, hour(12)), hour(20), hour(12)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestReadShares(t *testing.T) {
	got, err := ReadShares("red=0.05, followup=0.1")
	if err != nil || len(got) != 2 || got[1].Tier != queue.TierFollowUp || got[1].Of != 0.1 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"red", "vip=0.1", "red=-1", "red=0.6,normal=0.5"} {
		if _, err := ReadShares(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	profile, err := ReadProfile(strings.NewReader("calls,hour\n12.5,22\n"))
	if err != nil || profile[22] != 12.5 || profile[21] != 0 {
		t.Errorf("%v, %v", profile, err)
	}
	for _, bad := range []string{"hour,calls\n24,1\n", "hour,calls\n1,x\n", "hour\n1\n", "hour,calls\n1,-1\n"} {
		if _, err := ReadProfile(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// report is a small one of two plans.
func report(t *testing.T) Report {
	t.Helper()
	r := Report{Begin: 22 * time.Hour, Runs: 2, Target: 20 * time.Second}
	for i, n := range []int{3, 5} {
		s := Scenario{Name: []string{"now", "22:00=+2"}[i]}
		for seed := range uint64(2) {
			callers, err := Demand{PerHour: []float64{20}, Talk: 10 * time.Minute, Spread: 0.7, Patience: 3 * time.Minute}.Callers(seed, r.Begin, 4*time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Run(Plan{Callers: callers, Seats: Always(n, 4*time.Hour), Span: 4 * time.Hour, Target: r.Target})
			if err != nil {
				t.Fatal(err)
			}
			if s.Result == nil {
				s.Result = got
			} else {
				s.Result.Add(got)
			}
		}
		r.Scenarios = append(r.Scenarios, s)
	}
	return r
}

func TestReport(t *testing.T) {
	r := report(t)
	var text, svg, again bytes.Buffer
	if err := r.CSV(&text); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(rows) != 6 || len(rows[0]) != 13 || rows[3][0] != "00:00" || rows[5][0] != "all" || rows[1][1] != rows[1][7] {
		t.Fatalf("%v, %v", rows, err)
	}
	if err := r.Table(&text); err != nil || !strings.Contains(text.String(), "22:00=+2") {
		t.Errorf("%s, %v", text.String(), err)
	}
	if err := errors.Join(r.Chart(&svg), report(t).Chart(&again)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(svg.Bytes(), again.Bytes()) {
		t.Error("the same plan makes another chart")
	}
	d := xml.NewDecoder(&svg)
	words := ""
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := tok.(xml.CharData); ok {
			words += string(c)
		}
	}
	for _, want := range []string{"now", "22:00=+2", "00:00", "answered within 20s"} {
		if !strings.Contains(words, want) {
			t.Errorf("the chart does not say %q", want)
		}
	}
}
