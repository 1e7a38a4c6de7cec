package settings

import (
	"fmt"
	"slices"

	"hotline/storage/documents"
)

// mostKept is a hundred years, in days.
const mostKept = 36500

// Validate tells everything that is wrong, as documents.Faults.
func (s Settings) Validate() error {
	var fs documents.Faults
	s.checkTemplates(&fs)
	if fs.Count("timers", len(s.Timers), 6) {
		for i, m := range s.Timers {
			field := fmt.Sprintf("timers[%d]", i)
			fs.Range(field, m, 1, 240)
			if i > 0 && m <= s.Timers[i-1] {
				fs.Add(field, documents.OutOfOrder)
			}
		}
	}
	fs.Range("wrap_up.seconds", s.WrapUp.Seconds, 1, 900)
	fs.Range("wrap_up.most", s.WrapUp.Most, max(1, min(s.WrapUp.Seconds, 900)), 3600)
	documents.Choice(&fs, "palette", s.Palette, RedYellowBlue, RedYellowGreen)
	fs.Range("retention.decisions", s.Retention.Decisions, 1, 730)
	fs.Range("retention.ordinary", s.Retention.Ordinary, keptOrdinary, mostKept)
	fs.Range("retention.high_risk", s.Retention.HighRisk, max(keptOrdinary, min(s.Retention.Ordinary, mostKept)), mostKept)
	s.checkForm(&fs)
	s.checkRecording(&fs)
	if len(s.Reasons) == 0 {
		fs.Add("reasons", documents.TooFew, "min", 1)
	}
	named(&fs, "reasons", s.Reasons, 12)
	if fs.Count("skills", len(s.Skills), 100) {
		ids := make([]string, len(s.Skills))
		for i, k := range s.Skills {
			ids[i] = k.Skill
			fs.Words(fmt.Sprintf("skills[%d].names", i), k.Names, 30, true)
		}
		fs.IDs(ids, func(i int) string { return fmt.Sprintf("skills[%d].skill", i) })
	}
	return fs.Err()
}

func (s Settings) checkTemplates(fs *documents.Faults) {
	if !fs.Count("templates", len(s.Templates), 50) {
		return
	}
	ids := make([]string, len(s.Templates))
	for i, t := range s.Templates {
		ids[i] = t.ID
		fs.Words(fmt.Sprintf("templates[%d].names", i), t.Names, 30, true)
		fs.Words(fmt.Sprintf("templates[%d].texts", i), t.Texts, 4000, true)
	}
	fs.IDs(ids, func(i int) string { return fmt.Sprintf("templates[%d].id", i) })
}

func named(fs *documents.Faults, field string, all []Named, most int) {
	if !fs.Count(field, len(all), most) {
		return
	}
	ids := make([]string, len(all))
	for i, n := range all {
		ids[i] = n.ID
		fs.Words(fmt.Sprintf("%s[%d].names", field, i), n.Names, 30, true)
	}
	fs.IDs(ids, func(i int) string { return fmt.Sprintf("%s[%d].id", field, i) })
}

func (s Settings) checkForm(fs *documents.Faults) {
	if !fs.Count("disposition", len(s.Disposition), 20) {
		return
	}
	ids := make([]string, len(s.Disposition))
	for i, q := range s.Disposition {
		ids[i] = q.ID
		field := fmt.Sprintf("disposition[%d]", i)
		fs.Words(field+".names", q.Names, 60, true)
		documents.Choice(fs, field+".kind", q.Kind, AskOne, AskMany, AskText)
		switch {
		case q.Kind == AskText && len(q.Choices) > 0:
			fs.Add(field+".choices", documents.TooMany, "max", 0)
		case q.Kind != AskText && len(q.Choices) < 2:
			fs.Add(field+".choices", documents.TooFew, "min", 2)
		default:
			named(fs, field+".choices", q.Choices, 30)
		}
		if q.When != nil && !s.asked(i, *q.When) {
			fs.Add(field+".when", documents.Unknown, "value", q.When.Question+" = "+q.When.Choice)
		}
	}
	fs.IDs(ids, func(i int) string { return fmt.Sprintf("disposition[%d].id", i) })
}

// asked tells whether a question before number i has that choice.
func (s Settings) asked(i int, w When) bool {
	return slices.ContainsFunc(s.Disposition[:i], func(q Question) bool {
		return q.ID == w.Question && slices.ContainsFunc(q.Choices, func(c Named) bool { return c.ID == w.Choice })
	})
}
