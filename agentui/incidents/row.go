// Package incidents puts what the escalation knows of an incident into the console's vocabulary: the row that every page shows, and the whole of it.
// It decides nothing: who may see it is asked before.
package incidents

import (
	"slices"

	"hotline/agentui/protocol"
	"hotline/crisis"
)

// newsShown is how much of the latest a row tells.
const newsShown = 3

// Names puts ids into words for one reader.
type Names interface {
	Person(user string) string
	Line(id string) string
	Contact(id string) string // of the phonebook; empty while it is not known
}

// State is one incident with what stands beside it.
type State struct {
	Incident crisis.Incident
	Alerts   []crisis.Alert // that stand now
	Latest   []crisis.Event // newest last; more than a row shows is no harm
}

// Row is an incident as one reader sees it on every page.
func Row(s State, reader string, n Names) protocol.IncidentRow {
	in := s.Incident
	row := protocol.IncidentRow{
		Incident: in.ID, Seq: int64(in.Seq), Level: string(in.Level), Trigger: string(in.Trigger()), State: string(in.State), Call: in.Call(),
		Line: in.Line, LineName: n.Line(in.Line), OpenedAt: protocol.Millis(in.Opened), Mine: part(in, reader),
		Counsellor: in.Counsellor, CounsellorName: n.Person(in.Counsellor), Supervisor: in.Supervisor, SupervisorName: n.Person(in.Supervisor),
		AcknowledgedAt: protocol.Millis(in.AckAt), JoinedAt: protocol.Millis(in.Joined), Second: in.Second, SecondName: n.Person(in.Second),
		Asked: asked(in.Alarm, n), Last: latest(s.Latest, n), WantsSecond: WantsSecond(in),
	}
	if step, ok := in.Next(); ok {
		row.Step, row.DueAt, row.Owner, row.OwnerName = string(step.Name), protocol.Millis(step.Due), step.Owner, n.Person(step.Owner)
	}
	for _, a := range s.Alerts {
		if a.User == reader && !a.Nudge {
			row.Alert = &protocol.IncidentAlert{At: protocol.Millis(a.At), Until: protocol.Millis(a.Until), Round: a.Round, Step: string(a.Step)}
		}
	}
	return row
}

// Listed is an incident as a list shows it.
func Listed(in crisis.Incident, reader string, n Names) protocol.IncidentListed {
	out := protocol.IncidentListed{IncidentRow: Row(State{Incident: in}, reader, n), ClosedAt: protocol.Millis(in.Closed), Report: duty(in.Report, n)}
	if in.Closure != nil {
		out.Outcome = in.Closure.Outcome
	}
	return out
}

// part is what a person is in an incident.
func part(in crisis.Incident, who string) string {
	switch who {
	case "":
		return ""
	case in.Counsellor, in.Carer: // who looks after the person has the counsellor's part
		return "counsellor"
	case in.Supervisor:
		return "supervisor"
	case in.Second:
		return "second"
	}
	return ""
}

// HasPart tells whether a person has to do with an incident: a part in it, or its next step by name.
func HasPart(in crisis.Incident, who string) bool {
	return part(in, who) != "" || who != "" && in.NextStep != nil && in.NextStep.Who == who
}

// Stands tells whether pages show an incident by itself: until it is closed, and again while somebody is asked for what was to come after the closing and
// did not.
func Stands(in crisis.Incident) bool { return in.State != crisis.StateClosed || in.Alarm.On }

// WantsSecond tells whether somebody is wanted for the dispatch checklist.
func WantsSecond(in crisis.Incident) bool {
	step := in.Step(crisis.StepSecond)
	return in.State == crisis.StateOpen && in.Second == "" && (step.State == crisis.StepActive || step.State == crisis.StepLate)
}

func asked(a crisis.Alarm, n Names) []protocol.IncidentAsked {
	out := []protocol.IncidentAsked{}
	if !a.On {
		return out
	}
	for _, r := range a.Now {
		out = append(out, protocol.IncidentAsked{User: r.User, Name: n.Person(r.User), Way: string(r.Via), Until: protocol.Millis(a.Until)})
	}
	return out
}

func latest(events []crisis.Event, n Names) []protocol.IncidentNews {
	out := []protocol.IncidentNews{}
	for _, e := range slices.Backward(events) {
		if len(out) == newsShown {
			break
		}
		if e.Kind == crisis.EventDue {
			continue // the deadline itself is on the row
		}
		out = append(out, protocol.IncidentNews{Kind: string(e.Kind), At: protocol.Millis(e.At), By: e.By, ByName: n.Person(e.By), About: about(e, n)})
	}
	return out
}

// about names what an event is about, when that is not private.
func about(e crisis.Event, n Names) string {
	switch e.Kind {
	case crisis.EventFact, crisis.EventConsent:
		return e.Code
	case crisis.EventLevel:
		return string(e.Level)
	case crisis.EventOpened, crisis.EventTriggered:
		return string(e.Trigger)
	case crisis.EventAsked, crisis.EventService, crisis.EventNoService, crisis.EventDisclosed:
		return n.Contact(e.Contact)
	}
	return ""
}
