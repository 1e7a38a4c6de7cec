package forms

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hotline/storage/documents"
)

// object is what of a schema this package reads: the shape that the screen can show.
type object struct {
	Type       string           `json:"type"`
	Properties map[string]field `json:"properties"`
	Additional *bool            `json:"additionalProperties"`
}

type field struct {
	Type    string          `json:"type"`
	Format  string          `json:"format"`
	OneOf   []choice        `json:"oneOf"`
	Items   *field          `json:"items"`
	Unique  bool            `json:"uniqueItems"`
	Least   *float64        `json:"minimum"`
	Most    *float64        `json:"maximum"`
	Longest *int            `json:"maxLength"`
	Names   documents.Words `json:"x-names"`
	Help    documents.Words `json:"x-help"`
	When    *when           `json:"x-when"`
}

type choice struct {
	Const any             `json:"const"`
	Names documents.Words `json:"x-names"`
}

// when hides a field unless another has one of these values.
type when struct {
	Field string `json:"field"`
	Is    []any  `json:"is"`
}

// mostText is how many characters an answer in words has at most.
const mostText = 4000

// Scoring reads the rule of a scale: what is wrong with it, given the fields of the form. crisis/scales has one.
type Scoring func(rule json.RawMessage, fields []string) error

// Check tells everything that is wrong with a document, as documents.Faults.
func (f Forms) Check(scoring Scoring) error {
	var fs documents.Faults
	if !fs.Count("forms", len(f.Forms), MostForms) {
		return fs
	}
	ids := make([]string, len(f.Forms))
	for i, one := range f.Forms {
		ids[i] = one.ID
		one.check(&fs, fmt.Sprintf("forms[%d].", i), scoring)
	}
	fs.IDs(ids, func(i int) string { return fmt.Sprintf("forms[%d].id", i) })
	return fs.Err()
}

func (f Form) check(fs *documents.Faults, at string, scoring Scoring) {
	documents.Choice(fs, at+"kind", f.Kind, Kinds()...)
	fs.Words(at+"names", f.Names, 60, true)
	if _, err := compile(f); err != nil {
		fs.Add(at+"schema", documents.BadSchema, "text", reasonOf(err))
		return
	}
	var o object
	if err := json.Unmarshal(f.Schema, &o); err != nil {
		fs.Add(at+"schema", documents.BadSchema, "text", err.Error())
		return
	}
	switch {
	case o.Type != "object":
		fs.Add(at+"schema.type", documents.BadChoice, "value", o.Type, "choices", "object")
	case o.Additional == nil || *o.Additional:
		fs.Add(at+"schema.additionalProperties", documents.BadChoice, "value", "true", "choices", "false")
	case len(o.Properties) == 0:
		fs.Add(at+"schema.properties", documents.Missing)
	}
	if !fs.Count(at+"schema.properties", len(o.Properties), MostFields) {
		return
	}
	names := slices.Sorted(maps.Keys(o.Properties))
	fs.IDs(names, func(i int) string { return at + "schema.properties." + names[i] })
	for _, name := range names {
		o.Properties[name].check(fs, at+"schema.properties."+name, o.Properties)
	}
	f.checkOrder(fs, at+"order", o)
	if err := f.checkScoring(names, scoring); err != nil {
		fs.Add(at+"scoring", documents.BadSchema, "text", err.Error())
	}
}

func (f Form) checkOrder(fs *documents.Faults, at string, o object) {
	seen := map[string]bool{}
	for i, name := range f.Order {
		_, there := o.Properties[name]
		switch here := fmt.Sprintf("%s[%d]", at, i); {
		case !there:
			fs.Add(here, documents.Unknown, "value", name)
		case seen[name]:
			fs.Add(here, documents.Twice, "value", name)
		}
		seen[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(o.Properties)) {
		if !seen[name] {
			fs.Add(at, documents.Unlisted, "value", name)
		}
	}
}

func (f Form) checkScoring(names []string, scoring Scoring) error {
	switch {
	case !f.Scored():
		return nil
	case f.Kind != Scale:
		return errors.New("only a scale is scored")
	case scoring == nil:
		return nil
	}
	return scoring(f.Scoring, names)
}

// check holds a field to what the screen can show.
func (f field) check(fs *documents.Faults, at string, all map[string]field) {
	fs.Words(at+".x-names", f.Names, 200, true)
	fs.Words(at+".x-help", f.Help, 400, false)
	if f.When != nil {
		if _, there := all[f.When.Field]; !there {
			fs.Add(at+".x-when.field", documents.Unknown, "value", f.When.Field)
		}
		if len(f.When.Is) == 0 {
			fs.Add(at+".x-when.is", documents.Missing)
		}
	}
	choices := f.OneOf
	switch f.Type {
	case "boolean":
	case "array":
		if f.Items == nil || len(f.Items.OneOf) == 0 || !f.Unique {
			fs.Add(at, documents.BadSchema, "text", "an array needs uniqueItems, and items of oneOf")
			return
		}
		choices = f.Items.OneOf
	case "integer", "number":
		if len(choices) == 0 && (f.Least == nil || f.Most == nil) {
			fs.Add(at, documents.BadSchema, "text", "a number needs minimum and maximum, or oneOf")
		}
	case "string":
		if len(choices) > 0 || f.Format == "date" {
			break
		}
		if f.Longest == nil || *f.Longest < 1 || *f.Longest > mostText {
			fs.Add(at+".maxLength", documents.Missing)
		}
	default:
		fs.Add(at+".type", documents.BadChoice, "value", f.Type, "choices", "array, boolean, integer, number, string")
	}
	for i, c := range choices {
		fs.Words(fmt.Sprintf("%s.oneOf[%d].x-names", at, i), c.Names, 200, true)
		if c.Const == nil {
			fs.Add(fmt.Sprintf("%s.oneOf[%d].const", at, i), documents.Missing)
		}
	}
}

// reasonOf is the last line of an error of the library: the first ones say which file.
func reasonOf(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	return strings.TrimLeft(lines[len(lines)-1], "- ")
}
