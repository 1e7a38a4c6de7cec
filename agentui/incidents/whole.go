package incidents

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"hotline/agentui/protocol"
	"hotline/crisis"
)

// Whole is all of an incident for who may see it. Timeline has all of its events, policy is the one by which it lives, version its number.
func Whole(s State, timeline []crisis.Event, p crisis.Policy, reader string, n Names, at time.Time) protocol.Incident {
	in := s.Incident
	out := protocol.Incident{
		IncidentRow: Row(s, reader, n), Triggers: []protocol.IncidentTrigger{}, Calls: append([]string{}, in.Calls...), OnLine: in.OnLine, CutOff: in.CutOff,
		File: in.File, Reporter: in.Reporter, Facts: []protocol.IncidentFact{}, Measures: []protocol.IncidentMeasure{},
		Services: []protocol.IncidentService{}, Packet: Packet(in, p), Disclosures: []protocol.IncidentDisclosure{}, Missing: missing(in, p, at),
		Checked: []protocol.IncidentMark{}, Skipped: []protocol.IncidentMark{}, Notes: []protocol.IncidentMark{},
		Report: duty(in.Report, n), FollowUps: duty(in.Planned, n), Debrief: duty(in.Debrief, n),
		Steps: []protocol.IncidentStep{}, Timeline: []protocol.IncidentEvent{}, Rules: rules(in, p),
	}
	for _, t := range in.Triggers {
		out.Triggers = append(out.Triggers, protocol.IncidentTrigger{
			Kind: string(t.Kind), At: protocol.Millis(t.At), By: t.By, ByName: n.Person(t.By), Level: string(t.Level), Call: t.Call, Text: t.Text,
		})
	}
	for _, kind := range crisis.FactKinds() {
		if f, ok := in.Facts[kind]; ok {
			out.Facts = append(out.Facts, protocol.IncidentFact{Kind: string(kind), Known: f.Known, Text: f.Text, At: protocol.Millis(f.At), ByName: n.Person(f.By)})
		}
	}
	work(&out, in, n)
	ending(&out, in, n)
	for _, step := range in.Steps {
		out.Steps = append(out.Steps, protocol.IncidentStep{
			Name: string(step.Name), State: string(step.State), Owner: step.Owner, OwnerName: n.Person(step.Owner), DueAt: protocol.Millis(step.Due), At: protocol.Millis(step.At),
			ByName: n.Person(step.By),
		})
	}
	for _, e := range timeline {
		out.Timeline = append(out.Timeline, event(e, p, n))
	}
	return out
}

// work is what was asked, tried and told.
func work(out *protocol.Incident, in crisis.Incident, n Names) {
	if c := in.Consent; c.Answer != "" {
		out.Consent = &protocol.IncidentConsent{Answer: string(c.Answer), Text: c.Text, At: protocol.Millis(c.At), ByName: n.Person(c.By)}
	}
	for _, m := range in.Measures {
		out.Measures = append(out.Measures, protocol.IncidentMeasure{Kind: m.Kind, Outcome: string(m.Outcome), Text: m.Text, At: protocol.Millis(m.At), ByName: n.Person(m.By)})
	}
	if a := in.Authorisation; a != nil {
		out.Authorisation = &protocol.IncidentAuthorisation{Ground: string(a.Ground), Text: a.Text, At: protocol.Millis(a.At), By: a.By, ByName: n.Person(a.By)}
	}
	for _, s := range in.Services {
		out.Services = append(out.Services, protocol.IncidentService{
			Contact: s.Contact, Name: n.Contact(s.Contact), AskedAt: protocol.Millis(s.Asked), ByName: n.Person(s.AskedBy), JoinedAt: protocol.Millis(s.Joined), FailedAt: protocol.Millis(s.Failed),
		})
	}
	for _, d := range in.Disclosures {
		out.Disclosures = append(out.Disclosures, protocol.IncidentDisclosure{
			Contact: d.Contact, To: n.Contact(d.Contact), At: protocol.Millis(d.At), By: d.By, ByName: n.Person(d.By), Packet: packet(d.Fields),
		})
	}
	out.Checked = marks(in.Checked, n)
	out.Skipped = marks(in.Skipped, n)
	for _, said := range in.Notes {
		out.Notes = append(out.Notes, protocol.IncidentMark{Text: said.Text, At: protocol.Millis(said.At), ByName: n.Person(said.By)})
	}
}

