package reviews

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/documents"
	"hotline/storage/storagetest"
)

func TestFirstSheetIsValid(t *testing.T) {
	if err := First().Validate(); err != nil {
		t.Fatal(err)
	}
	for _, sec := range First().Sections {
		for _, it := range sec.Items {
			if it.Names["en"] == "" || it.Help["en"] == "" || it.Help["zh-CN"] == "" {
				t.Errorf("%s has no words in both languages", it.ID)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Sheet)
		field  string
	}{
		"share":         {func(s *Sheet) { s.Pick.Share = 1001 }, "pick.share"},
		"days":          {func(s *Sheet) { s.Pick.Days = 0 }, "pick.days"},
		"one level":     {func(s *Sheet) { s.Levels = s.Levels[:1] }, "levels"},
		"no section":    {func(s *Sheet) { s.Sections = nil }, "sections"},
		"no item":       {func(s *Sheet) { s.Sections[0].Items = nil }, "sections[0].items"},
		"weight":        {func(s *Sheet) { s.Sections[1].Weight = 0 }, "sections[1].weight"},
		"no name":       {func(s *Sheet) { s.Sections[0].Items[0].Names = documents.Words{"en": "x"} }, "sections[0].items[0].names.zh-CN"},
		"the same item": {func(s *Sheet) { s.Sections[1].Items[0].ID = s.Sections[0].Items[0].ID }, "sections[1].items[0].id"},
		"no id":         {func(s *Sheet) { s.Sections[2].ID = "" }, "sections[2].id"},
	} {
		sheet := First()
		c.change(&sheet)
		faults, _ := errors.AsType[documents.Faults](sheet.Validate())
		if len(faults) != 1 || faults[0].Field != c.field {
			t.Errorf("%s: %v", name, faults)
		}
	}
}

func TestFit(t *testing.T) {
	sheet := First()
	for name, c := range map[string]struct {
		change func(Marks)
		whole  bool
		want   string // item and code
	}{
		"whole":                {func(Marks) {}, true, ""},
		"missing":              {func(m Marks) { delete(m, "opening") }, true, "opening missing"},
		"missing in a draft":   {func(m Marks) { delete(m, "opening") }, false, ""},
		"unknown":              {func(m Marks) { m["x"] = Mark{} }, false, "x unknown"},
		"too high":             {func(m Marks) { m["opening"] = Mark{Points: 4} }, false, "opening range"},
		"not marked yet":       {func(m Marks) { m["pace"] = Mark{Points: -1, Moments: []int64{3}} }, false, ""},
		"not marked at all":    {func(m Marks) { m["pace"] = Mark{Points: -1} }, true, "pace missing"},
		"below":                {func(m Marks) { m["pace"] = Mark{Points: -2} }, false, "pace range"},
		"does not apply":       {func(m Marks) { m["safety"] = Mark{None: true} }, true, ""},
		"always applies":       {func(m Marks) { m["asked"] = Mark{None: true} }, true, "asked range"},
		"missed without words": {func(m Marks) { m["asked"] = Mark{} }, true, "asked words"},
		"missed, in a draft":   {func(m Marks) { m["asked"] = Mark{} }, false, ""},
		"before the beginning": {func(m Marks) { m["pace"] = Mark{Moments: []int64{-1}} }, false, "pace moment"},
		"long":                 {func(m Marks) { m["pace"] = Mark{Words: strings.Repeat("长", MostWords+1)} }, false, "pace long"},
	} {
		m := marks(sheet, 2)
		c.change(m)
		_, err := sheet.Fit(m, c.whole)
		got := ""
		if wrong, ok := errors.AsType[Invalid](err); ok {
			got = wrong[0].Item + " " + wrong[0].Code
			if !errors.Is(err, ErrInvalid) || len(wrong) != 1 {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	kept, err := sheet.Fit(Marks{"pace": {Points: 1, Moments: []int64{9, 3, 9}, Words: " 快 "}}, false)
	if err != nil || fmt.Sprint(kept["pace"].Moments) != "[3 9]" || kept["pace"].Words != "快" {
		t.Errorf("%+v, %v", kept, err)
	}
}

func TestResult(t *testing.T) {
	sheet := Sheet{Levels: make([]documents.Words, 4), Sections: []Section{
		{ID: "a", Weight: 30, Items: []Item{{ID: "a1"}, {ID: "a2"}}},
		{ID: "b", Weight: 10, Items: []Item{{ID: "b1", Optional: true, Critical: true}}},
	}}
	for _, c := range []struct {
		marks  Marks
		total  int
		missed int
	}{
		{Marks{"a1": {Points: 3}, "a2": {Points: 0}, "b1": {Points: 3}}, 625, 0}, // (0.5·30 + 1·10) / 40
		{Marks{"a1": {Points: 3}, "a2": {Points: 3}, "b1": {None: true}}, 1000, 0},
		{Marks{"a1": {Points: 0}, "a2": {Points: 1}, "b1": {Points: 0}}, 125, 1},
		{Marks{"b1": {None: true}}, -1, 0},
	} {
		if r := sheet.Result(c.marks); r.Total != c.total || r.Missed != c.missed {
			t.Errorf("%v: %+v", c.marks, r)
		}
	}
}

func TestOneReview(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.talk("c1", true, of("u-1", 900))
		_, err := s.NewPicker(nil, time.UTC).Pass(ctx)
		must(t, err)
		id := s.list(Filter{})[0].ID
		sheet := First()
		if _, err := s.Take(ctx, id, "u-1"); !errors.Is(err, ErrOwn) {
			t.Errorf("own: %v", err)
		}
		r, err := s.Take(ctx, id, "u-8")
		if err != nil || r.Sheet != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
		s.rule(func(sh *Sheet) { sh.Sections = sh.Sections[:1] }) // those that were begun go on by theirs
		if _, err := s.Take(ctx, id, "u-9"); !errors.Is(err, ErrTaken) {
			t.Errorf("taken: %v", err)
		}
		draft := Marks{"asked": {Points: 2, Moments: []int64{75_000}, Words: "问得直接"}}
		if _, err := s.Save(ctx, id, "u-8", draft, "还没听完", false); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Save(ctx, id, "u-8", draft, "", true); !errors.Is(err, ErrInvalid) {
			t.Errorf("unfinished: %v", err)
		}
		row, err := s.Get(ctx, id)
		must(t, err)
		if seen, err := s.Scores(ctx, row.Review, "u-8"); err != nil || len(seen) != 1 || seen[0].Words != "还没听完" || seen[0].Marks["asked"].Words != "问得直接" {
			t.Errorf("%+v, %v", seen, err)
		}
		for _, other := range []string{"u-1", "u-9"} {
			if seen, err := s.Scores(ctx, row.Review, other); err != nil || len(seen) != 0 {
				t.Errorf("%s sees %+v, %v", other, seen, err)
			}
		}
		if _, err := s.Answer(ctx, id, "u-1", "好"); !errors.Is(err, ErrNotDone) {
			t.Errorf("too early: %v", err)
		}
		all := marks(sheet, 3)
		all["asked"] = Mark{Points: 0, Moments: []int64{75_000}, Words: "没有问到"}
		if r, err = s.Save(ctx, id, "u-8", all, "总体不错", true); err != nil || r.State != StateDone {
			t.Fatalf("%+v, %v", r, err)
		}
		if _, err := s.Save(ctx, id, "u-8", all, "", false); !errors.Is(err, ErrClosed) {
			t.Errorf("handed in: %v", err)
		}
		if n, err := s.Unread(ctx, "u-1"); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		if err := s.Read(ctx, id, "u-9"); !errors.Is(err, ErrNotYours) {
			t.Errorf("another's: %v", err)
		}
		must(t, s.Read(ctx, id, "u-1"))
		must(t, s.Read(ctx, id, "u-1"))
		if _, err := s.Answer(ctx, id, "u-7", "我也说"); !errors.Is(err, ErrNotYours) {
			t.Errorf("no part: %v", err)
		}
		for _, by := range []string{"u-1", "u-8"} {
			if _, err := s.Answer(ctx, id, by, "说明 "+by); err != nil {
				t.Error(err)
			}
		}
		replies, err := s.Replies(ctx, id)
		if err != nil || len(replies) != 2 || replies[0].By != "u-1" || replies[1].Words != "说明 u-8" {
			t.Errorf("%+v, %v", replies, err)
		}
		row, err = s.Get(ctx, id)
		must(t, err)
		seen, err := s.Scores(ctx, row.Review, "u-1")
		// Danger: of 5 items one has nothing: 12 of 15 points; weight 35 of 100.
		if err != nil || len(seen) != 1 || seen[0].Total != 930 || seen[0].Missed != 1 || seen[0].Sections["danger"] != 800 || row.Total != 930 || row.Missed != 1 || row.Read.IsZero() {
			t.Errorf("%+v, %+v, %v", seen, row, err)
		}
		if c, err := s.Count(ctx, s.clock.Add(-time.Hour), s.clock, "12355"); err != nil || c != (Counts{1, 1, 1}) {
			t.Errorf("%+v, %v", c, err)
		}
		if c, err := s.Count(ctx, s.clock, s.clock.Add(time.Hour), ""); err != nil || c != (Counts{}) {
			t.Errorf("%+v, %v", c, err)
		}
		s.erased(id, "c1")
	})
}

// erased takes out what is private of a call: figures stay.
func (s *scene) erased(id, call string) {
	s.t.Helper()
	ctx := s.t.Context()
	must(s.t, s.db.InTx(ctx, func(tx *storage.Tx) error {
		for _, place := range Private().Places {
			if _, err := place.Erase(ctx, tx, call); err != nil {
				return err
			}
			if n, err := place.Count(ctx, tx, call); err != nil || n != 0 {
				s.t.Errorf("%s: %d, %v", place.Table, n, err)
			}
		}
		return nil
	}))
	row, err := s.Get(ctx, id)
	must(s.t, err)
	seen, err := s.Scores(ctx, row.Review, "u-1")
	replies, err2 := s.Replies(ctx, id)
	must(s.t, errors.Join(err, err2))
	if seen[0].Words != "" || seen[0].Marks["asked"].Words != "" || seen[0].Total != 930 || replies[0].Words != "" {
		s.t.Errorf("%+v, %+v", seen, replies)
	}
}

// A place is held for a day; given back or forgotten, somebody else may take it, and the first one finds the marks when the place is free again.
func TestPlaces(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.talk("c1", false, of("u-1", 900))
		r, err := s.Ask(ctx, "c1", "", "u-9", 1)
		must(t, err)
		take := func(who string, want error) {
			t.Helper()
			if _, err := s.Take(ctx, r.ID, who); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", who, err, want)
			}
		}
		take("u-8", nil)
		_, err = s.Save(ctx, r.ID, "u-8", Marks{"pace": {Points: 1}}, "", false)
		must(t, err)
		must(t, s.Release(ctx, r.ID, "u-8"))
		take("u-9", nil)
		if _, err := s.Save(ctx, r.ID, "u-8", Marks{}, "", false); !errors.Is(err, ErrTaken) {
			t.Errorf("after the place was lost: %v", err)
		}
		s.clock = s.clock.Add(HeldFor + time.Minute)
		for _, final := range []bool{false, true} { // a page that still writes does not take back what was given back
			if _, err := s.Save(ctx, r.ID, "u-8", marks(First(), 2), "晚到", final); !errors.Is(err, ErrReleased) {
				t.Errorf("given back: %v", err)
			}
		}
		take("u-8", nil)
		take("u-9", ErrTaken)
		if row := s.list(Filter{Reviewer: "u-8"})[0]; fmt.Sprint(row.Scoring) != "[u-8]" {
			t.Errorf("%+v", row)
		}
		seen, err := s.Scores(ctx, r, "u-8")
		if err != nil || seen[0].Marks["pace"].Points != 1 {
			t.Errorf("%+v, %v", seen, err)
		}
		if err := s.Drop(ctx, r.ID, "u-1", "不想"); !errors.Is(err, ErrOwn) {
			t.Errorf("own: %v", err)
		}
		if err := s.Drop(ctx, r.ID, "u-9", " "); !errors.Is(err, ErrInvalid) {
			t.Errorf("without a reason: %v", err)
		}
		must(t, s.Drop(ctx, r.ID, "u-9", "没有录音"))
		row, err := s.Get(ctx, r.ID)
		if err != nil || row.State != StateDropped || row.Said != "没有录音" || row.ClosedBy != "u-9" {
			t.Errorf("%+v, %v", row, err)
		}
		take("u-8", ErrClosed)
		if _, err := s.Take(ctx, "none", "u-8"); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if rows := s.list(Filter{State: StateOpen}); len(rows) != 0 {
			t.Errorf("%+v", rows)
		}
	})
}

