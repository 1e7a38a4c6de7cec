package lines

import (
	"fmt"
	"sort"
	"strings"
)

// Code names a kind of fault; the browser has words for it (lines.faults.<code> in its locale files).
type Code string

// The kinds of fault.
const (
	Missing       Code = "missing"         // a value is needed
	TooMany       Code = "too_many"        // params: max
	TooLong       Code = "too_long"        // params: max
	Twice         Code = "twice"           // params: value; it stands there twice
	TakenBy       Code = "taken_by"        // params: value, line; the number already leads to that line
	BadID         Code = "bad_id"          // params: value
	BadNumber     Code = "bad_number"      // params: value
	BadKey        Code = "bad_key"         // params: value, danger
	BadLanguage   Code = "bad_language"    // params: value, languages
	BadSkill      Code = "bad_skill"       // params: value
	OutOfRange    Code = "out_of_range"    // params: value, min, max
	BadSpan       Code = "bad_span"        // params: min, max in words, min_ms, max_ms
	BadZone       Code = "bad_zone"        // params: value
	BadClock      Code = "bad_clock"       // params: value
	BadDay        Code = "bad_day"         // params: value
	BadDate       Code = "bad_date"        // params: value
	BadChoice     Code = "bad_choice"      // params: value, choices
	BadPhone      Code = "bad_phone"       // params: value
	UnknownTrunk  Code = "unknown_trunk"   // params: value
	NoSuchPartner Code = "no_such_partner" // params: value
	OutOfOrder    Code = "out_of_order"    // a step comes before the one above it
	NoEffect      Code = "no_effect"       // params: skill; the line does not need that skill
	NoDangerKey   Code = "no_danger_key"   // a greeting does not name the danger key
	BadText       Code = "bad_text"        // params: value; a brace or a control character that means nothing
)

// Codes lists every kind, for the tests that compare them with the words of the browser.
func Codes() []Code {
	return []Code{
		Missing, TooMany, TooLong, Twice, TakenBy, BadID, BadNumber, BadKey, BadLanguage, BadSkill, OutOfRange, BadSpan, BadZone, BadClock, BadDay, BadDate,
		BadChoice, BadPhone, UnknownTrunk, NoSuchPartner, OutOfOrder, NoEffect, NoDangerKey, BadText,
	}
}

// Fault is one thing that is wrong: where, what, and what it takes to say so in any language.
type Fault struct {
	Field  string         `json:"field"` // "lines[1].numbers[0]", as the document names it
	Code   Code           `json:"code"`
	Params map[string]any `json:"params"`
}

// Error says it in English, for the command line, with what to do.
func (f Fault) Error() string {
	text := f.Field + ": " + advice(f.Code)
	keys := make([]string, 0, len(f.Params))
	for k := range f.Params {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		text = strings.ReplaceAll(text, "{"+k+"}", fmt.Sprint(f.Params[k]))
	}
	return text
}

// Faults is everything that is wrong with a policy.
type Faults []Fault

func (fs Faults) Error() string {
	texts := make([]string, 0, len(fs))
	for _, f := range fs {
		texts = append(texts, f.Error())
	}
	return strings.Join(texts, "\n")
}

func advice(c Code) string {
	return map[Code]string{
		Missing:       "is needed",
		TooMany:       "at most {max}; take some out",
		TooLong:       "at most {max} characters; shorten it",
		Twice:         "{value} is there twice; take one out",
		TakenBy:       "{value} already leads to line {line}; choose one of the two",
		BadID:         "{value}: use letters, digits and hyphens, at most 32",
		BadNumber:     "{value}: a number has 2 to 20 digits, + allowed before them",
		BadKey:        "{value}: use one key of 0 to 9, * and #, but not {danger}, which means danger",
		BadLanguage:   "{value}: there are prompts in {languages}",
		BadSkill:      "{value}: a skill has a name of 1 to 64 letters, digits, - or _",
		OutOfRange:    "{value} is not from {min} to {max}",
		BadSpan:       "a time from {min} to {max} is needed",
		BadZone:       "{value}: use the name of a time zone, such as Asia/Shanghai",
		BadClock:      "{value}: write the time as 09:00, the end of the day as 24:00",
		BadDay:        "{value}: use mon, tue, wed, thu, fri, sat or sun",
		BadDate:       "{value}: write the date as 2026-10-01",
		BadChoice:     "{value}: use one of {choices}",
		BadPhone:      "{value}: write sip:user@host:port, or number@trunk",
		UnknownTrunk:  "{value}: there is no trunk of that name in the configuration file; add it there first",
		NoSuchPartner: "{value}: there is no partner of that name; add it to the partners first",
		OutOfOrder:    "comes earlier than the step above it; put the steps in the order of their times",
		NoEffect:      "the line does not need {skill}; take the step out, or ask for the skill",
		NoDangerKey:   "does not tell the danger key; put {key} where it is to be said",
		BadText:       "{value} means nothing here; {key} stands for the danger key, {line} for the name",
	}[c]
}
