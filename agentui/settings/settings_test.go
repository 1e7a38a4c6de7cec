package settings

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/documents"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func TestWhatHoldsFirstIsWhole(t *testing.T) {
	s := First(Defaults{Reasons: []string{"break", "errand"}, WrapUp: 20 * time.Second, Decisions: 48 * time.Hour})
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	ordinary, most := s.WrapUp.Spans()
	if ordinary != 20*time.Second || most != 15*time.Minute || s.DecisionsKept() != 48*time.Hour || !s.HasReason("errand") || s.HasReason("meal") {
		t.Errorf("%+v", s)
	}
	if First(Defaults{WrapUp: time.Minute}).Reasons[0].Names["zh-CN"] != "小休" {
		t.Error("no names")
	}
}

func TestEveryFaultIsTold(t *testing.T) {
	s := First(Defaults{})
	s.Templates = append(s.Templates, Template{ID: "talk", Names: documents.Both("", "x"), Texts: documents.Both(strings.Repeat("字", 4001), "")})
	s.Timers = []int{50, 30, 999}
	s.WrapUp = WrapUp{Seconds: 120, Most: 60}
	s.Palette, s.Retention.Decisions = "grey", 0
	s.Reasons = append(s.Reasons, Named{"a b", documents.Both("x", "")})
	s.Skills = []SkillName{{"", documents.Both("x", "")}}
	s.Disposition[0].Choices = s.Disposition[0].Choices[:1]
	s.Disposition = append(s.Disposition, Question{ID: "q", Names: documents.Both("x", ""), Kind: "number", Choices: s.Reasons[:2], When: &When{"outcome", "none"}},
		Question{ID: "r", Names: documents.Both("x", ""), Kind: AskText, Choices: s.Reasons[:1]})
	fs, _ := errors.AsType[documents.Faults](s.Validate())
	got := map[string]documents.Code{}
	for _, f := range fs {
		got[f.Field] = f.Code
	}
	want := map[string]documents.Code{
		"templates[2].id": documents.Twice, "templates[2].names.zh-CN": documents.Missing, "templates[2].texts.zh-CN": documents.TooLong,
		"timers[1]": documents.OutOfOrder, "timers[2]": documents.OutOfRange, "wrap_up.most": documents.OutOfRange, "palette": documents.BadChoice,
		"retention.decisions": documents.OutOfRange, "reasons[5].id": documents.BadID, "skills[0].skill": documents.Missing,
		"disposition[0].choices": documents.TooFew, "disposition[1].when": documents.Unknown, "disposition[4].kind": documents.BadChoice,
		"disposition[4].when": documents.Unknown, "disposition[5].choices": documents.TooMany,
	}
	for field, code := range want {
		if got[field] != code {
			t.Errorf("%s: %q, want %q", field, got[field], code)
		}
	}
	if len(fs) != len(want) {
		t.Errorf("%d faults: %v", len(fs), fs)
	}
}

// Settings that were saved before contacts were kept by rules go on, with the least that the guide asks for.
func TestOlderSettingsKeepContacts(t *testing.T) {
	s := First(Defaults{})
	if err := json.Unmarshal([]byte(`{"retention":{"decisions":30}}`), &s); err != nil {
		t.Fatal(err)
	}
	if o, h := s.ContactsKept(); o != 1095*24*time.Hour || h != 3650*24*time.Hour || s.Retention.Automatic || s.Validate() != nil {
		t.Errorf("%v, %v, %v", o, h, s.Validate())
	}
	s.Retention = Retention{Decisions: 1, Ordinary: 1094, HighRisk: 1000}
	if fs, _ := errors.AsType[documents.Faults](s.Validate()); len(fs) != 2 {
		t.Errorf("%v", fs)
	}
}

func TestStore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, err := Open(t.Context(), db, Defaults{})
		if err != nil {
			t.Fatal(err)
		}
		next := First(Defaults{})
		next.Palette = RedYellowGreen
		if _, err := s.Save(t.Context(), 0, next, "u-1", ""); err != nil {
			t.Fatal(err)
		}
		if v, err := s.Current(t.Context()); err != nil || v.N != 1 || v.Doc.Palette != RedYellowGreen || len(v.Doc.Disposition) != 4 || v.Doc.Disposition[1].When.Choice != "not_possible" {
			t.Errorf("%+v, %v", v, err)
		}
	})
}
