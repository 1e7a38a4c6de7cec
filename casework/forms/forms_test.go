package forms

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"hotline/storage"
	"hotline/storage/documents"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func first(t *testing.T) Forms {
	t.Helper()
	f, err := First()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestWhatHoldsFirstIsWhole(t *testing.T) {
	f := first(t)
	if err := f.Check(nil); err != nil {
		t.Error(err)
	}
	for _, one := range f.Forms {
		if (one.Kind == Scale) != one.Scored() {
			t.Errorf("%s: %s, scored %v", one.ID, one.Kind, one.Scored())
		}
	}
}

const schema = `{"type":"object","additionalProperties":false,"required":["mood"],"properties":{
	"mood":{"type":"integer","x-names":{"zh-CN":"情绪"},"oneOf":[{"const":0,"x-names":{"zh-CN":"好"}},{"const":1,"x-names":{"zh-CN":"差"}}]},
	"about":{"type":"array","x-names":{"zh-CN":"问题"},"uniqueItems":true,"items":{"type":"string","oneOf":[{"const":"sleep","x-names":{"zh-CN":"睡眠"}}]}},
	"age":{"type":"integer","x-names":{"zh-CN":"年龄"},"minimum":0,"maximum":120},
	"on":{"type":"string","format":"date","x-names":{"zh-CN":"日期"}},
	"said":{"type":"string","maxLength":5,"x-names":{"zh-CN":"话"},"x-when":{"field":"mood","is":[1]}}}}`

func form() Form {
	return Form{
		ID: "one", Kind: Record, Names: documents.Words{"zh-CN": "一"}, Schema: json.RawMessage(schema), Order: []string{"mood", "about", "age", "on", "said"},
		Scoring: json.RawMessage("null"),
	}
}

func TestAnswers(t *testing.T) {
	for answers, want := range map[string]string{
		`{"mood":1,"about":["sleep"],"age":120,"on":"2026-11-26","said":"很难睡"}`: "",
		`{"mood":0}`:                           "",
		`{}`:                                   "mood required",
		`{"mood":2}`:                           "mood choice",
		`{"mood":"0"}`:                         "mood type",
		`{"mood":1,"about":["sleep","sleep"]}`: "about twice",
		`{"mood":1,"about":["work"]}`:          "about choice",
		`{"mood":1,"age":121}`:                 "age range",
		`{"mood":1,"on":"yesterday"}`:          "on form",
		`{"mood":1,"said":"一二三四五六"}`:           "said long",
		`{"mood":1,"weather":"fine"}`:          "weather unknown",
		`[]`:                                   " type",
		`{"mood":1`:                            " type",
		`{"age":-1,"weather":1,"said":"一二三四五六"}`: "age range, mood required, said long, weather unknown",
	} {
		err := Validate(form(), json.RawMessage(answers))
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", answers, err)
			}
			continue
		}
		if got := strings.TrimPrefix(errorText(err), ErrInvalid.Error()+": "); !errors.Is(err, ErrInvalid) || got != want {
			t.Errorf("%s: %q, want %q", answers, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestEveryFaultIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Form)
		field string
		code  documents.Code
	}{
		"no id":              {func(f *Form) { f.ID = "" }, "forms[0].id", documents.Missing},
		"no kind":            {func(f *Form) { f.Kind = "poem" }, "forms[0].kind", documents.BadChoice},
		"no name":            {func(f *Form) { f.Names = nil }, "forms[0].names.zh-CN", documents.Missing},
		"no JSON":            {func(f *Form) { f.Schema = json.RawMessage(`{`) }, "forms[0].schema", documents.BadSchema},
		"no schema":          {func(f *Form) { f.Schema = json.RawMessage(`{"type":"objekt"}`) }, "forms[0].schema", documents.BadSchema},
		"out to a file":      {func(f *Form) { f.Schema = json.RawMessage(`{"$ref":"file:///etc/hostname"}`) }, "forms[0].schema", documents.BadSchema},
		"anything goes":      {replaced(`"additionalProperties":false,`, ``), "forms[0].schema.additionalProperties", documents.BadChoice},
		"a list":             {func(f *Form) { f.Schema = json.RawMessage(`{"type":"array"}`) }, "forms[0].schema.type", documents.BadChoice},
		"a number at large":  {replaced(`"minimum":0,`, ``), "forms[0].schema.properties.age", documents.BadSchema},
		"a text at large":    {replaced(`"maxLength":5,`, ``), "forms[0].schema.properties.said.maxLength", documents.Missing},
		"a choice twice":     {replaced(`"uniqueItems":true,`, ``), "forms[0].schema.properties.about", documents.BadSchema},
		"a field unnamed":    {replaced(`"x-names":{"zh-CN":"话"},`, ``), "forms[0].schema.properties.said.x-names.zh-CN", documents.Missing},
		"a choice unnamed":   {replaced(`{"zh-CN":"差"}`, `{}`), "forms[0].schema.properties.mood.oneOf[1].x-names.zh-CN", documents.Missing},
		"hidden by nothing":  {replaced(`"field":"mood"`, `"field":"wind"`), "forms[0].schema.properties.said.x-when.field", documents.Unknown},
		"not on the screen":  {func(f *Form) { f.Order = f.Order[1:] }, "forms[0].order", documents.Unlisted},
		"twice on it":        {func(f *Form) { f.Order = append(f.Order, "mood") }, "forms[0].order[5]", documents.Twice},
		"nothing on it":      {func(f *Form) { f.Order[0] = "wind" }, "forms[0].order[0]", documents.Unknown},
		"a record is scored": {func(f *Form) { f.Scoring = json.RawMessage(`{}`) }, "forms[0].scoring", documents.BadSchema},
		"a rule of nonsense": {func(f *Form) { f.Kind, f.Scoring = Scale, json.RawMessage(`{}`) }, "forms[0].scoring", documents.BadSchema},
	} {
		f := form()
		c.spoil(&f)
		fs, _ := errors.AsType[documents.Faults](Forms{[]Form{f}}.Check(func(json.RawMessage, []string) error { return errors.New("no rule") }))
		found := false
		for _, one := range fs {
			found = found || one.Field == c.field && one.Code == c.code
		}
		if !found {
			t.Errorf("%s: %v", name, fs)
		}
	}
	if err := (Forms{[]Form{form(), form()}}).Check(nil); err == nil || !strings.Contains(err.Error(), "forms[1].id: twice") {
		t.Error(err)
	}
}

