package dispositions

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Danger says what came of asking about suicide, which is asked in every call.
type Danger string

// The answers. There is no fourth: a call is not closed without one of them.
const (
	DangerAsked       Danger = "asked"        // asked, and there is danger
	DangerDenied      Danger = "denied"       // asked, and the caller denied it
	DangerNotPossible Danger = "not_possible" // it was not possible to ask, with the reason
)

// Dangers lists them in the order of their keys.
func Dangers() []Danger { return []Danger{DangerAsked, DangerDenied, DangerNotPossible} }

// Bounds of a reason, in characters.
const (
	ReasonLeast = 2
	ReasonMost  = 500
)

// Form is what is asked after a call. Each record keeps the version by which it was filled in.
type Form struct {
	Version int64 // 0: the one that is built in
	// Problems are the types to choose from, in the order of the screen.
	Problems []Problem
	// MostProblems is how many of them one call may have.
	MostProblems int
}

// Problem is one type. The built-in ones have their words in the browser; others bring their names, by language.
type Problem struct {
	Code  string
	Names map[string]string
}

// Default is the form that is built in: the problem types that lines of this kind report.
func Default() Form {
	f := Form{MostProblems: 5}
	for _, code := range []string{
		"mental_illness", "emotion", "sleep", "love", "marriage", "family", "parenting", "study", "work", "interpersonal", "sex", "health",
		"addiction", "bereavement", "trauma", "economic", "other",
	} {
		f.Problems = append(f.Problems, Problem{Code: code})
	}
	return f
}

// ErrInvalid says that an answer does not fit the form.
var ErrInvalid = errors.New("dispositions: the answers do not fit the form")

// Check says whether answers fit the form.
func (f Form) Check(r Record) error {
	if !slices.Contains(Dangers(), r.Danger) {
		return fmt.Errorf("%w: danger", ErrInvalid)
	}
	n := utf8.RuneCountInString(strings.TrimSpace(r.Reason))
	if !utf8.ValidString(r.Reason) || n > ReasonMost || r.Danger == DangerNotPossible && n < ReasonLeast {
		return fmt.Errorf("%w: reason", ErrInvalid)
	}
	if len(r.Problems) > f.MostProblems {
		return fmt.Errorf("%w: problems", ErrInvalid)
	}
	for i, p := range r.Problems {
		known := slices.ContainsFunc(f.Problems, func(k Problem) bool { return k.Code == p })
		if !known || slices.Contains(r.Problems[:i], p) {
			return fmt.Errorf("%w: problems", ErrInvalid)
		}
	}
	return nil
}
