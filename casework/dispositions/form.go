package dispositions

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Kind is how a question is answered.
type Kind string

// The kinds.
const (
	One  Kind = "one"  // one choice
	Many Kind = "many" // any choices
	Text Kind = "text" // words
)

// Danger is the question that no form may lack: whether suicide was asked about. A call is not closed without its answer.
const (
	Danger            = "suicide"
	DangerPresent     = "present" // asked, and there is danger
	DangerDenied      = "denied"  // asked, and the caller denied it
	DangerNotPossible = "not_possible"
	WhyNot            = "why_not" // the reason that belongs to not_possible
)

// MostWords is how many characters an answer in words has at most.
const MostWords = 500

// Form is what is asked after a call. Each record keeps the version by which it was filled in.
type Form struct {
	Version   int64
	Questions []Question
}

// Question is one field of a form.
type Question struct {
	ID       string
	Kind     Kind
	Choices  []string // of one and many
	Required bool
	// When names a question before this one and its choice: asked only then. Empty: always.
	When, WhenChoice string
}

// ErrInvalid says that answers do not fit the form.
var ErrInvalid = errors.New("dispositions: the answers do not fit the form")

// Answers are the ids of what was chosen, or the words (one text), by question. What was not answered is not there.
type Answers map[string][]string

// Complete returns the form with what no form may lack.
func (f Form) Complete() Form {
	i := slices.IndexFunc(f.Questions, func(q Question) bool { return q.ID == Danger })
	if i >= 0 && f.Questions[i].Kind == One && f.Questions[i].Required && f.Questions[i].When == "" &&
		!slices.ContainsFunc([]string{DangerPresent, DangerDenied, DangerNotPossible}, func(c string) bool { return !slices.Contains(f.Questions[i].Choices, c) }) &&
		slices.ContainsFunc(f.Questions[i:], func(q Question) bool {
			return q.ID == WhyNot && q.Kind == Text && q.Required && q.When == Danger && q.WhenChoice == DangerNotPossible
		}) {
		return f
	}
	rest := slices.DeleteFunc(slices.Clone(f.Questions), func(q Question) bool { return q.ID == Danger || q.ID == WhyNot })
	f.Questions = append([]Question{
		{ID: Danger, Kind: One, Choices: []string{DangerDenied, DangerPresent, DangerNotPossible}, Required: true},
		{ID: WhyNot, Kind: Text, Required: true, When: Danger, WhenChoice: DangerNotPossible},
	}, rest...)
	return f
}

// Fit returns the answers as they are kept: words trimmed, and without what was not to be answered. ErrInvalid says which question is not answered, or
// wrongly.
func (f Form) Fit(a Answers) (Answers, error) {
	out := Answers{}
	for _, q := range f.Questions {
		given := a[q.ID]
		if q.When != "" && !slices.Contains(out[q.When], q.WhenChoice) {
			continue
		}
		if q.Kind == Text {
			given = trimmed(given)
		}
		if len(given) == 0 {
			if q.Required {
				return nil, fmt.Errorf("%w: %s is needed", ErrInvalid, q.ID)
			}
			continue
		}
		if !q.takes(given) {
			return nil, fmt.Errorf("%w: %s", ErrInvalid, q.ID)
		}
		out[q.ID] = given
	}
	for id := range a {
		if !slices.ContainsFunc(f.Questions, func(q Question) bool { return q.ID == id }) {
			return nil, fmt.Errorf("%w: no question has that name", ErrInvalid)
		}
	}
	return out, nil
}

func (q Question) takes(given []string) bool {
	if q.Kind != Many && len(given) != 1 {
		return false
	}
	for i, v := range given {
		if q.Kind == Text {
			return utf8.ValidString(v) && utf8.RuneCountInString(v) <= MostWords
		}
		if !slices.Contains(q.Choices, v) || slices.Contains(given[:i], v) {
			return false
		}
	}
	return true
}

func trimmed(given []string) (out []string) {
	for _, v := range given {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}
