package forms

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// ErrInvalid says that answers do not fit their form; the error is an [Invalid].
var ErrInvalid = errors.New("forms: the answers do not fit the form")

// Wrong is one answer that does not fit.
type Wrong struct {
	Field string `json:"field"` // empty: the answers as a whole
	Code  string `json:"code"`  // required, unknown, type, choice, range, long, short, twice, form
}

// Invalid is everything that is wrong with answers.
type Invalid []Wrong

func (w Invalid) Error() string {
	texts := make([]string, len(w))
	for i, one := range w {
		texts[i] = one.Field + " " + one.Code // never a value: answers are private
	}
	return ErrInvalid.Error() + ": " + strings.Join(texts, ", ")
}

// Is makes errors.Is(err, ErrInvalid) true.
func (w Invalid) Is(target error) bool { return target == ErrInvalid }

// Validate tells whether answers (a JSON object) fit a form. ErrInvalid, as [Invalid], says where they do not; another error says that the form itself
// is no schema, which a saved one never is.
func Validate(f Form, answers json.RawMessage) error {
	schema, err := compile(f)
	if err != nil {
		return err
	}
	return validate(schema, answers)
}

func validate(schema *jsonschema.Schema, answers json.RawMessage) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(answers))
	if err != nil {
		return Invalid{{Code: "type"}}
	}
	err = schema.Validate(value)
	if err == nil {
		return nil
	}
	failed, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return fmt.Errorf("forms: validate: %w", err)
	}
	var wrong Invalid
	wrong.collect(failed)
	slices.SortStableFunc(wrong, func(a, b Wrong) int { return strings.Compare(a.Field, b.Field) })
	return slices.CompactFunc(wrong, func(a, b Wrong) bool { return a.Field == b.Field })
}

// collect walks to the causes that say something about one field. A choice fails once, not once for each of its constants.
func (w *Invalid) collect(e *jsonschema.ValidationError) {
	field := ""
	if len(e.InstanceLocation) > 0 {
		field = e.InstanceLocation[0]
	}
	if _, choice := e.ErrorKind.(*kind.OneOf); choice {
		*w = append(*w, Wrong{field, "choice"})
		return
	}
	for _, cause := range e.Causes {
		w.collect(cause)
	}
	if len(e.Causes) > 0 {
		return
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			*w = append(*w, Wrong{name, "required"})
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			*w = append(*w, Wrong{name, "unknown"})
		}
	default:
		*w = append(*w, Wrong{field, codeOf(k)})
	}
}

func codeOf(k jsonschema.ErrorKind) string {
	switch k.(type) {
	case *kind.Type:
		return "type"
	case *kind.Const, *kind.Enum:
		return "choice"
	case *kind.Minimum, *kind.Maximum, *kind.ExclusiveMinimum, *kind.ExclusiveMaximum, *kind.MultipleOf:
		return "range"
	case *kind.MaxLength, *kind.MaxItems:
		return "long"
	case *kind.MinLength, *kind.MinItems:
		return "short"
	case *kind.UniqueItems:
		return "twice"
	}
	return "form"
}

// errOutside keeps a schema from reading files or the network.
var errOutside = errors.New("a form refers to nothing outside itself")

type closed struct{}

func (closed) Load(string) (any, error) { return nil, errOutside }

// compile reads the schema of a form.
func compile(f Form) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(f.Schema))
	if err != nil {
		return nil, fmt.Errorf("forms: the schema of %s: %w", f.ID, err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(closed{})
	c.AssertFormat()
	if err := c.AddResource("form.json", doc); err != nil {
		return nil, fmt.Errorf("forms: the schema of %s: %w", f.ID, err)
	}
	schema, err := c.Compile("form.json")
	if err != nil {
		return nil, fmt.Errorf("forms: the schema of %s: %w", f.ID, err)
	}
	return schema, nil
}