// Two score the same talks without each other, and see then how far they agree.
func TestCalibration(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		for i, points := range []int{1, 2, 3} {
			call := fmt.Sprint("c", i)
			s.talk(call, false, of("u-1", 900))
			r, err := s.Ask(ctx, call, "", "u-9", 1)
			must(t, err)
			if r, err = s.Want(ctx, r.ID, "u-9", 2); err != nil || r.Wanted != 2 {
				t.Fatalf("%+v, %v", r, err)
			}
			for j, who := range []string{"u-8", "u-9"} {
				_, err = s.Take(ctx, r.ID, who)
				must(t, err)
				r, err = s.Save(ctx, r.ID, who, marks(First(), points-j), "", true) // u-9 is stricter by one
				must(t, err)
				if who == "u-8" {
					if row := s.list(Filter{Call: call})[0]; row.State != StateOpen || row.Total != -1 {
						t.Errorf("told too early: %+v", row)
					}
					if seen, err := s.Scores(ctx, r, "u-9"); err != nil || len(seen) != 0 {
						t.Errorf("u-9 sees %+v, %v", seen, err)
					}
					if _, err := s.Want(ctx, r.ID, "u-9", 0); !errors.Is(err, ErrInvalid) {
						t.Errorf("want none: %v", err)
					}
				}
			}
			if r.State != StateDone {
				t.Errorf("%+v", r)
			}
		}
		c, err := s.Calibration(ctx, time.Time{})
		if err != nil || c.Talks != 3 || c.All.Same != 0 || c.All.Near != 1 || len(c.Reviewers) != 2 || c.Reviewers[0].Reviewer != "u-8" || c.Reviewers[0].Mean < 33 || c.Reviewers[0].Mean > 34 {
			t.Errorf("%+v, %v", c, err)
		}
		// Totals are 33.3, 66.7, 100 and 0, 33.3, 66.7.
		if c.Totals.ICC < 0.49 || c.Totals.ICC > 0.61 || c.Items["pace"].Pairs != 3 {
			t.Errorf("%+v", c.Totals)
		}
		months, err := s.Trend(ctx, "u-1", time.Time{}, time.UTC)
		if err != nil || len(months) != 1 || months[0].Reviews != 3 || months[0].Total != 500 || months[0].Least != 167 || months[0].Most != 834 || months[0].Missed != 1 {
			t.Errorf("%+v, %v", months, err)
		}
		standings, err := s.Standings(ctx, time.Time{})
		if err != nil || len(standings) != 1 || standings[0].Unread != 3 || standings[0].Sections["danger"] != 500 {
			t.Errorf("%+v, %v", standings, err)
		}
		if rows := s.list(Filter{}); !slices.ContainsFunc(rows, func(r Row) bool { return r.Total == 500 }) {
			t.Errorf("%+v", rows)
		}
	})
}
