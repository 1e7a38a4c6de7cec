package qualifications

import (
	"context"
	"fmt"
	"slices"

	"hotline/storage"
	"hotline/storage/documents"
)

// Kind says what a record is about.
type Kind string

// The kinds of records.
const (
	Training      Kind = "training"      // hours of a course, on a date
	Supervision   Kind = "supervision"   // a session with a supervisor, on a date
	Qualification Kind = "qualification" // valid from a date, until another or for good
	Language      Kind = "language"
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Training, Supervision, Qualification, Language} }

// Requirements say who may be given the calls of which line: one version of the administrator's document.
type Requirements struct {
	Topics   []Topic `json:"topics"`    // what can be recorded
	Rules    []Rule  `json:"rules"`     // none: everybody may
	WarnDays int     `json:"warn_days"` // how long before a lapse people are warned; 1 to 120
}

// Topic is what a training, a qualification or a language can be.
type Topic struct {
	ID    string          `json:"id"`
	Kind  Kind            `json:"kind"`
	Names documents.Words `json:"names"`
}

// Rule is one requirement. It holds on a day when
//
//   - training: there are Hours of it within the last Days days;
//   - supervision: there was a session within the last Days days;
//   - qualification: one of the Topics is valid on that day.
//
// Whoever is new has Grace days from the day of their account on.
type Rule struct {
	ID     string          `json:"id"`
	Names  documents.Words `json:"names"`
	Lines  []string        `json:"lines"`  // ids of lines; none: every line
	Kind   Kind            `json:"kind"`   // training, supervision or qualification
	Topics []string        `json:"topics"` // any of these; none: any of the kind
	Hours  int             `json:"hours"`  // of training: 1 to 500
	Days   int             `json:"days"`   // of training and supervision: 1 to 3660
	Grace  int             `json:"grace"`  // 0 to 366
}

// Guards tells whether a rule is about a line.
func (r Rule) Guards(line string) bool { return len(r.Lines) == 0 || slices.Contains(r.Lines, line) }

// Guarded tells whether anything is required for a line.
func (q Requirements) Guarded(line string) bool {
	return slices.ContainsFunc(q.Rules, func(r Rule) bool { return r.Guards(line) })
}

// Validate tells everything that is wrong, as documents.Faults. Whether there are lines of those names is not asked: a line may go and come back.
func (q Requirements) Validate() error {
	var fs documents.Faults
	if fs.Count("topics", len(q.Topics), 60) {
		ids := make([]string, len(q.Topics))
		for i, t := range q.Topics {
			ids[i] = t.ID
			fs.Words(fmt.Sprintf("topics[%d].names", i), t.Names, 40, true)
			documents.Choice(&fs, fmt.Sprintf("topics[%d].kind", i), t.Kind, Training, Qualification, Language)
		}
		fs.IDs(ids, func(i int) string { return fmt.Sprintf("topics[%d].id", i) })
	}
	if fs.Count("rules", len(q.Rules), 40) {
		ids := make([]string, len(q.Rules))
		for i, r := range q.Rules {
			ids[i] = r.ID
			q.checkRule(&fs, fmt.Sprintf("rules[%d]", i), r)
		}
		fs.IDs(ids, func(i int) string { return fmt.Sprintf("rules[%d].id", i) })
	}
	fs.Range("warn_days", q.WarnDays, 1, 120)
	return fs.Err()
}

func (q Requirements) checkRule(fs *documents.Faults, at string, r Rule) {
	fs.Words(at+".names", r.Names, 40, true)
	documents.Choice(fs, at+".kind", r.Kind, Training, Supervision, Qualification)
	fs.Range(at+".grace", r.Grace, 0, 366)
	if r.Kind == Training {
		fs.Range(at+".hours", r.Hours, 1, 500)
	}
	if r.Kind == Training || r.Kind == Supervision {
		fs.Range(at+".days", r.Days, 1, 3660)
	}
	for i, topic := range r.Topics {
		known := slices.ContainsFunc(q.Topics, func(t Topic) bool { return t.ID == topic && t.Kind == r.Kind })
		if !known {
			fs.Add(fmt.Sprintf("%s.topics[%d]", at, i), documents.Unknown, "value", topic)
		}
	}
	for i, line := range r.Lines {
		if slices.Contains(r.Lines[:i], line) {
			fs.Add(fmt.Sprintf("%s.lines[%d]", at, i), documents.Twice, "value", line)
		}
	}
}

// First is what holds before anybody saved: there is something to record, and nothing is required, so that no update empties a line.
func First() Requirements {
	topic := func(id string, kind Kind, zh, en string) Topic { return Topic{id, kind, documents.Both(zh, en)} }
	return Requirements{WarnDays: 28, Rules: []Rule{}, Topics: []Topic{
		topic("intake", Training, "上岗培训", "Induction"), topic("crisis", Training, "危机干预", "Crisis intervention"), topic("ethics", Training, "伦理与保密", "Ethics and privacy"),
		topic("minors", Training, "未成年人工作", "Work with minors"), topic("other", Training, "其他培训", "Other training"),
		topic("counsellor", Qualification, "心理咨询资质", "Counsellor"), topic("social_worker", Qualification, "社会工作者", "Social worker"),
		topic("therapist", Qualification, "心理治疗师", "Therapist"), topic("crisis_licence", Qualification, "危机干预认证", "Crisis certificate"),
		topic("mandarin", Language, "普通话", "Mandarin"), topic("cantonese", Language, "粤语", "Cantonese"), topic("english", Language, "英语", "English"),
		topic("sign", Language, "手语", "Sign language"), topic("other_language", Language, "其他语言", "Another language"),
	}}
}

// Version is one state of the requirements.
type Version = documents.Version[Requirements]

// OpenRequirements opens the document.
func OpenRequirements(ctx context.Context, db *storage.DB) (*documents.Store[Requirements], error) {
	return documents.Open(ctx, db, documents.Kind[Requirements]{Name: "requirements", First: First, Check: Requirements.Validate})
}
