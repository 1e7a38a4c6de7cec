package recordings

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline/recordings/vault"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// book is the audit of a test.
type book struct {
	mu   sync.Mutex
	rows []string
	away error
}

func (b *book) Note(_ context.Context, by, action, part, reason string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away == nil {
		b.rows = append(b.rows, strings.Join([]string{by, action, part, reason}, " "))
	}
	return b.away
}

func (b *book) has(t *testing.T, want ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if got := strings.Join(b.rows, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("the audit has\n%s\nnot\n%s", got, strings.Join(want, "\n"))
	}
}

// house says what is known of the contacts of a test.
type house struct {
	db   *storage.DB
	says map[string]Standing
}

func (h house) Standing(_ context.Context, call string) (Standing, error) { return h.says[call], nil }

func (h house) Release(ctx context.Context, call string, do func(tx *storage.Tx, high bool) error) error {
	s := h.says[call]
	if s.Held || s.Open {
		return ErrKept
	}
	return h.db.InTx(ctx, func(tx *storage.Tx) error { return do(tx, s.HighRisk) })
}

func (d *desk) notary(t *testing.T, b *book) *Notary {
	t.Helper()
	n, err := NewNotary(NotaryConfig{Store: d.vault, Notes: b, Log: d.intake.cfg.Log}, d.index)
	if err != nil {
		t.Fatal(err)
	}
	n.swept = time.Now()
	return n
}

// part makes a stored part of a call that ended at a time.
func (d *desk) part(t *testing.T, id, call string, started time.Time) {
	t.Helper()
	take, err := d.rec.Start(id, Meta{Call: call, Line: "12355", Agent: "u-1", Started: started})
	if err != nil {
		t.Fatal(err)
	}
	speak(take, 1000, 440, Rate/2)
	closeTake(t, take)
	d.pass(t)
}

// What was kept long enough is shown first and goes when somebody says so; what is held, open or of high risk and younger than that stays. A recording goes
// with all its parts, and over each stands a stone, in the audit too.
func TestPurge(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d, b := newDesk(t, db), &book{}
		year := 365 * 24 * time.Hour
		old := time.Now().Add(-4 * year)
		d.part(t, "p1", "old", old)
		d.part(t, "p2", "old", old.Add(time.Minute))
		d.part(t, "p3", "young", time.Now().Add(-year))
		d.part(t, "p4", "red", old)
		d.part(t, "p5", "held", old.Add(2*time.Minute))
		d.part(t, "p6", "", old.Add(-time.Hour)) // lost its call
		d.part(t, "p7", "oldred", time.Now().Add(-11*year))
		p := NewPurger(d.index, house{db, map[string]Standing{"red": {HighRisk: true}, "oldred": {HighRisk: true}, "held": {Held: true}}})
		rules := Rules{Ordinary: 3 * year, HighRisk: 10 * year}
		if err := p.Walk(t.Context(), Rules{Ordinary: year, HighRisk: year}, nil); err == nil {
			t.Error("planned with less than three years")
		}
		plan, err := walk(t, p, rules, 10)
		if err != nil || ids(plan) != "oldred p6 old held" || !plan[3].Stays() || len(plan[2].Parts) != 2 || plan[1].Call != "" {
			t.Fatalf("%+v, %v", plan, err)
		}
		if plan, err := walk(t, p, rules, 2); err != nil || ids(plan) != "oldred p6" {
			t.Errorf("the first two: %+v, %v", plan, err)
		}
		if _, _, err := d.index.Key(t.Context(), "p1"); err != nil {
			t.Errorf("a plan changed something: %v", err)
		}
		if _, err := p.Erase(t.Context(), "held", WhyRetention, "u-9"); !errors.Is(err, ErrKept) {
			t.Errorf("erased what is on hold: %v", err)
		}
		for _, id := range []string{"old", "p6"} {
			if _, err := p.Erase(t.Context(), id, WhyRetention, "u-9"); err != nil {
				t.Errorf("erase %s: %v", id, err)
			}
			if _, err := p.Erase(t.Context(), id, WhyRetention, "u-9"); !errors.Is(err, ErrNotFound) {
				t.Errorf("erase %s again: %v", id, err)
			}
		}
		n := d.notary(t, b)
		if err := errors.Join(n.pass(t.Context()), n.pass(t.Context())); err != nil {
			t.Fatal(err)
		}
		sealed := 0
		for _, r := range b.rows {
			if strings.Contains(r, ActionSealed) {
				sealed++
			}
		}
		b.has(t, append(b.rows[:sealed:sealed], d.erasedRow(t, "p1"), d.erasedRow(t, "p2"), d.erasedRow(t, "p6"))...)
		for _, part := range []string{"p1", "p2", "p6"} {
			d.erased(t, part, WhyRetention, "u-9")
		}
		if plan, err := walk(t, p, rules, 10); err != nil || ids(plan) != "oldred held" {
			t.Errorf("afterwards: %+v, %v", plan, err)
		}
		// By itself: all that may go, one after the other.
		automatic := func(context.Context) (Rules, bool, error) { return rules, true, nil }
		if err := p.turn(t.Context(), automatic, d.intake.cfg.Log); err != nil {
			t.Error(err)
		}
		if plan, err := walk(t, p, rules, 10); err != nil || ids(plan) != "held" {
			t.Errorf("by itself: %+v, %v", plan, err)
		}
		if err := d.lib.Verify(t.Context(), "p4", d.key); err != nil {
			t.Errorf("another one: %v", err)
		}
	})
}

