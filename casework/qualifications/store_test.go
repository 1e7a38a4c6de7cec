package qualifications

import (
	"errors"
	"os"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/documents"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func TestStore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		docs, err := OpenRequirements(ctx, db)
		must(err)
		s, err := Open(ctx, db)
		must(err)
		now := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
		s.now = func() time.Time { return now }
		zone := time.FixedZone("CST", 8*3600)
		today := DayOf(now, zone)
		q := First()
		desk := NewDesk(s, docs, func() *time.Location { return zone })
		if b, err := desk.Look(ctx); err != nil || b == nil || b.Version != 0 {
			t.Fatalf("%+v, %v", b, err)
		}
		if b, err := desk.Look(ctx); err != nil || b != nil {
			t.Fatalf("nothing changed, and %+v, %v", b, err)
		}
		course := Record{Person: "u-1", Kind: Training, Topic: "crisis", Minutes: 90, Day: today, Note: " 线上 ", By: "u-2"}
		made, err := s.Add(ctx, q, course, today)
		if err != nil || made.Note != "线上" || made.ID == "" {
			t.Fatalf("%+v, %v", made, err)
		}
		for name, spoil := range map[string]func(*Record){
			"no such topic": func(r *Record) { r.Topic = "yoga" }, "a topic of another kind": func(r *Record) { r.Topic = "counsellor" },
			"tomorrow": func(r *Record) { r.Day = today + 1 }, "no time": func(r *Record) { r.Minutes = 0 }, "a course that expires": func(r *Record) { r.Expires = today + 9 },
			"supervision of a topic": func(r *Record) { r.Kind = Supervision }, "no kind": func(r *Record) { r.Kind = "sport" },
			"a qualification of some minutes": func(r *Record) { r.Kind, r.Topic = Qualification, "counsellor" },
		} {
			r := course
			spoil(&r)
			if _, err := s.Add(ctx, q, r, today); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		own := course
		own.By = "u-1"
		if _, err := s.Add(ctx, q, own, today); !errors.Is(err, ErrOwn) {
			t.Errorf("of oneself: %v", err)
		}
		_, err = s.Add(ctx, q, Record{Person: "u-1", Kind: Supervision, Minutes: 60, Day: today - 40, By: "u-2"}, today)
		must(err)
		h, err := s.Counts(ctx, today-50, today+1)
		if err != nil || h != (Hours{90, 1, 1}) {
			t.Errorf("%+v, %v", h, err)
		}
		if _, err := s.Void(ctx, made.ID, "u-1", "记错了人"); !errors.Is(err, ErrOwn) {
			t.Errorf("void of oneself: %v", err)
		}
		if _, err := s.Void(ctx, made.ID, "u-3", "x"); !errors.Is(err, ErrReason) {
			t.Errorf("without a reason: %v", err)
		}
		if _, err := s.Void(ctx, "none", "u-3", "记错了人"); !errors.Is(err, ErrNotFound) {
			t.Errorf("none: %v", err)
		}
		for range 2 { // twice is once
			if v, err := s.Void(ctx, made.ID, "u-3", "记错了人"); err != nil || v.VoidBy != "u-3" || v.Void.IsZero() {
				t.Errorf("%+v, %v", v, err)
			}
		}
		all, err := s.Of(ctx, "u-1")
		if err != nil || len(all) != 2 || all[0].VoidWhy != "记错了人" || all[1].Day != today-40 {
			t.Errorf("%+v, %v", all, err)
		}
		q.Rules = []Rule{{ID: "m", Names: documents.Both("每月督导", ""), Kind: Supervision, Days: 31, Lines: []string{"12355"}}}
		_, err = docs.Save(ctx, 0, q, "admin", "")
		must(err)
		b, err := desk.Look(ctx)
		if err != nil || b == nil || b.Enter("12355", "u-1", time.Unix(0, 0), now, false).In || !b.Enter("12345", "u-1", time.Unix(0, 0), now, false).In {
			t.Fatalf("%+v, %v", b, err)
		}
		if g := b.Guarded([]string{"12345", "12355"}); len(g) != 1 || g[0] != "12355" {
			t.Errorf("guarded %v", g)
		}
		if _, err := s.Waive(ctx, "12355", "u-2", "夜里没有其他人", 25*time.Hour); !errors.Is(err, ErrSpan) {
			t.Errorf("for longer than a day: %v", err)
		}
		w, err := s.Waive(ctx, "12355", "u-2", "夜里没有其他人", 8*time.Hour)
		must(err)
		b, err = desk.Look(ctx)
		if err != nil || b == nil {
			t.Fatal(b, err)
		}
		if e := b.Enter("12355", "u-1", time.Unix(0, 0), now.Add(7*time.Hour), false); !e.In || !e.Waived {
			t.Errorf("opened: %+v", e)
		}
		if e := b.Enter("12355", "u-1", time.Unix(0, 0), now.Add(8*time.Hour), false); e.In {
			t.Errorf("it ends by itself: %+v", e)
		}
		must(s.EndWaiver(ctx, w.ID, "u-4"))
		must(s.EndWaiver(ctx, w.ID, "u-5"))
		if err := s.EndWaiver(ctx, "none", "u-5"); !errors.Is(err, ErrNotFound) {
			t.Errorf("none: %v", err)
		}
		if b, err = desk.Look(ctx); err != nil || b == nil || b.Enter("12355", "u-1", time.Unix(0, 0), now, false).In {
			t.Errorf("closed again: %+v, %v", b, err)
		}
		list, err := s.Waivers(ctx)
		if err != nil || len(list) != 1 || list[0].EndedBy != "u-4" {
			t.Errorf("%+v, %v", list, err)
		}
	})
}
