package crisis

import (
	"slices"
	"time"
)

// Missing is what is not there yet for closing it with an outcome; two different people are needed besides. Pure.
func (i Incident) Missing(outcome string, p Policy, at time.Time) []Precondition {
	o, known := p.Outcome(outcome)
	if !known {
		o = Outcome{Confirmed: true}
	}
	var missing []Precondition
	need := func(what Precondition, there bool) {
		if !there {
			missing = append(missing, what)
		}
	}
	need(NeedAcknowledged, i.Supervisor != "")
	need(NeedLevel, !i.Assessed.IsZero())
	need(NeedCallOver, !i.OnLine)
	if o.Confirmed {
		n := i.NextStep
		need(NeedOutcome, i.Arrival != nil || n != nil && (!n.Done.IsZero() || n.Until.After(at)))
	} else {
		need(NeedSafety, i.Level != LevelHigh)
	}
	need(NeedAuthorised, !i.unauthorised())
	for _, extra := range p.Closure.Needs {
		need(extra, i.has(extra, o, p))
	}
	return missing
}

// has tells of a precondition that the policy asks for. Of somebody with whom nobody spoke, and of a false alarm, nothing can be asked that only the
// person could tell.
func (i Incident) has(what Precondition, o Outcome, p Policy) bool {
	spoken := i.Counsellor != "" && o.Confirmed
	switch what {
	case NeedLocation:
		_, asked := i.Facts[FactLocation]
		return asked || !spoken || i.skipped(StepFacts)
	case NeedConsent:
		return i.Consent.Answer != "" || !spoken || i.skipped(StepConsent)
	case NeedMeasures:
		return len(i.Measures) > 0 || !spoken || i.skipped(StepMeasures)
	case NeedDisclosed:
		return len(i.untold()) == 0 || i.skipped(StepDisclose)
	case NeedChecklist:
		return !o.Confirmed || !slices.ContainsFunc(p.Checklist(i.Region).Items, func(n Named) bool {
			_, done := i.Checked[n.ID]
			return !done
		})
	case NeedFile:
		return i.File != ""
	}
	return true
}

func (i Incident) skipped(step StepName) bool {
	_, ok := i.Skipped[step]
	return ok
}

// unauthorised tells whether a service outside was asked without consent, and nobody answers for it.
func (i Incident) unauthorised() bool {
	return len(i.Services) > 0 && i.Consent.Answer != ConsentGiven && i.Authorisation == nil
}

// untold are the services that came, or may come, to the telephone and were not given the packet.
func (i Incident) untold() []string {
	var all []string
	for _, s := range i.Services {
		told := slices.ContainsFunc(i.Disclosures, func(d Disclosure) bool { return d.Contact == s.Contact })
		if s.Failed.IsZero() && !told {
			all = append(all, s.Contact)
		}
	}
	return all
}