// Three years with a 29th of February have a day more than the days of the rule.
func TestThreeYearsWithALeapDay(t *testing.T) {
	rules := Rules{Ordinary: LeastKept, HighRisk: 2 * LeastKept}
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 8, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		ended, now time.Time
		high, over bool
	}{
		{day(2026, 3, 1), day(2029, 2, 28), false, false}, {day(2026, 3, 1), day(2029, 3, 1), false, true}, {day(2026, 3, 1), day(2029, 3, 1), true, false},
		{day(2024, 3, 1), day(2027, 3, 1), false, true}, // without one
		{day(2024, 2, 29), day(2027, 2, 28), false, false}, {day(2024, 2, 29), day(2027, 3, 1), false, true},
	} {
		if got := rules.over(c.high, c.ended, c.now); got != c.over {
			t.Errorf("from %s to %s, high risk %t: %t", c.ended, c.now, c.high, got)
		}
	}
}

// meanwhile is a house in which a call becomes something else after it was looked at.
type meanwhile struct {
	house
	then Standing
}

func (m meanwhile) Release(ctx context.Context, call string, do func(tx *storage.Tx, high bool) error) error {
	m.says[call] = m.then
	return m.house.Release(ctx, call, do)
}

// What a recording is in the transaction in which it goes counts, not what it was when somebody looked: a hold that was put since, or a class that is kept longer.
func TestPurgeAsksAgain(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d, year := newDesk(t, db), 365*24*time.Hour
		d.part(t, "p1", "c", time.Now().Add(-4*year))
		rules := Rules{Ordinary: 3 * year, HighRisk: 10 * year}
		for what, then := range map[string]Standing{"a hold": {Held: true}, "something open": {Open: true}, "danger": {HighRisk: true}} {
			p := NewPurger(d.index, meanwhile{house{db, map[string]Standing{}}, then})
			if plan, err := walk(t, p, rules, 10); err != nil || ids(plan) != "c" || plan[0].Stays() || plan[0].HighRisk {
				t.Fatalf("%+v, %v", plan, err)
			}
			if _, err := p.Expire(t.Context(), "c", rules, "u-9"); !errors.Is(err, ErrKept) {
				t.Errorf("%s was passed over: %v", what, err)
			}
			if err := p.turn(t.Context(), func(context.Context) (Rules, bool, error) { return rules, true, nil }, d.intake.cfg.Log); err != nil {
				t.Error(err)
			}
			if _, _, err := d.index.Key(t.Context(), "p1"); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		p := NewPurger(d.index, meanwhile{house{db, map[string]Standing{}}, Standing{}})
		if _, err := p.Expire(t.Context(), "c", Rules{Ordinary: year, HighRisk: year}, "u-9"); err == nil || errors.Is(err, ErrKept) {
			t.Errorf("rules of less than three years: %v", err)
		}
		if _, err := p.Expire(t.Context(), "c", rules, "u-9"); err != nil {
			t.Error(err)
		}
		d.keyless(t, "p1", WhyRetention, "u-9")
	})
}

