package crisis

import (
	"slices"
	"time"
)

// untreed is the pause before the call tree is asked for again when nobody could say whom to alert.
const untreed = time.Second

// alarm begins the search for a supervisor who answers for a step, or for a form, from the beginning of the call tree. One that is going on goes on, so that one late
// step after the other cannot keep it among the first of the tree; only the danger itself, when it grows, begins it anew. A form that is missing meanwhile
// rings when it ends: see quiet.
func (t *turn) alarm(reason StepName) {
	if t.Alarm.On && (reason != StepAcknowledge || t.Alarm.Reason == StepAcknowledge) {
		return
	}
	t.Alarm = Alarm{On: true, Reason: reason, Since: t.e.At, Round: 1, Forms: t.Alarm.Forms}
	t.ring()
}

// ring alerts the next of the call tree. In the first round it is one after the other, the supervisor who knows the incident first; later everybody who
// is at a console at once, and one telephone after the other. Who was alerted stays so until somebody answers. When all were tried, it begins again
// after a pause, and never ends by itself.
func (t *turn) ring() {
	a, at := &t.Alarm, t.e.At
	if !t.e.Treed {
		a.Now, a.Until = nil, at // whoever told it does not know: the worker asks at once
		if t.e.Kind == EventDue {
			a.Until = at.Add(untreed)
		}
		return
	}
	left := t.untried()
	if len(left) == 0 {
		if len(a.Tried) > 0 {
			a.Round++
		}
		a.Now, a.Tried, a.Until = nil, nil, at.Add(seconds(t.p.Deadlines.Round))
		return
	}
	a.Now = left[:1:1]
	if a.Round > 1 {
		a.Now = loud(left)
	}
	a.Tried = append(a.Tried, a.Now...)
	wait := seconds(t.p.Deadlines.Acknowledge)
	if slices.ContainsFunc(a.Now, func(r Rung) bool { return r.Via == ViaPhone }) {
		wait = seconds(t.p.Deadlines.Phone)
	}
	a.Until = at.Add(wait)
	for _, r := range a.Now {
		kind := EffectAlert
		if r.Via == ViaPhone {
			kind = EffectPhone
		}
		t.do(Effect{Kind: kind, User: r.User, Until: a.Until, Step: a.Reason, Round: a.Round})
	}
}

// formLate has a missing form ring, as soon as nothing else does.
func (t *turn) formLate() {
	t.Alarm.Forms = append(t.Alarm.Forms, Missing{Call: t.e.Call, Owes: t.e.Other, Since: t.e.At})
	t.alarm(StepForm)
}

// formIn forgets a missing form, and with the last one what rings for them.
func (t *turn) formIn() {
	t.Alarm.Forms = slices.DeleteFunc(t.Alarm.Forms, t.e.brings)
	if len(t.Alarm.Forms) == 0 && t.Alarm.Reason == StepForm {
		t.quiet()
	}
}

// brings tells whether a missing form is there by an event, or waited for no more. One that names no call says so of all: the first ones did.
func (e Event) brings(m Missing) bool { return e.Call == "" || m.Call == e.Call && m.Owes == e.Other }

// barred are those whom an alarm does not ring for: who talks, and for a form who owes it, or would be refused as who talked.
func (t *turn) barred(user string) bool {
	owes := func(m Missing) bool { return m.Owes == user }
	form := t.Alarm.Reason == StepForm
	return user == "" || user == t.Counsellor && (t.OnLine || form) || form && slices.ContainsFunc(t.Alarm.Forms, owes)
}

// untried are those of the tree who can still be alerted in this round, in order.
func (t *turn) untried() []Rung {
	var first, rest []Rung
	for _, r := range t.e.Tree {
		switch {
		case t.barred(r.User) || slices.ContainsFunc(t.Alarm.Tried, r.same) || slices.ContainsFunc(first, r.same) || slices.ContainsFunc(rest, r.same):
		case r.User == t.Supervisor:
			first = append(first, r)
		default:
			rest = append(rest, r)
		}
	}
	return append(first, rest...)
}

func (r Rung) same(o Rung) bool { return r.User == o.User && r.Via == o.Via }

// loud is everybody at a console and the next telephone.
func loud(left []Rung) []Rung {
	var now []Rung
	phone := false
	for _, r := range left {
		if r.Via == ViaPhone {
			if phone {
				continue
			}
			phone = true
		}
		now = append(now, r)
	}
	return now
}

// answer is what somebody said to the alarm.
func (t *turn) answer() {
	e := t.e
	if e.Kind == EventDeclined {
		t.Alarm.Now = slices.DeleteFunc(t.Alarm.Now, func(r Rung) bool { return r.User == e.By && r.Via == e.Via })
		if len(t.Alarm.Now) == 0 {
			t.ring()
		}
		return
	}
	t.Supervisor, t.AckAt, t.AckVia = e.By, e.At, e.Via
	if t.AckVia == "" {
		t.AckVia = ViaConsole
	}
	if e.Kind == EventAcked && !e.Until.IsZero() {
		t.AckAt = e.Until
	}
	if t.Alarm.Reason == StepForm {
		t.Alarm.Forms = nil
	}
	t.quiet()
}

// quiet ends the alarm and everything that rings for it. A form for which nobody answered yet rings from then on.
func (t *turn) quiet() {
	if t.Alarm.On {
		t.Alarm.On, t.Alarm.Now, t.Alarm.Tried, t.Alarm.Until = false, nil, nil, time.Time{}
	}
	t.do(Effect{Kind: EffectQuiet})
	if len(t.Alarm.Forms) > 0 {
		t.restart(StepAcknowledge)
		t.alarm(StepForm)
	}
}

// nudge tells somebody at a console, without waiting for an answer.
func (t *turn) nudge(user string, step StepName) {
	if user != "" {
		t.do(Effect{Kind: EffectNudge, User: user, Until: t.e.At.Add(seconds(t.p.Deadlines.Again)), Step: step, Round: 1})
	}
}

// due looks at every deadline that passed. A late step gets another deadline, and whoever is to do it is told; when that was told before, or it is one
// that cannot wait, a supervisor must answer for it.
func (t *turn) due() {
	at := t.e.At
	var alarms []StepName
	for i := range t.Steps {
		s := &t.Steps[i]
		if !s.State.live() || s.Due.After(at) {
			continue
		}
		if s.Name == StepAcknowledge { // the alarm goes on below
			s.State, s.Late = StepLate, s.Late+1
			continue
		}
		again := t.p.Deadlines.Again
		if s.Name.after() && s.Name != StepNext {
			again = t.p.Deadlines.Remind
		}
		s.State, s.Late, s.Due = StepLate, s.Late+1, at.Add(seconds(again))
		if s.Late > s.Name.nudges() {
			alarms = append(alarms, s.Name)
			continue
		}
		t.nudge(s.Owner, s.Name)
		if t.Supervisor != s.Owner {
			t.nudge(t.Supervisor, s.Name)
		}
	}
	if t.Alarm.On && !t.Alarm.Until.After(at) {
		t.ring()
	}
	for _, name := range alarms {
		t.alarm(name)
	}
}
