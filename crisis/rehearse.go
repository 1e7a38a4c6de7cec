package crisis

import (
	"context"
	"errors"
	"time"

	"hotline/storage"
)

// Rehearsal is what another policy would have made of what happened: the same people doing the same things at the same times.
type Rehearsal struct {
	From, To  time.Time
	Incidents int // that were looked at
	Before    Tally
	After     Tally
	// Opened are triggers that opened nothing and would have; Unopened are incidents that would not have been opened.
	Opened   []Opened
	Unopened []string
	// Changed are the incidents that would have gone another way, newest first.
	Changed []Change
	Minors  MinorTally // of tasks about minors
	// Cut says that there were more incidents than could be looked at.
	Cut bool
}

// MinorTally counts tasks about minors, and those that were and would have been late to be asked about or to be reported.
type MinorTally struct {
	Tasks, Before, After int
}

// Opened is a trigger that would have opened an incident.
type Opened struct {
	Trigger TriggerKind
	Level   Level
	At      time.Time
}

// Tally counts what a policy asks of people.
type Tally struct {
	Alerts  int `json:"alerts"` // at consoles
	Phones  int `json:"phones"`
	Nudges  int `json:"nudges"`
	Late    int `json:"late"` // steps that were late
	Reports int `json:"reports"`
	// Longest is the longest time until a supervisor answered, in seconds.
	Longest int `json:"longest"`
}

// Change is one incident that would have gone another way.
type Change struct {
	Incident string
	Opened   time.Time
	Before   Tally
	After    Tally
	Refused  []Refusal // what people did and could not have done
}

// Refusal is one act that another policy refuses.
type Refusal struct {
	Kind    EventKind
	By      string
	At      time.Time
	Missing []Precondition // of a closing
}

// mostRehearsed bounds how many incidents a rehearsal looks at, the newest ones; mostPassed how many deadlines of one.
const (
	mostRehearsed = 2000
	mostPassed    = 5000
)

// Rehearse plays what happened since a time again under another policy. Both policies are played by the same rules, so that what differs comes from the
// policies alone: each passed deadline alerts who was in the call tree at that time, and people answer when they did.
func (s *Store) Rehearse(ctx context.Context, p Policy, from time.Time) (Rehearsal, error) {
	out := Rehearsal{From: from, To: s.now()}
	heads, err := storage.Select(ctx, s.db, func(r storage.Row) (h head, err error) { return h, r.Scan(&h.id, &h.policy) },
		`SELECT id, policy FROM incidents WHERE opened_ms >= ? ORDER BY opened_ms DESC, id DESC LIMIT ?`, storage.Millis(from), mostRehearsed+1)
	if err != nil {
		return out, wrap("rehearse", err)
	}
	if out.Cut = len(heads) > mostRehearsed; out.Cut {
		heads = heads[:mostRehearsed]
	}
	for _, h := range heads {
		old, err := s.policy(ctx, h.policy)
		if err != nil {
			return out, err
		}
		events, err := s.Timeline(ctx, h.id)
		if err != nil {
			return out, err
		}
		out.add(h.id, events, old, p)
	}
	return out, s.rehearseTriggers(ctx, p, from, &out)
}

func (r *Rehearsal) add(id string, events []Event, old, p Policy) {
	before, _ := play(id, events, old, r.To)
	after, refused := play(id, events, p, r.To)
	r.Incidents++
	r.Before, r.After = r.Before.plus(before), r.After.plus(after)
	if first := events[0]; first.Kind == EventOpened {
		if _, opens := p.Answer(Trigger{Kind: first.Trigger, Level: first.Level}); !opens {
			r.Unopened = append(r.Unopened, id)
		}
	}
	if before != after || len(refused) > 0 {
		r.Changed = append(r.Changed, Change{id, events[0].At, before, after, refused})
	}
}

func (s *Store) rehearseTriggers(ctx context.Context, p Policy, from time.Time, out *Rehearsal) error {
	all, err := storage.Select(ctx, s.db, func(r storage.Row) (t Trigger, err error) {
		var at int64
		err = r.Scan(&t.Kind, &t.Level, &at)
		t.At = storage.Time(at)
		return t, err
	}, `SELECT kind, level, at_ms FROM incident_triggers WHERE at_ms >= ? AND incident = '' ORDER BY at_ms DESC LIMIT ?`, storage.Millis(from), mostRehearsed)
	for _, t := range all {
		if level, opens := p.Answer(t); opens {
			out.Opened = append(out.Opened, Opened{t.Kind, level, t.At})
		}
	}
	return wrap("rehearse", err)
}

// play lets what people did happen under a policy, with its deadlines in between. Pure.
func play(id string, events []Event, p Policy, until time.Time) (Tally, []Refusal) {
	in, tally, refused := Incident{ID: id}, Tally{}, []Refusal(nil)
	var tree []Rung
	passed := 0
	pass := func(to time.Time) {
		for due := in.Due(); !due.IsZero() && !due.After(to) && passed < mostPassed; due = in.Due() {
			passed++
			next, effects := Next(in, Event{Kind: EventDue, At: due, By: BySystem, Data: Data{Tree: tree, Treed: true}}, p)
			if next.Seq == in.Seq {
				return
			}
			in = next
			tally.count(effects)
		}
	}
	for _, e := range events {
		if e.Treed {
			tree = e.Tree
		}
		if e.Kind == EventDue {
			continue // deadlines are the policy's
		}
		pass(e.At)
		if e.Kind.rings() {
			e.Tree, e.Treed = tree, true
		}
		if err := judge(in, e, p); err != nil && !errors.Is(err, errNothing) && !errors.Is(err, ErrClosed) {
			r := Refusal{Kind: e.Kind, By: e.By, At: e.At}
			if barred, ok := errors.AsType[*NotReadyError](err); ok {
				r.Missing = barred.Missing
			}
			refused = append(refused, r)
			continue
		}
		rang := in.Alarm
		next, effects := Next(in, e, p)
		in = next
		tally.count(effects)
		if rang.On && (!in.Alarm.On || in.Alarm.Reason == StepForm && rang.Reason != StepForm) { // one for a form may begin as it ends
			tally.Longest = max(tally.Longest, int(e.At.Sub(rang.Since).Seconds()))
		}
	}
	pass(until)
	for _, st := range in.Steps {
		if st.Late > 0 {
			tally.Late++
		}
	}
	if in.Report.Owed {
		tally.Reports++
	}
	return tally, refused
}

func (t *Tally) count(effects []Effect) {
	for _, f := range effects {
		switch f.Kind {
		case EffectAlert:
			t.Alerts++
		case EffectPhone:
			t.Phones++
		case EffectNudge:
			t.Nudges++
		}
	}
}

func (t Tally) plus(o Tally) Tally {
	return Tally{t.Alerts + o.Alerts, t.Phones + o.Phones, t.Nudges + o.Nudges, t.Late + o.Late, t.Reports + o.Reports, max(t.Longest, o.Longest)}
}