func (d *desk) erasedRow(t *testing.T, part string) string {
	t.Helper()
	s, err := d.index.Stone(t.Context(), part)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join([]string{s.By, ActionErased, part, s.Why + " " + s.Head}, " ")
}

func walk(t *testing.T, p *Purger, rules Rules, most int) (plan []Due, err error) {
	t.Helper()
	err = p.Walk(t.Context(), rules, func(d Due) bool {
		plan = append(plan, d)
		return len(plan) < most
	})
	return plan, err
}

func ids(plan []Due) string {
	var out []string
	for _, d := range plan {
		out = append(out, d.ID)
	}
	return strings.Join(out, " ")
}

// erased says that nothing of a part is left but its stone.
func (d *desk) erased(t *testing.T, part, why, by string) {
	t.Helper()
	s, err := d.index.Stone(t.Context(), part)
	if err != nil || s.Why != why || s.By != by || !s.Audited || s.Gone.IsZero() {
		t.Errorf("%s: %+v, %v", part, s, err)
	}
	if _, _, err := d.index.Key(t.Context(), part); !errors.Is(err, ErrErased) {
		t.Errorf("%s: its key: %v", part, err)
	}
	if m, err := d.index.Marks(t.Context(), part); err != nil || len(m) != 0 {
		t.Errorf("%s: its marks: %v, %v", part, m, err)
	}
	r, err := d.index.row(t.Context(), part)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.vault.Stat(t.Context(), r.path); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("%s: its file: %v", part, err)
	}
}

// A contact that is erased takes the keys of its recordings along, in the same transaction; the stones follow, whatever dies in between, and the
// database keeps no copy of the keys. A part that comes in later is without its key from the beginning.
func TestErasedWithContact(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d, b := newDesk(t, db), &book{}
		d.part(t, "p1", "gone", time.Now())
		d.part(t, "p2", "stays", time.Now())
		was := []byte(strings.Repeat("wrapped key of the part ", 20))
		if _, err := db.Exec(t.Context(), `UPDATE recording_keys SET key_sealed = ? WHERE part = 'p1'`, was); err != nil {
			t.Fatal(err)
		}
		if err := db.InTx(t.Context(), func(tx *storage.Tx) error {
			for _, p := range Private().Places {
				if _, err := p.Erase(t.Context(), tx, "gone"); err != nil {
					return err
				}
				if left, err := p.Count(t.Context(), tx, "gone"); err != nil || left != 0 {
					t.Errorf("%s: %d left, %v", p.Table, left, err)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		erased := func(_ context.Context, _ storage.Reader, call string) (bool, error) { return call == "gone", nil }
		n := d.notary(t, b)
		n.cfg.Erased = erased
		b.away = errors.New("the database is away")
		if err := n.pass(t.Context()); err == nil {
			t.Error("an audit that is away was no fault")
		}
		b.away = nil
		n = d.notary(t, b) // another process
		n.cfg.Erased = erased
		if err := n.pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.erased(t, "p1", WhyContact, system)
		if err := d.lib.Verify(t.Context(), "p2", d.key); err != nil {
			t.Error(err)
		}
		d.intake.cfg.Erased = erased
		d.part(t, "p3", "gone", time.Now())
		if err := n.pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.erased(t, "p3", WhyContact, system)
		if db.Dialect() == storage.SQLite {
			noTrace(t, db, was)
		}
	})
}

// noTrace searches the files of the database.
func noTrace(t *testing.T, db *storage.DB, secret []byte) {
	t.Helper()
	var file string
	var n int
	var name string
	if err := db.QueryRow(t.Context(), `PRAGMA database_list`).Scan(&n, &name, &file); err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob(file + "*")
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	for _, f := range all {
		if text, err := os.ReadFile(f); err != nil || bytes.Contains(text, secret[:24]) {
			t.Errorf("%s still holds the key (%v)", filepath.Base(f), err)
		}
	}
}
