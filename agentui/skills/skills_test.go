package skills

import (
	"errors"
	"os"
	"testing"

	"hotline/agentui/settings"
	"hotline/agentui/users"
	"hotline/queue"
	"hotline/queue/lines"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

// TestRename: a skill is called otherwise everywhere at once, two become one with the higher level, and what is refused changes nothing.
func TestRename(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		people, err1 := users.Open(ctx, db)
		policy, err2 := lines.Open(ctx, db, lines.Site{})
		rules, err3 := settings.Open(ctx, db, settings.Defaults{})
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		u, err := people.Create(ctx, users.User{Username: "a", Name: "甲", Role: users.Agent, Skills: queue.Skills{"youth": 3, "teens": 7}}, "long enough")
		if err != nil {
			t.Fatal(err)
		}
		steps := []lines.Step{{After: 1e9, Skill: "teens", By: 1}}
		p := lines.Policy{Lines: []lines.Line{{
			ID: "1", Numbers: []string{"12355"}, Names: lines.Words{"zh-CN": "一", "en": "one"}, Needs: queue.Skills{"teens": 2}, Relax: steps, Emergency: &lines.Variant{Relax: &steps},
		}}}
		if _, err := policy.Save(ctx, 0, p, "u-1", ""); err != nil {
			t.Fatal(err)
		}
		s := New(db, Stores{people, policy, rules})
		all, err := s.List(ctx)
		if err != nil || len(all) != 5 || all[3].Skill != "teens" || all[3].People != 1 || len(all[3].Lines) != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		for _, c := range []struct {
			from, to string
			want     error
		}{{"none", "x", ErrUnknown}, {"teens", "a b", ErrName}, {"teens", "teens", ErrName}} {
			if _, err := s.Rename(ctx, c.from, c.to, "u-1", ""); !errors.Is(err, c.want) {
				t.Errorf("%+v: %v", c, err)
			}
		}
		out, err := s.Rename(ctx, "teens", "youth", "u-1", "one name")
		if err != nil || out.People != 1 || !out.Lines {
			t.Fatalf("%+v, %v", out, err)
		}
		now, err := policy.Current(ctx)
		l := now.Policy.Lines[0]
		if err != nil || now.N != 2 || l.Needs["youth"] != 2 || len(l.Needs) != 1 || l.Relax[0].Skill != "youth" || (*l.Emergency.Relax)[0].Skill != "youth" {
			t.Errorf("%+v, %v", l, err)
		}
		if got, err := people.ByID(ctx, u.ID); err != nil || got.Skills["youth"] != 7 || len(got.Skills) != 1 {
			t.Errorf("%+v, %v", got.Skills, err)
		}
		if _, err := s.Rename(ctx, "youth", "junge", "u-1", ""); err != nil {
			t.Fatal(err)
		}
		if v, err := rules.Current(ctx); err != nil || v.N != 1 || v.Doc.Skills[2].Skill != "junge" || v.Doc.Skills[2].Names["zh-CN"] != "青少年" {
			t.Errorf("%+v, %v", v.Doc.Skills, err)
		}
	})
}
