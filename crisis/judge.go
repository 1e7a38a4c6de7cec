package crisis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of what is told.
const (
	MostText = 4000 // characters of one text
	// FarthestStep is how far away a named next step may be: what is later is a follow-up.
	FarthestStep = 14 * 24 * time.Hour
)

// judge says whether an event may be added to an incident: nil, errNothing when it would change nothing, or why it is refused. Pure.
func judge(in Incident, e Event, p Policy) error {
	if e.Kind == EventOpened {
		if in.Seq > 0 {
			return errNothing
		}
		return nil
	}
	if in.Seq == 0 {
		return ErrNotFound
	}
	if e.By == "" || e.At.IsZero() || !e.Words.fit() {
		return ErrInvalid
	}
	switch e.Kind {
	case EventDue:
		return changes(in.Due() != (time.Time{}) && !in.Due().After(e.At))
	case EventReopened:
		if in.State != StateClosed {
			return errNothing
		}
		return needs(e.Text)
	case EventFile:
		return changes(e.File != in.File || e.Other != in.Reporter)
	case EventCallEnded:
		return changes(in.OnLine && e.Call == in.Call())
	case EventReported:
		return changes(in.Report.open())
	case EventPlanned:
		return changes(in.Planned.open())
	case EventDebriefed:
		if e.By == in.Counsellor {
			return ErrSamePerson
		}
		return changes(in.Debrief.open())
	case EventNextDone:
		return changes(in.NextStep != nil && in.NextStep.Done.IsZero())
	case EventAcked, EventDeclined, EventLead:
		return judgeAlarm(in, e)
	case EventArrived: // also when it is closed with a next step: that was what everybody waited for
		if err := needs(e.Who, e.How); err != nil {
			return err
		}
		return changes(in.Arrival == nil)
	case EventNote:
		return needs(e.Text)
	case EventFormLate, EventFormKept:
		return changes(slices.Contains(in.Calls, e.Call))
	case EventFormIn:
		return changes(slices.ContainsFunc(in.Alarm.Forms, e.brings))
	case EventClosed:
		return judgeClosed(in, e, p)
	}
	if in.State == StateClosed {
		return ErrClosed
	}
	return judgeWork(in, e, p)
}

func judgeAlarm(in Incident, e Event) error {
	switch {
	case in.Over():
		return ErrClosed
	case e.Kind == EventDeclined:
		return changes(in.Alarm.On && slices.ContainsFunc(in.Alarm.Now, func(r Rung) bool { return r.User == e.By && r.Via == e.Via }))
	case e.By == in.Counsellor:
		return ErrSamePerson // who talks with the caller cannot be the one who looks after both
	case e.Kind == EventAcked:
		return changes(in.Alarm.On || in.Supervisor == "")
	}
	return changes(in.Supervisor != e.By || in.Alarm.On)
}