func replaced(old, by string) func(*Form) {
	return func(f *Form) { f.Schema = json.RawMessage(strings.Replace(string(f.Schema), old, by, 1)) }
}

func TestStore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s, err := Open(ctx, db, nil)
		if err != nil {
			t.Fatal(err)
		}
		f, n, err := s.Form(ctx, "phq9")
		if err != nil || n != 1 || len(f.Order) != 9 {
			t.Fatalf("%+v, %d, %v", f, n, err)
		}
		if again, err := Open(ctx, db, nil); err != nil {
			t.Fatal(err)
		} else if _, n, err := again.Form(ctx, "phq9"); n != 1 || err != nil {
			t.Errorf("opened again: version %d, %v", n, err)
		}
		if _, _, err := s.Form(ctx, "none"); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if _, err := s.Save(ctx, 1, Forms{[]Form{form()}}, "u-1", "less"); err != nil {
			t.Fatal(err)
		}
		if _, n, err := s.Form(ctx, "one"); n != 2 || err != nil {
			t.Errorf("version %d, %v", n, err)
		}
		if err := s.Fit(ctx, 2, "one", json.RawMessage(`{"mood":1}`)); err != nil {
			t.Error(err)
		}
		if err := s.Fit(ctx, 2, "one", json.RawMessage(`{"mood":9}`)); !errors.Is(err, ErrInvalid) {
			t.Error(err)
		}
		if err := s.Fit(ctx, 2, "phq9", json.RawMessage(`{}`)); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if err := s.Fit(ctx, 9, "one", json.RawMessage(`{}`)); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if f, err := s.At(ctx, 1, "phq9"); err != nil || len(f.Order) != 9 {
			t.Errorf("an earlier version: %+v, %v", f, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, n, err := s.Form(ctx, "one"); n != 2 || err != nil {
			t.Errorf("with the database away: version %d, %v", n, err)
		}
	})
}
