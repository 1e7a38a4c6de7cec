package crisis

import (
	"maps"
	"slices"
	"time"
)

// Next says what an incident becomes by an event, and what follows from it. It is pure: the same events under the same policy give the same incident,
// in every process and at any later time. An event that does not fit changes nothing. in is not changed.
func Next(in Incident, e Event, p Policy) (Incident, []Effect) {
	if judge(in, e, p) != nil {
		return in, nil
	}
	return advance(in, e, p)
}

// advance is Next for an event that fits.
func advance(in Incident, e Event, p Policy) (Incident, []Effect) {
	n := turn{in.clone(), e, p, nil}
	n.Seq++
	n.Changed = latest(n.Changed, e.At)
	n.apply()
	n.settle()
	n.ownSteps()
	return n.Incident, n.effects
}

// turn is one application of an event.
type turn struct {
	Incident
	e       Event
	p       Policy
	effects []Effect
}

func (t *turn) do(e Effect) { t.effects = append(t.effects, e) }

func (t *turn) said() Said { return Said{By: t.e.By, At: t.e.At, Text: t.e.Text} }

func (t *turn) apply() {
	e := t.e
	switch e.Kind {
	case EventOpened:
		t.open()
	case EventTriggered:
		t.triggered()
	case EventLevel:
		t.Assessed = e.At
		t.raise(e.Level)
		t.Level = e.Level
	case EventDue:
		t.due()
	case EventAcked, EventDeclined, EventLead:
		t.answer()
	case EventJoined:
		t.Joined = e.At
	case EventCall:
		t.call()
	case EventCallEnded:
		t.OnLine, t.CutOff = false, e.Cut
	case EventReached:
		t.CutOff = false
	case EventFile:
		t.File, t.Reporter = e.File, e.Other
	case EventSecond:
		t.Second, t.Region = e.By, e.Code
	case EventCare:
		t.Carer = e.By
	case EventFact:
		t.Facts[FactKind(e.Code)] = Fact{e.Known, t.said()}
	case EventConsent:
		t.Consent = Consent{ConsentAnswer(e.Code), t.said()}
	case EventMeasure:
		t.Measures = append(t.Measures, Measure{e.Code, MeasureOutcome(e.Outcome), t.said()})
	case EventAuthorised:
		t.Authorisation = &Authorisation{Ground(e.Code), t.said()}
	case EventAsked, EventService, EventNoService:
		t.serve()
	case EventDisclosed:
		t.Disclosures = append(t.Disclosures, Disclosure{e.Contact, maps.Clone(e.Fields), t.said()})
	case EventChecked:
		t.Checked[e.Code] = t.said()
	case EventSkipped:
		t.Skipped[e.Step] = t.said()
	case EventNote:
		t.Notes = append(t.Notes, t.said())
	case EventArrived:
		t.Arrival = &Arrival{e.Who, e.How, t.said()}
	case EventNextStep:
		t.NextStep = &NextStep{What: e.Text, Who: e.Other, Until: e.Until, Said: t.said()}
	case EventNextDone:
		t.NextStep.Done = e.At
	case EventFormLate:
		if e.Step == StepForm {
			t.formLate()
		}
	case EventFormIn:
		t.formIn()
	default:
		t.closing()
	}
}

func (t *turn) open() {
	e := t.e
	t.Incident = Incident{
		ID: t.ID, Seq: 1, Policy: e.Policy, State: StateOpen, Level: e.Level, Opened: e.At, Changed: e.At, Line: e.Line, Ref: e.Ref, File: e.File,
		Counsellor: e.Other, CutOff: e.Trigger.lost(), Facts: map[FactKind]Fact{}, Checked: map[string]Said{}, Skipped: map[StepName]Said{},
	}
	for _, name := range StepNames() {
		t.Steps = append(t.Steps, Step{Name: name, State: StepWaiting})
	}
	if e.Call != "" {
		t.Calls, t.OnLine = []string{e.Call}, !e.Trigger.lost()
	}
	t.told()
	t.alarm(StepAcknowledge)
}

// told notes a trigger. A level that a person said is the assessment.
func (t *turn) told() {
	e := t.e
	t.Triggers = append(t.Triggers, Told{e.Trigger, e.Call, e.Level, t.said()})
	if (e.Trigger == TriggerLevel || e.Trigger == TriggerPerson) && e.By != BySystem && e.By != ByCaller {
		t.Assessed = e.At
	}
}

// triggered is a further trigger of the same danger: it may raise the level, never lower it, and takes back a proposal to close.
func (t *turn) triggered() {
	e := t.e
	t.told()
	if !t.Level.Over(e.Level) {
		t.reopenProposal()
	}
	if t.Ref == "" {
		t.Ref = e.Ref
	}
	if t.File == "" {
		t.File = e.File
	}
	switch {
	case e.Trigger.lost():
		if e.Call == t.Call() {
			t.OnLine = false
		}
		t.CutOff = t.CutOff || !t.OnLine
	case e.Call != "":
		t.onLine(e.Call)
	}
	t.talks(e.Other)
	if !t.raise(e.Level) {
		t.nudge(t.Supervisor, StepAcknowledge)
	}
}

