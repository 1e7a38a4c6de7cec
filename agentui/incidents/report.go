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
