// Package forms keeps the forms that an administrator configures: scales for the risk of a call, records of the guideline (registration, handling,
// assessment), reports. They are one document in versions; each form is a JSON Schema of its answers, with words for the screen and, for a scale, a
// scoring rule that this package carries but does not read. Every record that was filled in keeps the version by which it was.
package forms

import (
	"encoding/json"

	"hotline/storage/documents"
)

// Kind says what a form is for.
type Kind string

// The kinds.
const (
	Scale  Kind = "scale"  // asked of a caller, scored by a rule
	Record Kind = "record" // registration, handling, assessment
	Report Kind = "report" // of an incident
)

// Kinds in the order of the screen.
func Kinds() []Kind { return []Kind{Scale, Record, Report} }

// Form is one form.
//
// Its schema is an object with flat fields (JSON Schema 2020-12). A field is a choice (oneOf of const), several choices (array of such, uniqueItems), a
// whole number or a number with bounds, a yes or no (boolean), a date (string, format date) or a text (string, maxLength). Words stand in keywords of
// ours, which a validator passes over: "x-names" of a field or a choice and "x-help" of a field, each by language; "x-when" of a field, {"field",
// "is":[…]}, hides it unless another field has one of these values; "x-wide" makes a text of several lines, "x-slider" a number a slider.
type Form struct {
	ID    string          `json:"id"` // stays the same when the form is changed
	Kind  Kind            `json:"kind"`
	Names documents.Words `json:"names"`
	// Schema is what answers must fit.
	Schema json.RawMessage `json:"schema"`
	// Order is every field of the schema, as it stands on the screen.
	Order []string `json:"order"`
	// Scoring is the rule of a scale (crisis/scales), null for what is not scored.
	Scoring json.RawMessage `json:"scoring"`
}

// Forms is the document: its order is that of the screen.
type Forms struct {
	Forms []Form `json:"forms"`
}

// Bounds of a document.
const (
	MostForms  = 60
	MostFields = 120
	mostBytes  = 1 << 20
)

// Find returns a form by its id; false: there is none.
func (f Forms) Find(id string) (Form, bool) {
	for _, one := range f.Forms {
		if one.ID == id {
			return one, true
		}
	}
	return Form{}, false
}

// Scored tells whether the form has a scoring rule.
func (f Form) Scored() bool { return len(f.Scoring) > 0 && string(f.Scoring) != "null" }
