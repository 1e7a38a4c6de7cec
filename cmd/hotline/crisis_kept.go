package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline/casework"
	"hotline/crisis"
	"hotline/queue"
)

// tellOf tells a danger of a call, and leaves it in the queue when it cannot: consoles alarm who leads from there.
func (l *lookout) tellOf(ctx context.Context, t crisis.Trigger, c queue.Call, now time.Time) error {
	err := l.tell(ctx, t)
	if a, alarms := queue.AlarmOf(c, now); err != nil && alarms {
		return errors.Join(err, l.index.KeepAlarm(ctx, a))
	}
	return err
}

// kept tells what waited in the queue while the database was away, and who said meanwhile that they come. What is told leaves the queue; killed between the two it
// is told again, under the same names.
func (l *lookout) kept(ctx context.Context, refs map[string]string) error {
	all, err := l.index.Alarms(ctx)
	faults := []error{err}
	for _, a := range all {
		err := l.keptOf(ctx, a, refs[string(a.Call)])
		if err == nil {
			err = l.index.ForgetAlarm(ctx, a)
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func (l *lookout) keptOf(ctx context.Context, a queue.Alarm, ref string) error {
	in, err := l.keptIn(ctx, a, ref)
	if err != nil || in.ID == "" || a.HeardBy == "" {
		return err
	}
	act := crisis.Act{By: string(a.HeardBy), Request: fmt.Sprintf("heard:%s:%d", a.Call, a.Heard.UnixMilli())}
	_, err = l.incidents.Heard(ctx, in.ID, act, a.Heard)
	if errors.Is(err, crisis.ErrClosed) || errors.Is(err, crisis.ErrSamePerson) {
		return nil // it is over, or who answered talks with the caller by now: others are asked
	}
	return err
}

// keptIn is the incident of an alarm that was kept; the zero one when the policy opens none.
func (l *lookout) keptIn(ctx context.Context, a queue.Alarm, ref string) (crisis.Incident, error) {
	call := string(a.Call)
	if a.At.IsZero() { // told already; somebody answered since
		all, err := l.incidents.OfCall(ctx, call)
		i := slices.IndexFunc(all, func(in crisis.Incident) bool { return in.State != crisis.StateClosed })
		if err != nil || i < 0 {
			return crisis.Incident{}, err
		}
		return all[i], nil
	}
	t := crisis.Trigger{
		Kind: crisis.TriggerDanger, Call: call, Line: string(a.Line), Ref: ref, By: crisis.ByCaller, Agent: string(a.Agent), At: a.At, Source: dangerSource(a.Call),
	}
	if a.By != "" {
		t.Kind, t.Level, t.By, t.Source = crisis.TriggerLevel, crisis.LevelHigh, string(a.By), levelSource(a.Call, queue.LevelHigh)
	}
	if ref == "" { // the call may be over by now
		row, err := l.ledger.Get(ctx, call)
		if err != nil && !errors.Is(err, casework.ErrNotFound) {
			return crisis.Incident{}, err
		}
		t.Ref = row.CallerRef
	}
	in, err := l.incidents.Trigger(ctx, t)
	if err != nil {
		return in, err
	}
	l.told[t.Source] = time.Now()
	l.log.Warn("a danger waited in the queue while the database was away", "trigger", t.Kind, "call_id", call, "incident", in.ID, "waited", time.Since(a.At).Round(time.Second))
	return in, nil
}

// helped says in the incident of a call for help who answered it beside: by the call for help itself, before the incident was in sight.
func (l *lookout) helped(ctx context.Context, who queue.AgentID, sos queue.SOS) error {
	name := fmt.Sprintf("helped:%s:%d", who, sos.At.UnixMilli())
	if _, done := l.told[name]; done || sos.AckBy == "" || sos.Call == "" {
		return nil
	}
	all, err := l.incidents.OfCall(ctx, string(sos.Call))
	if err != nil {
		return err
	}
	asked := func(t crisis.Told) bool { return t.Kind == crisis.TriggerSOS && t.By == string(who) }
	for _, in := range all {
		if in.State == crisis.StateClosed || in.Supervisor != "" || !slices.ContainsFunc(in.Triggers, asked) {
			continue
		}
		_, err := l.incidents.Heard(ctx, in.ID, crisis.Act{By: string(sos.AckBy), Request: name}, sos.AckAt)
		if err != nil && !errors.Is(err, crisis.ErrClosed) && !errors.Is(err, crisis.ErrSamePerson) {
			return err
		}
	}
	l.told[name] = time.Now()
	return nil
}
