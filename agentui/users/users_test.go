package users

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"go.uber.org/goleak"

	"hotline/queue"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) {
	// scs.New starts the cleaner of a store in memory that we replace; the library has no safe way to end it.
	os.Exit(storagetest.Main(m, goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup")))
}

func open(t *testing.T, db *storage.DB) *Store {
	t.Helper()
	s, err := Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestUsers(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s := open(t, db)
		made, err := s.Create(ctx, User{Username: " Agent1 ", Name: "咨询员一", Role: Agent, Skills: queue.Skills{"youth": 7}}, "first password")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(made.ID), "u-") || len(made.ID) != 28 || made.Username != "agent1" || made.Locale != "zh-CN" {
			t.Fatalf("made %+v", made)
		}
		if _, err := s.Create(ctx, User{Username: "AGENT1", Name: "x", Role: Agent}, "first password"); !errors.Is(err, ErrTaken) {
			t.Errorf("the same name again: %v", err)
		}
		got, err := s.ByName(ctx, "AGENT1")
		if err != nil || got.ID != made.ID || got.Skills["youth"] != 7 || !got.Created.Equal(made.Created) {
			t.Errorf("by name: %+v, %v", got, err)
		}
		if _, err := s.ByID(ctx, "u-nobody"); !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown id: %v", err)
		}
		if _, err := s.Create(ctx, User{Username: "a0", Name: "x", Role: Supervisor}, "another password"); err != nil {
			t.Fatal(err)
		}
		all, err := s.List(ctx)
		if err != nil || len(all) != 2 || all[0].Username != "a0" {
			t.Errorf("list: %+v, %v", all, err)
		}
		if got.Group != 0 {
			t.Errorf("a person of the own centre is in group %d", got.Group)
		}
		if err := s.SetWork(ctx, made.ID, queue.Skills{"english": 5}, 1, "cli:test"); err != nil {
			t.Fatal(err)
		}
		if got, err := s.ByID(ctx, made.ID); err != nil || got.Group != 1 || got.Skills["english"] != 5 || got.Skills["youth"] != 0 {
			t.Errorf("after SetWork: %+v, %v", got, err)
		}
		for _, bad := range []error{s.SetWork(ctx, made.ID, queue.Skills{"a:b": 1}, 0, ""), s.SetWork(ctx, made.ID, queue.Skills{"a": 11}, 0, ""), s.SetWork(ctx, made.ID, nil, 100, "")} {
			if !errors.Is(bad, ErrBadWork) {
				t.Errorf("what no line can ask for: %v", bad)
			}
		}
		if err := s.SetWork(ctx, "u-nobody", nil, 0, ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("skills of nobody: %v", err)
		}
		if err := s.SetPassword(ctx, made.ID, "second password"); err != nil {
			t.Fatal(err)
		}
		if err := s.SetPassword(ctx, "u-nobody", "second password"); !errors.Is(err, ErrNotFound) {
			t.Errorf("password of nobody: %v", err)
		}
		if _, err := s.Authenticate(ctx, "agent1", "first password"); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("the old password: %v", err)
		}
		if u, err := s.Authenticate(ctx, "Agent1", "second password"); err != nil || u.ID != made.ID {
			t.Errorf("the new password: %+v, %v", u, err)
		}
		if _, err := s.Amend(ctx, made.ID, 1, Standing{made.Name, made.Role, made.Locale, true}, "cli:test", "", 0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Authenticate(ctx, "agent1", "second password"); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("disabled: %v", err)
		}
		if _, err := s.Authenticate(ctx, "nobody", "second password"); !errors.Is(err, ErrBadCredentials) {
			t.Errorf("unknown: %v", err)
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := open(t, db)
		for name, u := range map[string]User{
			"no username":   {Name: "x", Role: Agent},
			"odd username":  {Username: "a b", Name: "x", Role: Agent},
			"long username": {Username: strings.Repeat("a", 65), Name: "x", Role: Agent},
			"no name":       {Username: "a", Role: Agent},
			"no role":       {Username: "a", Name: "x"},
			"odd role":      {Username: "a", Name: "x", Role: "root"},
			"odd skill":     {Username: "a", Name: "x", Role: Agent, Skills: queue.Skills{"youth": 11}},
		} {
			if _, err := s.Create(t.Context(), u, "long enough"); err == nil {
				t.Errorf("%s was accepted", name)
			}
		}
		for _, password := range []string{"", "1234567", strings.Repeat("x", 201)} {
			if _, err := s.Create(t.Context(), User{Username: "a", Name: "x", Role: Agent}, password); !errors.Is(err, ErrWeakPassword) {
				t.Errorf("password of %d bytes: %v", len(password), err)
			}
		}
	})
}

func TestHashingWaitsItsTurnAndGivesUpWithTheCaller(t *testing.T) {
	h, err := newHasher()
	if err != nil {
		t.Fatal(err)
	}
	for range cap(h.slots) {
		if err := h.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.matches(ctx, "x", h.decoy); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	h.leave()
	if match, err := h.matches(t.Context(), "x", h.decoy); match || err != nil {
		t.Errorf("got %v, %v", match, err)
	}
}

func TestSessions(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s := open(t, db).Sessions()
		far := time.Now().Add(time.Hour)
		if err := s.CommitCtx(ctx, "token", []byte("data"), far); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit("token", []byte("data2"), far); err != nil {
			t.Fatal(err)
		}
		if data, ok, err := s.Find("token"); err != nil || !ok || string(data) != "data2" {
			t.Fatalf("find: %q %v %v", data, ok, err)
		}
		var rest int
		if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM sessions WHERE token_hash LIKE '%token%'").Scan(&rest); err != nil || rest != 0 {
			t.Errorf("the token itself is in the table (%d, %v)", rest, err)
		}
		if err := s.Extend(ctx, "token", time.Now().Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, ok, _ := s.FindCtx(ctx, "token"); ok {
			t.Error("found after its end")
		}
		if err := s.Extend(ctx, "token", far); err != nil {
			t.Fatal(err)
		}
		if _, ok, _ := s.FindCtx(ctx, "token"); ok {
			t.Error("an ended session came back")
		}
		if err := s.Expire(ctx); err != nil {
			t.Fatal(err)
		}
		if err := s.CommitCtx(ctx, "other", []byte("x"), far); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete("other"); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM sessions").Scan(&rest); err != nil || rest != 0 {
			t.Errorf("%d sessions left, %v", rest, err)
		}
	})
}

func TestSessionsServeTheSessionManager(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		m := scs.New()
		m.Store = open(t, db).Sessions()
		ctx, err := m.Load(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		m.Put(ctx, "user", "u-1")
		token, _, err := m.Commit(ctx)
		if err != nil {
			t.Fatal(err)
		}
		again, err := m.Load(t.Context(), token)
		if err != nil || m.GetString(again, "user") != "u-1" {
			t.Fatalf("loaded %q, %v", m.GetString(again, "user"), err)
		}
		if err := m.Destroy(again); err != nil {
			t.Fatal(err)
		}
		gone, err := m.Load(t.Context(), token)
		if err != nil || m.GetString(gone, "user") != "" {
			t.Fatalf("after the end: %q, %v", m.GetString(gone, "user"), err)
		}
	})
}
