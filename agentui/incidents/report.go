package incidents

import (
	"hotline/agentui/protocol"
	"hotline/crisis"
)

// Report is the form of an incident's report; answers are what was filed, nil when nothing was. The page fills what the incident says already, in the
// words of its reader.
func Report(in crisis.Incident, p crisis.Policy, answers map[string]string, n Names) protocol.IncidentReport {
	out := protocol.IncidentReport{
		Incident: in.ID, Names: words(p.Report.Names), Fields: []protocol.ReportField{}, Answers: words(answers), Report: duty(in.Report, n),
	}
	for _, f := range p.Report.Fields {
		out.Fields = append(out.Fields, protocol.ReportField{ID: f.ID, Names: words(f.Names), Required: f.Required, From: f.From})
	}
	return out
}

// Table is a report as a table of two columns, in the first of the languages that has a name.
func Table(r protocol.IncidentReport, locales ...string) [][]string {
	rows := [][]string{{named(r.Names, r.Incident, locales), r.Incident}}
	for _, f := range r.Fields {
		rows = append(rows, []string{named(f.Names, f.ID, locales), r.Answers[f.ID]})
	}
	return rows
}

func named(names map[string]string, otherwise string, locales []string) string {
	for _, l := range locales {
		if names[l] != "" {
			return names[l]
		}
	}
	for _, name := range names {
		return name
	}
	return otherwise
}

// Rehearsal is what another policy would have made of what happened.
func Rehearsal(r crisis.Rehearsal) protocol.PolicyRehearsal {
	out := protocol.PolicyRehearsal{
		From: protocol.Millis(r.From), To: protocol.Millis(r.To), Incidents: r.Incidents, Before: protocol.PolicyTally(r.Before), After: protocol.PolicyTally(r.After),
		Opened: []protocol.PolicyOpened{}, Unopened: append([]string{}, r.Unopened...), Changed: []protocol.PolicyChange{}, Minors: protocol.PolicyMinors(r.Minors), Cut: r.Cut,
	}
	for _, o := range r.Opened {
		out.Opened = append(out.Opened, protocol.PolicyOpened{Trigger: string(o.Trigger), Level: string(o.Level), At: protocol.Millis(o.At)})
	}
	for _, c := range r.Changed {
		change := protocol.PolicyChange{
			Incident: c.Incident, OpenedAt: protocol.Millis(c.Opened), Before: protocol.PolicyTally(c.Before), After: protocol.PolicyTally(c.After),
			Refused: []protocol.PolicyRefusal{},
		}
		for _, f := range c.Refused {
			missing := []string{}
			for _, m := range f.Missing {
				missing = append(missing, string(m))
			}
			change.Refused = append(change.Refused, protocol.PolicyRefusal{Kind: string(f.Kind), At: protocol.Millis(f.At), Missing: missing})
		}
		out.Changed = append(out.Changed, change)
	}
	return out
}
