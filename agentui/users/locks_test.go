package users

import (
	"net/netip"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestLocks(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s := open(t, db)
		now := time.Date(2025, 5, 1, 2, 0, 0, 0, time.UTC)
		l := s.Locks(LockRules{Failures: 3, AddressFailures: 8})
		l.now = func() time.Time { return now }
		u, err := s.Create(ctx, User{Username: "agent1", Name: "咨询员", Role: Agent}, "first password")
		if err != nil {
			t.Fatal(err)
		}
		home, away := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.7")
		knock := func(user string, from netip.Addr, device string) (Knock, time.Duration, bool) {
			t.Helper()
			k := Knock{Username: user, Address: from, Device: device}
			if user == u.Username {
				k.User = u.ID
			}
			wait, shut, err := l.Take(ctx, &k)
			if err != nil {
				t.Fatal(err)
			}
			return k, wait, shut
		}
		// The owner has come before, with a browser that is known from then on.
		k, _, _ := knock("agent1", home, "")
		if err := l.Succeeded(ctx, k, "the owner's browser"); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if _, wait, shut := knock("agent1", away, ""); wait != 0 || shut != (i == 2) {
				t.Fatalf("attempt %d: %v, %v", i, wait, shut)
			}
		}
		if _, wait, _ := knock("agent1", netip.MustParseAddr("203.0.113.5"), "made up"); wait != time.Minute {
			t.Errorf("another stranger waits %s", wait)
		}
		for name, k := range map[string]struct {
			from   netip.Addr
			device string
		}{"at home": {home, ""}, "on the way, with the browser": {away, "the owner's browser"}} {
			k, wait, _ := knock("agent1", k.from, k.device)
			if wait != 0 {
				t.Errorf("the owner, %s, is shut out by strangers for %s", name, wait)
			}
			if err := l.Succeeded(ctx, k, ""); err != nil {
				t.Fatal(err)
			}
		}
		// A lock ends, and each further one is twice as long.
		for _, want := range []time.Duration{2 * time.Minute, 4 * time.Minute} {
			now = now.Add(time.Hour / 2)
			for range 3 {
				if _, wait, _ := knock("agent1", netip.MustParseAddr("203.0.113.5"), ""); wait != 0 {
					t.Fatalf("still locked for %s", wait)
				}
			}
			if _, wait, _ := knock("agent1", netip.MustParseAddr("203.0.113.6"), ""); wait != want {
				t.Errorf("locked for %s, want %s", wait, want)
			}
		}
		doors, err := l.List(ctx)
		if err != nil || len(doors) < 1 || doors[0].User != u.ID || doors[0].Origin != strangers || doors[0].Locks != 3 {
			t.Errorf("%+v, %v", doors, err)
		}
		if err := l.Unlock(ctx, u.ID); err != nil {
			t.Fatal(err)
		}
		if _, wait, _ := knock("agent1", netip.MustParseAddr("203.0.113.7"), ""); wait != 0 {
			t.Errorf("unlocked, and still %s", wait)
		}
		// One address at many names, of which none exists: nothing that was typed is kept.
		for i := range 8 {
			if _, wait, _ := knock(string(rune('a'+i))+" secret password", netip.MustParseAddr("2001:db8::1"), ""); wait != 0 {
				t.Fatalf("attempt %d waits %s", i, wait)
			}
		}
		if _, wait, _ := knock("agent1", netip.MustParseAddr("2001:db8::ffff"), ""); wait == 0 {
			t.Error("the same network goes on")
		}
		if _, wait, _ := knock("agent1", netip.MustParseAddr("2001:db8::ffff"), "the owner's browser"); wait != 0 {
			t.Errorf("the owner's browser is shut out with its network for %s", wait)
		}
		var typed int
		if err := db.QueryRow(ctx, "SELECT COUNT(*) FROM lockouts WHERE bucket LIKE '%secret%'").Scan(&typed); err != nil || typed != 0 {
			t.Errorf("what was typed is kept: %d, %v", typed, err)
		}
		if err := l.UnlockAddress(ctx, "address:2001:db8::/64"); err != nil {
			t.Fatal(err)
		}
		if _, wait, _ := knock("agent1", netip.MustParseAddr("2001:db8::ffff"), ""); wait != 0 {
			t.Errorf("the network was opened, and still %s", wait)
		}
		// A name that nobody has locks as one does: the answer tells nobody who works here.
		for range 3 {
			knock("nobody", netip.MustParseAddr("203.0.113.9"), "")
		}
		if _, wait, _ := knock("Nobody ", netip.MustParseAddr("203.0.113.10"), ""); wait == 0 {
			t.Error("a name that nobody has never locks")
		}
		now = now.Add(48 * time.Hour)
		if err := l.Expire(ctx); err != nil {
			t.Fatal(err)
		}
		if doors, err := l.List(ctx); err != nil || len(doors) != 0 {
			t.Errorf("two days later: %+v, %v", doors, err)
		}
	})
}