// raise brings the level up, and the supervisor with it; false when it was as high before.
func (t *turn) raise(to Level) bool {
	if !to.Over(t.Level) {
		return false
	}
	t.Level = to
	t.reopenProposal()
	if t.Supervisor == "" || t.e.By != t.Supervisor { // who raised it knows
		t.alarm(StepAcknowledge)
	}
	return true
}

func (t *turn) reopenProposal() {
	if t.State == StateClosing {
		t.State, t.Proposal = StateOpen, nil
		t.restart(StepClose)
	}
}

func (t *turn) call() {
	t.reopenProposal()
	t.onLine(t.e.Call)
	t.talks(t.e.Other)
}

// talks says who talks with the person now; whoever looked after the person meanwhile is free of it.
func (t *turn) talks(counsellor string) {
	if counsellor != "" {
		t.Counsellor, t.Carer = counsellor, ""
	}
}

// onLine says that the person is on the line, perhaps with a new call: a supervisor has to listen again then.
func (t *turn) onLine(call string) {
	t.OnLine, t.CutOff = true, false
	if call != t.Call() {
		t.Calls = append(t.Calls, call)
		t.Joined = time.Time{}
	}
}

func (t *turn) serve() {
	e := t.e
	i := slices.IndexFunc(t.Services, func(s Service) bool { return s.Contact == e.Contact })
	if i < 0 {
		t.Services = append(t.Services, Service{Contact: e.Contact, Asked: e.At, AskedBy: e.By})
		i = len(t.Services) - 1
	}
	switch s := &t.Services[i]; e.Kind {
	case EventAsked:
		s.Asked, s.AskedBy, s.Failed = e.At, e.By, time.Time{}
	case EventService:
		s.Joined, s.Failed = e.At, time.Time{}
	default:
		s.Failed = e.At
	}
}

func (t *turn) closing() {
	e := t.e
	switch e.Kind {
	case EventProposed:
		t.State, t.Proposal = StateClosing, &Proposal{e.Code, t.said()}
		t.restart(StepClose)
	case EventRefused:
		t.reopenProposal()
	case EventClosed:
		o, _ := t.p.Outcome(t.Proposal.Outcome)
		t.State, t.Closed, t.Closure = StateClosed, e.At, &Closure{o.ID, t.Proposal.Said, t.said()}
		t.Proposal = nil
		t.quiet()
		if o.FollowUp && t.Planned.Done.IsZero() {
			t.Planned = Duty{Owed: true, Due: e.At.Add(t.p.Deadlines.of(StepFollowUps))}
			t.do(Effect{Kind: EffectFollowUp})
		}
		if t.Counsellor != "" && t.Debrief.Done.IsZero() {
			t.Debrief = Duty{Owed: true, Due: e.At.Add(t.p.Deadlines.of(StepDebrief))}
			t.do(Effect{Kind: EffectDebrief, User: t.Counsellor})
		}
	case EventReopened:
		t.State, t.Closed, t.Closure = StateOpen, time.Time{}, nil
		t.Arrival, t.NextStep = nil, nil // what was believed did not hold
		t.Notes = append(t.Notes, t.said())
		if e.By != t.Counsellor {
			t.Supervisor, t.AckAt, t.AckVia = e.By, e.At, ViaConsole
		} else {
			t.alarm(StepAcknowledge)
		}
	case EventReported:
		t.Report.Done, t.Report.By, t.Report.Ref = e.At, e.By, e.Code
	case EventPlanned:
		t.Planned.Done, t.Planned.By, t.Planned.Ref = e.At, e.By, e.Code
	case EventDebriefed:
		t.Debrief.Done, t.Debrief.By, t.Debrief.Ref = e.At, e.By, e.Code
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (i Incident) clone() Incident {
	i.Triggers, i.Calls, i.Steps = slices.Clone(i.Triggers), slices.Clone(i.Calls), slices.Clone(i.Steps)
	i.Measures, i.Services, i.Disclosures = slices.Clone(i.Measures), slices.Clone(i.Services), slices.Clone(i.Disclosures)
	i.Notes = slices.Clone(i.Notes)
	i.Facts, i.Checked, i.Skipped = maps.Clone(i.Facts), maps.Clone(i.Checked), maps.Clone(i.Skipped)
	i.Alarm.Tried, i.Alarm.Now = slices.Clone(i.Alarm.Tried), slices.Clone(i.Alarm.Now)
	i.Alarm.Forms = slices.Clone(i.Alarm.Forms)
	i.Authorisation, i.Arrival, i.NextStep = copied(i.Authorisation), copied(i.Arrival), copied(i.NextStep)
	i.Proposal, i.Closure = copied(i.Proposal), copied(i.Closure)
	return i
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}
