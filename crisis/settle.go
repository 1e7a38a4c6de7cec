package crisis

import "time"

// want is whether a step is needed now.
type want int

const (
	wantNot want = iota // not its turn, or not needed as things stand
	wanted
	wantDone
)

// settle brings every step to where it stands by what is known: what is needed becomes active with a deadline, what is done is done. Steps follow from
// the facts, so no event can forget one.
func (t *turn) settle() {
	if t.State != StateClosed {
		t.Report.Owed = t.p.Report.From.Valid() && !t.p.Report.From.Over(t.Level)
		t.Report.Due = t.Opened.Add(t.p.Deadlines.of(StepReport))
	}
	for i := range t.Steps {
		s := &t.Steps[i]
		switch t.want(s.Name) {
		case wanted:
			if !s.State.live() {
				s.State, s.Due, s.Late, s.By, s.At = StepActive, t.firstDue(s.Name), 0, "", time.Time{}
				s.First = s.Due
			}
			if s.Name == StepAcknowledge {
				s.Due = t.Alarm.Until
			}
		case wantDone:
			if s.State != StepDone && s.State != StepSkipped {
				s.end(StepDone, t.e.By, t.doneAt(s.Name))
			}
		case wantNot:
			if s.State.live() {
				s.end(StepWaiting, "", time.Time{})
			}
		}
		if t.e.Kind == EventSkipped && t.e.Step == s.Name {
			s.end(StepSkipped, t.e.By, t.e.At)
		}
	}
}

// doneAt is when a step that is done by now was done: that of the event, but for an answer that was given before there was anything to answer.
func (t *turn) doneAt(name StepName) time.Time {
	if name == StepAcknowledge && t.e.Kind == EventAcked {
		return t.AckAt
	}
	return t.e.At
}

func (s *Step) end(state StepState, by string, at time.Time) {
	s.State, s.By, s.At, s.Due = state, by, at, time.Time{}
}

// restart gives a step its whole time again.
func (t *turn) restart(name StepName) {
	for i := range t.Steps {
		if t.Steps[i].Name == name {
			t.Steps[i].end(StepWaiting, "", time.Time{})
		}
	}
}

func (t *turn) firstDue(name StepName) time.Time {
	switch name {
	case StepNext:
		return t.NextStep.Until
	case StepReport:
		return t.Report.Due
	case StepFollowUps:
		return t.Planned.Due
	case StepDebrief:
		return t.Debrief.Due
	}
	return t.e.At.Add(t.p.Deadlines.of(name))
}

func (t *turn) want(name StepName) want {
	if t.skipped(name) {
		return wantNot
	}
	closed := t.State == StateClosed
	switch name {
	case StepAcknowledge:
		return either(t.Alarm.On, t.Supervisor != "")
	case StepNext:
		n := t.NextStep
		return either(n != nil && n.Done.IsZero() && t.Arrival == nil, n != nil)
	case StepReport:
		return either(t.Report.open(), !t.Report.Done.IsZero())
	case StepFollowUps:
		return either(closed && t.Planned.open(), !t.Planned.Done.IsZero())
	case StepDebrief:
		return either(closed && t.Debrief.open(), !t.Debrief.Done.IsZero())
	}
	if closed {
		return either(false, t.Step(name).State == StepDone || name == StepClose)
	}
	return t.wantOpen(name)
}

// wantOpen is want for the steps of an incident that is not closed.
func (t *turn) wantOpen(name StepName) want {
	acked := t.Supervisor != ""
	talk := acked && t.Counsellor != "" && t.OnLine
	rescue := t.Level == LevelHigh
	settled := t.Arrival != nil || t.NextStep != nil
	switch name {
	case StepJoin:
		return either(talk && t.Joined.IsZero(), !t.Joined.IsZero())
	case StepReach:
		return either(t.CutOff && t.Arrival == nil, t.Step(name).State.live())
	case StepSecond:
		return either(acked && rescue && t.Second == "" && !settled, t.Second != "")
	case StepFacts:
		return either(talk && rescue && !t.knows() && t.Arrival == nil, t.knows())
	case StepConsent:
		return either(talk && rescue && t.Consent.Answer == "" && t.Arrival == nil, t.Consent.Answer != "")
	case StepMeasures:
		return either(talk && rescue && len(t.Measures) == 0 && t.Arrival == nil, len(t.Measures) > 0)
	case StepAuthorise:
		return either(t.unauthorised(), t.Authorisation != nil)
	case StepService:
		return either(t.ringing(), len(t.Services) > 0)
	case StepDisclose:
		return either(len(t.untold()) > 0, len(t.Disclosures) > 0)
	case StepConfirm:
		return either(acked && !settled, settled)
	case StepClose:
		return either(acked && settled || t.State == StateClosing, false)
	}
	return wantNot
}

func either(now, done bool) want {
	switch {
	case now:
		return wanted
	case done:
		return wantDone
	}
	return wantNot
}

// knows tells whether everything that is asked for first was asked.
func (t *turn) knows() bool {
	for _, kind := range []FactKind{FactLocation, FactMeans, FactCompany, FactContacts} {
		if _, ok := t.Facts[kind]; !ok {
			return false
		}
	}
	return true
}

// ringing tells whether a service outside was asked and has neither come to the telephone nor failed to.
func (t *turn) ringing() bool {
	for _, s := range t.Services {
		if s.Joined.IsZero() && s.Failed.IsZero() {
			return true
		}
	}
	return false
}

// ownSteps names who is to do each step that is to be done.
func (t *turn) ownSteps() {
	desk := t.Second
	if desk == "" {
		desk = t.Supervisor
	}
	for i := range t.Steps {
		s := &t.Steps[i]
		if !s.State.live() {
			continue
		}
		switch s.Name {
		case StepAcknowledge:
			s.Owner = ""
			if len(t.Alarm.Now) == 1 {
				s.Owner = t.Alarm.Now[0].User
			}
		case StepFacts, StepConsent, StepMeasures:
			s.Owner = t.Counsellor
		case StepService, StepDisclose, StepConfirm:
			s.Owner = desk
		case StepNext:
			s.Owner = t.NextStep.Who
		case StepFollowUps:
			s.Owner = BySystem
		case StepClose:
			s.Owner = t.Supervisor
			if t.State == StateClosing && t.Proposal.By == s.Owner {
				s.Owner = "" // anybody but who proposed it
			}
		default:
			s.Owner = t.Supervisor
		}
	}
}
