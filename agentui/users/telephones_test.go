package users

import (
	"bytes"
	"errors"
	"testing"

	"hotline/queue"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestTelephones(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s := t.Context(), open(t, db)
		phones := s.Telephones(boxed{}, "CN")
		u, err := s.Create(ctx, User{Username: "boss", Name: "督导", Role: Supervisor}, "first password")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := phones.Number(ctx, u.ID); !errors.Is(err, ErrNoTelephone) {
			t.Errorf("%v", err)
		}
		for _, bad := range []string{"110", "12355", "call me", "400-161-9995", "+861380013"} {
			if err := phones.Set(ctx, u.ID, bad, "u-1"); !errors.Is(err, ErrBadTelephone) {
				t.Errorf("%q: %v", bad, err)
			}
		}
		if err := phones.Set(ctx, "u-none", "13800138000", "u-1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("of nobody: %v", err)
		}
		for _, number := range []string{"010-8296 1234", "138 0013 8000"} {
			if err := phones.Set(ctx, u.ID, number, "u-1"); err != nil {
				t.Fatal(err)
			}
		}
		number, err := phones.Number(ctx, u.ID)
		shown, err2 := phones.Show(ctx, u.ID)
		if number != "+8613800138000" || shown.Masked != "138******00" || shown.By != "u-1" || shown.At.IsZero() || err != nil || err2 != nil {
			t.Errorf("%q, %+v, %v, %v", number, shown, err, err2)
		}
		var rests []byte
		if err := db.QueryRow(ctx, `SELECT number FROM user_telephones`).Scan(&rests); err != nil || bytes.Contains(rests, []byte("13800138000")) {
			t.Errorf("it rests unsealed, %v", err)
		}
		have, err := phones.Have(ctx, []queue.AgentID{u.ID, "u-none"})
		if err != nil || !have[u.ID] || len(have) != 1 {
			t.Errorf("%v, %v", have, err)
		}
		for range 2 {
			if err := phones.Set(ctx, u.ID, "", "u-1"); err != nil {
				t.Error(err)
			}
		}
		if _, err := phones.Show(ctx, u.ID); !errors.Is(err, ErrNoTelephone) {
			t.Errorf("taken away: %v", err)
		}
	})
}