// ending is what came of it.
func ending(out *protocol.Incident, in crisis.Incident, n Names) {
	if a := in.Arrival; a != nil {
		out.Arrival = &protocol.IncidentArrival{Who: a.Who, How: a.How, At: protocol.Millis(a.At), ByName: n.Person(a.By)}
	}
	if s := in.NextStep; s != nil {
		out.Next = &protocol.IncidentNext{
			What: s.What, Owner: s.Who, OwnerName: n.Person(s.Who), Until: protocol.Millis(s.Until), DoneAt: protocol.Millis(s.Done), At: protocol.Millis(s.At), ByName: n.Person(s.By),
		}
	}
	switch {
	case in.Closure != nil:
		c := in.Closure
		out.Closure = &protocol.IncidentClosure{
			Outcome: c.Outcome, Text: c.Proposed.Text, ProposedAt: protocol.Millis(c.Proposed.At), ProposedBy: c.Proposed.By, ProposedByName: n.Person(c.Proposed.By),
			ConfirmedAt: protocol.Millis(c.Agreed.At), ConfirmedBy: c.Agreed.By, ConfirmedByName: n.Person(c.Agreed.By),
		}
	case in.Proposal != nil:
		c := in.Proposal
		out.Closure = &protocol.IncidentClosure{
			Outcome: c.Outcome, Text: c.Text, ProposedAt: protocol.Millis(c.At), ProposedBy: c.By, ProposedByName: n.Person(c.By),
		}
	}
}

// event is one line of the timeline.
func event(e crisis.Event, p crisis.Policy, n Names) protocol.IncidentEvent {
	params := map[string]string{}
	for key, value := range map[string]string{
		"trigger": string(e.Trigger), "level": string(e.Level), "other": n.Person(e.Other), "via": string(e.Via), "step": string(e.Step), "code": e.Code,
		"outcome": e.Outcome, "contact": n.Contact(e.Contact), "who": e.Who, "how": e.How,
	} {
		if value != "" {
			params[key] = value
		}
	}
	for key, value := range map[string]bool{"known": e.Known, "cut": e.Cut} {
		if value {
			params[key] = "yes"
		}
	}
	if !e.Until.IsZero() {
		params["until"] = strconv.FormatInt(protocol.Millis(e.Until), 10)
	}
	return protocol.IncidentEvent{
		Seq: int64(e.Seq), At: protocol.Millis(e.At), Kind: string(e.Kind), By: e.By, ByName: n.Person(e.By), Params: params, Text: e.Text, Packet: ordered(e.Fields, p),
	}
}

func duty(d crisis.Duty, n Names) protocol.IncidentDuty {
	return protocol.IncidentDuty{Owed: d.Owed, DueAt: protocol.Millis(d.Due), DoneAt: protocol.Millis(d.Done), By: d.By, ByName: n.Person(d.By)}
}

func marks[K ~string](all map[K]crisis.Said, n Names) []protocol.IncidentMark {
	out := []protocol.IncidentMark{}
	for item, said := range all {
		out = append(out, protocol.IncidentMark{Item: string(item), Text: said.Text, At: protocol.Millis(said.At), ByName: n.Person(said.By)})
	}
	slices.SortFunc(out, func(a, b protocol.IncidentMark) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Item, b.Item))
	})
	return out
}

// missing is what stands between an incident and the end that was proposed, or else any end with a confirmation.
func missing(in crisis.Incident, p crisis.Policy, at time.Time) []string {
	out := []string{}
	if in.State == crisis.StateClosed {
		return out
	}
	outcome := ""
	if in.Proposal != nil {
		outcome = in.Proposal.Outcome
	}
	for _, need := range in.Missing(outcome, p, at) {
		out = append(out, string(need))
	}
	return out
}