// judgeWork judges what is done while an incident is open.
func judgeWork(in Incident, e Event, p Policy) error {
	switch e.Kind {
	case EventTriggered:
		return nil
	case EventLevel:
		switch {
		case !e.Level.Valid():
			return ErrInvalid
		case in.Level.Over(e.Level) && (e.Other == "" || e.Other == e.By):
			return ErrSamePerson // a person may raise it alone; lowering it takes two
		}
		return changes(e.Level != in.Level || in.Assessed.IsZero())
	case EventJoined:
		return changes(in.Joined.IsZero() && e.By != in.Counsellor)
	case EventCall:
		if e.Call == "" {
			return ErrInvalid
		}
		return changes(!in.OnLine || in.Call() != e.Call || e.Other != "" && e.Other != in.Counsellor)
	case EventReached:
		return changes(in.CutOff)
	case EventSecond:
		if e.By == in.Counsellor {
			return ErrSamePerson
		}
		return changes(in.Second != e.By || in.Region != e.Code)
	case EventCare:
		if e.By == in.Supervisor || e.By == in.Second {
			return ErrSamePerson
		}
		return changes(e.By != cmp.Or(in.Carer, in.Counsellor))
	case EventFact:
		if !slices.Contains(FactKinds(), FactKind(e.Code)) || e.Known && strings.TrimSpace(e.Text) == "" {
			return ErrInvalid
		}
		return nil
	case EventConsent:
		return one(ConsentAnswer(e.Code), ConsentGiven, ConsentRefused, ConsentNotPossible)
	case EventMeasure:
		if !slices.ContainsFunc(p.Measures, func(m Named) bool { return m.ID == e.Code }) {
			return ErrInvalid
		}
		return one(MeasureOutcome(e.Outcome), MeasureHelped, MeasurePartly, MeasureNot, MeasureRefused)
	case EventAuthorised:
		return one(Ground(e.Code), Grounds()...)
	case EventChecked:
		if e.Code == "" {
			return ErrInvalid
		}
		_, known := in.Checked[e.Code]
		return changes(!known)
	case EventSkipped:
		if !e.Step.skippable() {
			return ErrInvalid
		}
		if err := needs(e.Text); err != nil {
			return err
		}
		return changes(in.Step(e.Step).State.live())
	case EventNextStep:
		if e.Other == "" || !e.Until.After(e.At) || e.Until.Sub(e.At) > FarthestStep {
			return ErrInvalid
		}
		return needs(e.Text)
	case EventAsked, EventService, EventNoService, EventDisclosed:
		return judgeService(in, e, p)
	case EventProposed, EventRefused:
		return judgeClosing(in, e, p)
	}
	return ErrInvalid
}

func judgeService(in Incident, e Event, p Policy) error {
	if e.Contact == "" {
		return ErrInvalid
	}
	s, known := in.service(e.Contact)
	switch e.Kind {
	case EventAsked:
		return changes(!known || !s.Failed.IsZero())
	case EventService:
		return changes(s.Joined.IsZero())
	case EventNoService:
		return changes(known && s.Joined.IsZero() && s.Failed.IsZero())
	}
	if len(e.Fields) == 0 {
		return ErrInvalid
	}
	for id, text := range e.Fields {
		if strings.TrimSpace(text) == "" || !slices.ContainsFunc(p.Disclosure, func(f Field) bool { return f.ID == id }) {
			return ErrInvalid // nothing beyond the packet is given
		}
	}
	return nil
}

func judgeClosing(in Incident, e Event, p Policy) error {
	if e.Kind == EventRefused {
		return changes(in.State == StateClosing)
	}
	if in.State == StateClosing && in.Proposal.By == e.By && in.Proposal.Outcome == e.Code {
		return errNothing
	}
	return ready(in, e.Code, p, e.At)
}

func judgeClosed(in Incident, e Event, p Policy) error {
	switch {
	case in.State == StateClosed:
		return errNothing
	case in.State == StateOpen:
		return &NotReadyError{[]Precondition{NeedProposal}}
	case in.Proposal.By == e.By:
		return ErrSamePerson
	}
	return ready(in, in.Proposal.Outcome, p, e.At)
}

func ready(in Incident, outcome string, p Policy, at time.Time) error {
	if _, ok := p.Outcome(outcome); !ok {
		return ErrInvalid
	}
	if missing := in.Missing(outcome, p, at); len(missing) > 0 {
		return &NotReadyError{missing}
	}
	return nil
}

func changes(it bool) error {
	if it {
		return nil
	}
	return errNothing
}

func needs(texts ...string) error {
	for _, t := range texts {
		if strings.TrimSpace(t) == "" {
			return ErrInvalid
		}
	}
	return nil
}

func one[S ~string](word S, of ...S) error {
	if !slices.Contains(of, word) {
		return fmt.Errorf("%w: %q", ErrInvalid, string(word))
	}
	return nil
}

// fit tells whether every text is one, and short enough to be kept.
func (w Words) fit() bool {
	ok := func(s string) bool { return utf8.ValidString(s) && utf8.RuneCountInString(s) <= MostText }
	for id, text := range w.Fields {
		if !ok(id) || !ok(text) {
			return false
		}
	}
	return ok(w.Text) && ok(w.Who) && ok(w.How) && len(w.Fields) <= 50
}
