package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"hotline/crisis"
	"hotline/storage/documents"
)

// Bounds of the document.
const (
	mostUsers    = 50
	mostChoices  = 40
	mostFields   = 40
	mostRegions  = 200
	mostRules    = 12
	mostName     = 120
	mostText     = 2000
	longestAfter = 24 * 30 * 24 // hours
)

// Validate tells everything that is wrong with a policy, as documents.Faults. Whether people exist is not asked here.
func Validate(p crisis.Policy) error {
	var fs documents.Faults
	fs.Words("names", p.Names, mostName, false)
	deadlines(&fs, p.Deadlines)
	if fs.Count("tree.users", len(p.Tree.Users), mostUsers) {
		for i, u := range p.Tree.Users {
			field := fmt.Sprintf("tree.users[%d]", i)
			if fs.Text(field, u, 60, true); u != "" && slices.Contains(p.Tree.Users[:i], u) {
				fs.Add(field, documents.Twice, "value", u)
			}
		}
	}
	opens(&fs, p.Opens)
	fs.Words("high_risk.text", p.HighRisk.Text, mostText, true)
	choices(&fs, "high_risk.criteria", p.HighRisk.Criteria, 1)
	choices(&fs, "measures", p.Measures, 1)
	closing(&fs, p.Closure)
	checklists(&fs, p.Checklists)
	fields(&fs, "disclosure", p.Disclosure, 1)
	fs.Words("report.names", p.Report.Names, mostName, true)
	documents.Choice(&fs, "report.from", p.Report.From, crisis.Levels()...)
	fields(&fs, "report.fields", p.Report.Fields, 1)
	followUps(&fs, p.FollowUps)
	return fs.Err()
}

// deadlines keeps what must not be forgotten within what a person would still call soon.
func deadlines(fs *documents.Faults, d crisis.Deadlines) {
	const hours, days = 3600, 24 * 3600
	for _, r := range []struct {
		field          string
		n, least, most int
	}{
		{"acknowledge", d.Acknowledge, 10, 120}, {"phone", d.Phone, 20, 180}, {"round", d.Round, 10, 600}, {"join", d.Join, 10, hours},
		{"reach", d.Reach, 60, 2 * hours}, {"second", d.Second, 30, hours}, {"facts", d.Facts, 60, hours}, {"consent", d.Consent, 60, 2 * hours},
		{"measures", d.Measures, 60, 2 * hours}, {"authorise", d.Authorise, 60, hours}, {"service", d.Service, 30, hours},
		{"disclose", d.Disclose, 60, hours}, {"confirm", d.Confirm, 300, 4 * hours}, {"close", d.Close, 300, 2 * days}, {"plan", d.Plan, 60, days},
		{"report", d.Report, hours, 7 * days}, {"debrief", d.Debrief, hours, 30 * days}, {"again", d.Again, 30, hours}, {"remind", d.Remind, 600, 2 * days},
		{"minor_ask", d.MinorAsk, hours, 7 * days}, {"minor_report", d.MinorReport, 600, days},
	} {
		fs.Range("deadlines."+r.field, r.n, r.least, r.most)
	}
}

// opens wants one row for each trigger: none may be forgotten by leaving it out.
func opens(fs *documents.Faults, rows []crisis.Opening) {
	if !fs.Count("opens", len(rows), 2*len(crisis.TriggerKinds())) {
		return
	}
	var seen []crisis.TriggerKind
	for i, o := range rows {
		field := fmt.Sprintf("opens[%d]", i)
		documents.Choice(fs, field+".trigger", o.Trigger, crisis.TriggerKinds()...)
		if slices.Contains(seen, o.Trigger) {
			fs.Add(field+".trigger", documents.Twice, "value", string(o.Trigger))
		}
		seen = append(seen, o.Trigger)
		documents.Choice(fs, field+".level", o.Level, crisis.LevelLow, crisis.LevelModerate, crisis.LevelHigh)
		documents.Choice(fs, field+".at_least", o.AtLeast, append(crisis.Levels(), crisis.Unassessed)...)
	}
	for _, k := range crisis.TriggerKinds() {
		if !slices.Contains(seen, k) {
			fs.Add("opens", documents.Missing, "value", string(k))
		}
	}
	// Whoever was seen to be at high risk by a person, and whoever asks for help, is never answered by nothing.
	for i, o := range rows {
		if (o.Trigger == crisis.TriggerLevel || o.Trigger == crisis.TriggerSOS || o.Trigger == crisis.TriggerPerson) && !o.Open {
			fs.Add(fmt.Sprintf("opens[%d].open", i), documents.Missing)
		}
	}
}

