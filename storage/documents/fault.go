package documents

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Code names a kind of fault; the browser has words for it.
type Code string

// The kinds of fault.
const (
	Missing    Code = "missing"       // a value is needed
	TooMany    Code = "too_many"      // params: max
	TooFew     Code = "too_few"       // params: min
	TooLong    Code = "too_long"      // params: max
	Twice      Code = "twice"         // params: value
	OutOfRange Code = "out_of_range"  // params: value, min, max
	BadChoice  Code = "bad_choice"    // params: value, choices
	BadID      Code = "bad_id"        // params: value
	BadNumber  Code = "not_dialled"   // params: value; no telephone number that can be dialled
	BadText    Code = "bad_character" // a control character
	BadDate    Code = "bad_date"      // params: value
	BadClock   Code = "bad_clock"     // params: value
	BadZone    Code = "bad_zone"      // params: value
	Unknown    Code = "no_such"       // params: value; nothing of that name exists
	OutOfOrder Code = "out_of_order"  // smaller than the one before it, or an end before its beginning
	BadSchema  Code = "bad_schema"    // params: text; a schema or a rule that cannot be used, in the words of who reads it
	Unlisted   Code = "unlisted"      // params: value; something that is there is missing in a list of all
)

// Codes lists every kind, for the tests that compare them with the words of the browser.
func Codes() []Code {
	return []Code{
		Missing, TooMany, TooFew, TooLong, Twice, OutOfRange, BadChoice, BadID, BadNumber, BadText, BadDate, BadClock, BadZone, Unknown, OutOfOrder, BadSchema, Unlisted,
	}
}

// Fault is one thing that is wrong: where, what, and what it takes to say so in any language.
type Fault struct {
	Field  string         `json:"field"` // "entries[1].number", as the document names it
	Code   Code           `json:"code"`
	Params map[string]any `json:"params"` // never nil
}

func (f Fault) Error() string {
	text := f.Field + ": " + strings.ReplaceAll(string(f.Code), "_", " ")
	for _, k := range slices.Sorted(maps.Keys(f.Params)) {
		text += fmt.Sprintf(", %s %v", k, f.Params[k])
	}
	return text
}

// Faults is everything that is wrong with a document.
type Faults []Fault

func (fs Faults) Error() string {
	texts := make([]string, 0, len(fs))
	for _, f := range fs {
		texts = append(texts, f.Error())
	}
	return strings.Join(texts, "\n")
}

// Err is nil without a fault.
func (fs Faults) Err() error {
	if len(fs) == 0 {
		return nil
	}
	return fs
}

// Add notes a fault; params are pairs of name and value.
func (fs *Faults) Add(field string, code Code, params ...any) {
	f := Fault{Field: field, Code: code, Params: map[string]any{}}
	for i := 0; i+1 < len(params); i += 2 {
		f.Params[fmt.Sprint(params[i])] = params[i+1]
	}
	*fs = append(*fs, f)
}

// Count notes a list that is too long, and tells whether it is short enough.
func (fs *Faults) Count(field string, n, most int) bool {
	if n > most {
		fs.Add(field, TooMany, "max", most)
	}
	return n <= most
}

// Range notes a figure that is outside its bounds.
func (fs *Faults) Range(field string, n, least, most int) {
	if n < least || n > most {
		fs.Add(field, OutOfRange, "value", n, "min", least, "max", most)
	}
}

// Text notes a text that is too long (characters) or has control characters other than the end of a line. An empty one is a fault when needed.
func (fs *Faults) Text(field, text string, most int, needed bool) {
	switch {
	case needed && strings.TrimSpace(text) == "":
		fs.Add(field, Missing)
	case utf8.RuneCountInString(text) > most:
		fs.Add(field, TooLong, "max", most)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		fs.Add(field, BadText)
	}
}

// Choice notes a word that is none of the choices.
func Choice[S ~string](fs *Faults, field string, word S, choices ...S) {
	if !slices.Contains(choices, word) {
		all := make([]string, 0, len(choices))
		for _, c := range choices {
			all = append(all, string(c))
		}
		fs.Add(field, BadChoice, "value", string(word), "choices", strings.Join(all, ", "))
	}
}

var idRule = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// IDs notes names that are none (letters, digits, hyphens and underscores, at most 40) or are there twice; field gives the place of each.
func (fs *Faults) IDs(ids []string, field func(i int) string) {
	seen := map[string]bool{}
	for i, id := range ids {
		switch {
		case id == "":
			fs.Add(field(i), Missing)
		case !idRule.MatchString(id):
			fs.Add(field(i), BadID, "value", id)
		case seen[id]:
			fs.Add(field(i), Twice, "value", id)
		}
		seen[id] = true
	}
}

// Words are a text in each language of the screen.
type Words map[string]string

// Both is a text in both languages of the screen.
func Both(zh, en string) Words { return Words{"zh-CN": zh, "en": en} }

// languages of the screen; a text that a person must be able to read is needed in the first, and read from there where another has none.
func languages() []string { return []string{"zh-CN", "en"} }

// Words notes what is wrong with a text in languages; the Chinese one is needed when asked.
func (fs *Faults) Words(field string, w Words, most int, needed bool) {
	for _, language := range slices.Sorted(maps.Keys(w)) {
		if !slices.Contains(languages(), language) {
			fs.Add(field+"."+language, BadChoice, "value", language, "choices", strings.Join(languages(), ", "))
			continue
		}
		fs.Text(field+"."+language, w[language], most, false)
	}
	if needed && strings.TrimSpace(w[languages()[0]]) == "" {
		fs.Add(field+"."+languages()[0], Missing)
	}
}

// In is the text in a language, or in the first one that there is.
func (w Words) In(language string) string {
	if text := w[language]; text != "" {
		return text
	}
	for _, l := range languages() {
		if w[l] != "" {
			return w[l]
		}
	}
	return ""
}
