package casework

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"hotline/storage"
)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

func TestJudge(t *testing.T) {
	const minute = time.Minute
	red := earlier{ended: ago(5 * minute), agent: "u-1", tier: "red", danger: true, outcome: Answered, by: ByFault}
	calm := earlier{ended: ago(5 * minute), agent: "u-1", tier: "normal", outcome: Answered, by: ByAgent}
	with := func(e earlier, change func(*earlier)) earlier { change(&e); return e }
	for name, tt := range map[string]struct {
		calls   []earlier
		blocked time.Time
		rules   KnownRules
		high    bool
		want    Known
	}{
		"nobody": {},
		"a familiar caller is given to the counsellor of before, without waiting": {calls: []earlier{calm}, want: Known{Preferred: "u-1"}},
		"…with the line's patience":                           {calls: []earlier{calm}, rules: KnownRules{Patience: minute}, want: Known{Preferred: "u-1", PreferFor: minute}},
		"…but not after 30 days":                              {calls: []earlier{with(calm, func(e *earlier) { e.ended = ago(31 * 24 * time.Hour) })}},
		"cut off while red":                                   {calls: []earlier{red}, want: Known{Returning: true, Preferred: "u-1", PreferFor: 30 * time.Second}},
		"hung up while red":                                   {calls: []earlier{with(red, func(e *earlier) { e.by = ByCaller })}, want: Known{Returning: true, Preferred: "u-1", PreferFor: 30 * time.Second}},
		"the counsellor ended the red call":                   {calls: []earlier{with(red, func(e *earlier) { e.by = ByAgent })}, want: Known{Preferred: "u-1"}},
		"too long ago":                                        {calls: []earlier{with(red, func(e *earlier) { e.ended = ago(31 * minute) })}, want: Known{Preferred: "u-1"}},
		"answered since, to the end":                          {calls: []earlier{with(calm, func(e *earlier) { e.ended, e.agent = ago(minute), "u-2" }), red}, want: Known{Preferred: "u-2"}},
		"left the queue in danger: nobody was talked with":    {calls: []earlier{{ended: ago(minute), tier: "red", danger: true, outcome: Abandoned, by: ByCaller}}, want: Known{Returning: true}},
		"cut off, called again and left: still the same risk": {calls: []earlier{{ended: ago(minute), tier: "normal", outcome: Abandoned, by: ByCaller}, red}, want: Known{Returning: true, Preferred: "u-1", PreferFor: 30 * time.Second}},
		"blocked": {calls: []earlier{calm}, blocked: ago(time.Hour), want: Known{Blocked: true}},
		"blocked before being cut off in danger: danger first": {calls: []earlier{red}, blocked: ago(time.Hour), want: Known{Returning: true, Preferred: "u-1", PreferFor: 30 * time.Second}},
		"an open file at high risk":                            {calls: []earlier{calm}, high: true, want: Known{HighRisk: true, Returning: true, Preferred: "u-1", PreferFor: 30 * time.Second}},
		"…of somebody who never called from there, blocked":    {blocked: ago(minute), high: true, want: Known{HighRisk: true, Returning: true}},
		"blocked knowing that call":                            {calls: []earlier{red}, blocked: ago(minute), want: Known{Blocked: true}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := judge(Known{HighRisk: tt.high}, tt.calls, tt.blocked, tt.rules.withDefaults(), noon); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestKnown(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, l := t.Context(), NewLedger(db)
		for i, ref := range []string{"1-a", "1-a", "2-a", "1-b"} {
			id := string(rune('p' + i))
			must(t, l.Open(ctx, CallRecord{ID: id, Line: "12355", Arrived: at(i), Talked: at(i + 1), Agent: "u-" + id, CallerRef: ref, Danger: id == "r"}))
			must(t, l.Close(ctx, id, Closing{EndedAt: at(10 + i), Outcome: Answered, Cause: Cause{By: ByCaller}}))
		}
		must(t, l.Open(ctx, CallRecord{ID: "now", Arrived: at(60), CallerRef: "2-a"}))
		known := func(refs ...string) Known {
			t.Helper()
			k, err := l.Known(ctx, refs, KnownRules{}, at(60))
			must(t, err)
			return k
		}
		// Two keys, one caller; the call in progress is not an earlier one.
		if k := known("2-a", "1-a"); k != (Known{History: 3, Returning: true, Preferred: "u-r", PreferFor: 30 * time.Second}) {
			t.Errorf("%+v", k)
		}
		high := KnownRules{HighRisk: func(_ context.Context, refs []string) (bool, error) { return slices.Contains(refs, "1-b"), nil }}
		if k, err := l.Known(ctx, []string{"2-b", "1-b"}, high, at(60)); err != nil || !k.Returning || !k.HighRisk || k.History != 1 {
			t.Errorf("with a file at high risk: %+v, %v", k, err)
		}
		if k := known("1-c"); k != (Known{}) {
			t.Errorf("a stranger: %+v", k)
		}
		if k := known(); k != (Known{}) {
			t.Errorf("withheld: %+v", k)
		}
		if k := known("1-b"); k.History != 1 || k.Preferred != "u-s" || k.Returning {
			t.Errorf("%+v", k)
		}
	})
}

func TestBlocks(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, l, b := t.Context(), NewLedger(db), NewBlocks(db)
		clock := noon
		b.now = func() time.Time { return clock }
		must(t, l.Open(ctx, CallRecord{ID: "c1", Line: "12355", Arrived: at(0), CallerRef: "1-a"}))
		must(t, l.Open(ctx, CallRecord{ID: "c2", Line: "12355", Arrived: at(0)}))
		blocked := func() bool {
			t.Helper()
			k, err := l.Known(ctx, []string{"2-a", "1-a"}, KnownRules{}, clock)
			must(t, err)
			return k.Blocked
		}
		if _, err := b.Propose(ctx, "c2", BlockPrank, "每天打来", "u-1"); !errors.Is(err, ErrNoCaller) {
			t.Errorf("withheld: %v", err)
		}
		if _, err := b.Propose(ctx, "none", BlockPrank, "每天打来", "u-1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown: %v", err)
		}
		for _, bad := range []struct {
			kind   BlockKind
			reason string
			by     string
		}{{"annoying", "每天打来", "u-1"}, {BlockPrank, " x ", "u-1"}, {BlockPrank, "每天打来", ""}} {
			if _, err := b.Propose(ctx, "c1", bad.kind, bad.reason, bad.by); err == nil {
				t.Errorf("%+v was accepted", bad)
			}
		}
		p, err := b.Propose(ctx, "c1", BlockHarassment, "反复言语骚扰", "u-1")
		must(t, err)
		if again, err := b.Propose(ctx, "c1", BlockThreat, "又打来了", "u-2"); err != nil || again.ID != p.ID {
			t.Errorf("two proposals: %+v, %v", again, err)
		}
		if blocked() {
			t.Error("a proposal blocks")
		}
		if _, err := b.Approve(ctx, p.ID, "u-1", BlockDefault); !errors.Is(err, ErrOwnProposal) {
			t.Errorf("by the proposer: %v", err)
		}
		for _, span := range []time.Duration{0, time.Minute, 31 * 24 * time.Hour} {
			if _, err := b.Approve(ctx, p.ID, "u-9", span); err == nil {
				t.Errorf("for %s", span)
			}
		}
		a, err := b.Approve(ctx, p.ID, "u-9", 2*time.Hour)
		must(t, err)
		if !blocked() || !a.Expires.Equal(noon.Add(2*time.Hour)) {
			t.Errorf("approved: %+v", a)
		}
		if _, err := b.Refuse(ctx, p.ID, "u-9"); !errors.Is(err, ErrClosed) {
			t.Errorf("decided twice: %v", err)
		}
		clock = noon.Add(2 * time.Hour)
		if blocked() {
			t.Error("it outlives its time")
		}
		if _, err := b.Lift(ctx, p.ID, "u-9"); !errors.Is(err, ErrClosed) {
			t.Errorf("lift what is over: %v", err)
		}
		p2, err := b.Propose(ctx, "c1", BlockHarassment, "反复言语骚扰", "u-1")
		must(t, err)
		_, err = b.Approve(ctx, p2.ID, "u-9", BlockMost)
		must(t, err)
		p3, err := b.Propose(ctx, "c1", BlockOther, "一个新的提议", "u-1")
		must(t, err)
		list, err := b.List(ctx, 10)
		must(t, err)
		if len(list) != 3 || list[0].ID != p3.ID || list[1].ID != p2.ID || list[2].ID != p.ID {
			t.Errorf("list %+v", list)
		}
		if !blocked() {
			t.Error("not blocked")
		}
		_, err = b.Lift(ctx, p2.ID, "u-1")
		must(t, err)
		if blocked() {
			t.Error("lifted, and still blocked")
		}
		if r, err := b.Refuse(ctx, p3.ID, "u-9"); err != nil || r.State != BlockRefused {
			t.Errorf("%+v, %v", r, err)
		}
	})
}