func choices(fs *documents.Faults, field string, all []crisis.Named, least int) {
	if len(all) < least {
		fs.Add(field, documents.TooFew, "min", least)
	}
	if !fs.Count(field, len(all), mostChoices) {
		return
	}
	ids := make([]string, len(all))
	for i, n := range all {
		ids[i] = n.ID
		fs.Words(fmt.Sprintf("%s[%d].names", field, i), n.Names, mostName, true)
	}
	fs.IDs(ids, func(i int) string { return fmt.Sprintf("%s[%d].id", field, i) })
}

func closing(fs *documents.Faults, c crisis.ClosureRules) {
	for i, n := range c.Needs {
		field := fmt.Sprintf("closure.needs[%d]", i)
		documents.Choice(fs, field, n, crisis.OptionalNeeds()...)
		if slices.Contains(c.Needs[:i], n) {
			fs.Add(field, documents.Twice, "value", string(n))
		}
	}
	if !fs.Count("closure.outcomes", len(c.Outcomes), mostChoices) {
		return
	}
	ids, confirmed := make([]string, len(c.Outcomes)), false
	for i, o := range c.Outcomes {
		ids[i], confirmed = o.ID, confirmed || o.Confirmed
		fs.Words(fmt.Sprintf("closure.outcomes[%d].names", i), o.Names, mostName, true)
	}
	fs.IDs(ids, func(i int) string { return fmt.Sprintf("closure.outcomes[%d].id", i) })
	if !confirmed { // an incident of high level could never be closed
		fs.Add("closure.outcomes", documents.TooFew, "min", 1)
	}
}

func checklists(fs *documents.Faults, all []crisis.Checklist) {
	if !fs.Count("checklists", len(all), mostRegions) {
		return
	}
	var seen []string
	for i, c := range all {
		field := fmt.Sprintf("checklists[%d]", i)
		if fs.Text(field+".region", c.Region, 60, false); slices.Contains(seen, c.Region) {
			fs.Add(field+".region", documents.Twice, "value", c.Region)
		}
		seen = append(seen, c.Region)
		choices(fs, field+".items", c.Items, 1)
	}
	if !slices.Contains(seen, "") {
		fs.Add("checklists", documents.Missing)
	}
}

// sources are what a field can be filled from.
func sources() []string {
	all := []string{"", "level", "trigger", "line", "opened", "measures", "services", "arrival", "outcome"}
	for _, k := range crisis.FactKinds() {
		all = append(all, string(k))
	}
	return all
}

func fields(fs *documents.Faults, field string, all []crisis.Field, least int) {
	if len(all) < least {
		fs.Add(field, documents.TooFew, "min", least)
	}
	if !fs.Count(field, len(all), mostFields) {
		return
	}
	ids := make([]string, len(all))
	for i, f := range all {
		ids[i] = f.ID
		fs.Words(fmt.Sprintf("%s[%d].names", field, i), f.Names, mostName, true)
		documents.Choice(fs, fmt.Sprintf("%s[%d].from", field, i), f.From, sources()...)
	}
	fs.IDs(ids, func(i int) string { return fmt.Sprintf("%s[%d].id", field, i) })
}

// span is how a follow-up's time is written: the same words as casework's rules, which cmd/hotline reads them by.
var span = regexp.MustCompile(`^([1-9][0-9]{0,2})(h|d|w|mo)$`)

// about is how long a span is, in hours, more or less.
func about(text string) (hours int, ok bool) {
	m := span.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return n * map[string]int{"h": 1, "d": 24, "w": 7 * 24, "mo": 30 * 24}[m[2]], err == nil
}

func followUps(fs *documents.Faults, rules []crisis.FollowUpRule) {
	if !fs.Count("follow_ups", len(rules), mostRules) {
		return
	}
	before := 0
	for i, r := range rules {
		field := fmt.Sprintf("follow_ups[%d]", i)
		fs.Words(field+".names", r.Names, mostName, true)
		hours, ok := about(r.After)
		switch {
		case r.After == "":
			fs.Add(field+".after", documents.Missing)
		case !ok:
			fs.Add(field+".after", documents.BadChoice, "value", r.After, "choices", "24h, 7d, 1w, 3mo")
		case hours > longestAfter:
			fs.Add(field+".after", documents.OutOfRange, "value", r.After, "min", "1h", "max", "24mo")
		case hours <= before:
			fs.Add(field+".after", documents.OutOfOrder)
		}
		before = max(before, hours)
	}
}
