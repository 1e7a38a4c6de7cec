package users

import (
	"errors"
	"strings"
	"testing"

	"hotline/queue"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestPeople(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s := open(t, db)
		boss, err := s.Create(ctx, User{Username: "sec1", Name: "安全员", Role: Security}, "first password")
		if err != nil {
			t.Fatal(err)
		}
		password := FirstPassword()
		if len(password) != 19 || password == FirstPassword() {
			t.Errorf("first password %q", password)
		}
		u, err := s.Admit(ctx, User{Username: "agent1", Name: "咨询员", Role: Agent}, password, string(boss.ID), "新人")
		if err != nil || !u.Change || u.Version != 1 {
			t.Fatalf("%+v, %v", u, err)
		}
		to := Standing{Name: "咨询员一", Role: Supervisor, Locale: "en"}
		u2, err := s.Amend(ctx, u.ID, 1, to, string(boss.ID), " 夜班 ", 0)
		if err != nil || u2.Standing() != to || u2.Version != 2 {
			t.Fatalf("%+v, %v", u2, err)
		}
		own := boss.Standing()
		own.Role = Supervisor
		shut := boss.Standing()
		shut.Disabled = true
		bad := to
		bad.Role = "king"
		for name, c := range map[string]struct {
			id   queue.AgentID
			base int
			to   Standing
			by   string
			note string
			want error
		}{
			"an old version":             {u.ID, 1, to, string(boss.ID), "", ErrStale},
			"nobody":                     {"u-nobody", 1, to, string(boss.ID), "", ErrNotFound},
			"one's own role":             {boss.ID, 1, own, string(boss.ID), "", ErrOwnRole},
			"oneself":                    {boss.ID, 1, shut, string(boss.ID), "", ErrOwnRole},
			"the last one, by a machine": {boss.ID, 1, shut, "cli:root", "", ErrLastSecurity},
			"a role that is none":        {u.ID, 2, bad, string(boss.ID), "", ErrBadPerson},
			"a long note":                {u.ID, 2, to, string(boss.ID), strings.Repeat("长", noteMost+1), ErrBadPerson},
		} {
			if _, err := s.Amend(ctx, c.id, c.base, c.to, c.by, c.note, 0); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		u3, err := s.Restore(ctx, u.ID, 2, 1, string(boss.ID), "")
		if err != nil || u3.Role != Agent || u3.Name != "咨询员" || u3.Version != 3 {
			t.Fatalf("%+v, %v", u3, err)
		}
		if _, err := s.Restore(ctx, u.ID, 3, 9, string(boss.ID), ""); !errors.Is(err, ErrNoVersion) {
			t.Errorf("a version that is none: %v", err)
		}
		all, err := s.History(ctx, u.ID)
		if err != nil || len(all) != 3 || all[0].Restored != 1 || all[1].Note != "夜班" || all[1].By != string(boss.ID) || all[2].Note != "新人" {
			t.Errorf("%+v, %v", all, err)
		}
		if err := s.Check(ctx, u.ID, "wrong"); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("a wrong password: %v", err)
		}
		if err := s.Check(ctx, u.ID, password); err != nil {
			t.Errorf("the right password: %v", err)
		}
		if err := s.SetPassword(ctx, u.ID, "another password"); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Authenticate(ctx, "agent1", "another password"); err != nil || got.Change {
			t.Errorf("%+v, %v", got, err)
		}
		if err := s.SetWork(ctx, u.ID, queue.Skills{"youth": 5}, 1, string(boss.ID)); err != nil {
			t.Fatal(err)
		}
		if work, err := s.WorkHistory(ctx, u.ID); err != nil || len(work) != 2 || work[0].Skills["youth"] != 5 || work[0].Group != 1 || work[1].Group != 0 {
			t.Errorf("%+v, %v", work, err)
		}
	})
}

func TestLinked(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s := open(t, db)
		u, err := s.Create(ctx, User{Username: "agent1", Name: "咨询员", Role: Agent}, "first password")
		if err != nil {
			t.Fatal(err)
		}
		const issuer = "https://login.example.org"
		if _, err := s.Linked(ctx, issuer, "sub-1", "nobody"); !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody without an account: %v", err)
		}
		if got, err := s.Linked(ctx, issuer, "sub-1", "AGENT1"); err != nil || got.ID != u.ID {
			t.Fatalf("%+v, %v", got, err)
		}
		if got, err := s.Linked(ctx, issuer, "sub-1", "renamed"); err != nil || got.ID != u.ID {
			t.Errorf("renamed at the provider: %+v, %v", got, err)
		}
		if _, err := s.Linked(ctx, issuer, "sub-2", "agent1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("the name given to another: %v", err)
		}
		if err := s.Unlink(ctx, u.ID); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Linked(ctx, issuer, "sub-2", "agent1"); err != nil || got.ID != u.ID {
			t.Errorf("linked anew: %+v, %v", got, err)
		}
		to := u.Standing()
		to.Disabled = true
		if _, err := s.Amend(ctx, u.ID, 1, to, "cli:test", "", 0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Linked(ctx, issuer, "sub-2", "agent1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("disabled: %v", err)
		}
	})
}

func TestSignIns(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		all := open(t, db).Sessions()
		begin := func(token string, user queue.AgentID) {
			t.Helper()
			if err := all.CommitCtx(ctx, token, []byte("x"), storage.Time(4_000_000_000_000)); err != nil {
				t.Fatal(err)
			}
			if err := all.Begin(ctx, token, SignIn{User: user, Remote: "192.0.2.1", Browser: "x" + strings.Repeat("长", 200) + "\xff"}); err != nil {
				t.Fatal(err)
			}
		}
		begin("a", "u-1")
		begin("b", "u-1")
		begin("c", "u-2")
		in, err := all.SignIn(ctx, "a")
		if err != nil || in.User != "u-1" || in.Since.IsZero() || !in.Factor.IsZero() || !in.Locked.IsZero() || len(in.Browser) > browserMost {
			t.Fatalf("%+v, %v", in, err)
		}
		for name, do := range map[string]func() error{
			"lock": func() error { return all.Lock(ctx, "a") }, "prove": func() error { return all.Proved(ctx, "a") },
		} {
			if err := do(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if in, err = all.SignIn(ctx, "a"); err != nil || in.Locked.IsZero() || in.Factor.IsZero() {
			t.Errorf("%+v, %v", in, err)
		}
		if err := all.Unlock(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		if n, err := all.Revoke(ctx, "u-2", in.ID, ""); n != 0 || err != nil {
			t.Errorf("another's sign-in was ended: %d, %v", n, err)
		}
		if n, err := all.Revoke(ctx, "u-1", "", "a"); n != 1 || err != nil {
			t.Errorf("all but one: %d, %v", n, err)
		}
		if list, err := all.Of(ctx, "u-1"); err != nil || len(list) != 1 || list[0].ID != in.ID {
			t.Errorf("%+v, %v", list, err)
		}
		if n, err := all.Revoke(ctx, "u-1", in.ID, ""); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if _, err := all.SignIn(ctx, "a"); !errors.Is(err, ErrNotFound) {
			t.Errorf("still there: %v", err)
		}
		if err := all.Active(ctx, "a"); err != nil { // ended stays ended
			t.Fatal(err)
		}
	})
}
