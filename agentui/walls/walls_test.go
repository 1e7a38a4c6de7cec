package walls

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"hotline/agentui/passes"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

var noon = time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)

func TestStore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s, err := Open(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"", " ", "a\nb", strings.Repeat("墙", 61)} {
			if _, _, err := s.Make(ctx, noon, name, Wall, "u-1"); !errors.Is(err, ErrName) {
				t.Errorf("%q: %v", name, err)
			}
		}
		made, secret, err := s.Make(ctx, noon, "大厅东侧", Wall, "u-1")
		if err != nil || len(secret) != 43 {
			t.Fatalf("%+v %q %v", made, secret, err)
		}
		if got, err := s.Known(ctx, noon.Add(time.Minute), secret, Wall); err != nil || got.ID != made.ID || !got.Seen.IsZero() {
			t.Errorf("%+v, %v", got, err)
		}
		for _, other := range []string{"", made.ID, secret[1:], passes.Hashed(secret)} {
			if _, err := s.Known(ctx, noon, other, Wall); !errors.Is(err, ErrNotFound) {
				t.Errorf("%q: %v", other, err)
			}
		}
		var kept string
		if err := db.QueryRow(ctx, `SELECT id || name || secret FROM walls`).Scan(&kept); err != nil || strings.Contains(kept, secret) {
			t.Errorf("the secret itself is kept: %v", err)
		}
		if err := s.Revoke(ctx, noon, "none", "u-1"); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		for _, by := range []string{"u-2", "u-3"} {
			if err := s.Revoke(ctx, noon.Add(time.Hour), made.ID, by); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Known(ctx, noon, secret, Wall); !errors.Is(err, ErrNotFound) {
			t.Errorf("after it was taken back: %v", err)
		}
		for range most {
			if _, _, err := s.Make(ctx, noon.Add(time.Hour), "x", Public, "u-1"); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := s.Make(ctx, noon, "x", Public, "u-1"); !errors.Is(err, ErrTooMany) {
			t.Error(err)
		}
		all, err := s.List(ctx)
		if last := all[len(all)-1]; err != nil || len(all) != most+1 || last.RevokedBy != "u-2" || !last.Seen.Equal(noon.Add(time.Minute)) {
			t.Errorf("%d, %+v, %v", len(all), last, err)
		}
	})
}

// A link opens what it was made for and nothing else, also when it was taken back; whoever makes one says what that is.
func TestALinkOpensOneThing(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		s, err := Open(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		for _, none := range []passes.Purpose{passes.Only, "walls", "wall "} {
			if _, _, err := s.Make(ctx, noon, "大厅", none, "u-1"); !errors.Is(err, ErrPurpose) {
				t.Errorf("%q: %v", none, err)
			}
		}
		for purpose, other := range map[passes.Purpose]passes.Purpose{Wall: Public, Public: Wall} {
			made, secret, err := s.Make(ctx, noon, "大厅", purpose, "u-1")
			if err != nil || made.Purpose != purpose {
				t.Fatalf("%+v, %v", made, err)
			}
			for _, wrong := range []passes.Purpose{other, passes.Only} {
				if _, err := s.Known(ctx, noon, secret, wrong); !errors.Is(err, ErrOther) {
					t.Errorf("%s opens %q: %v", purpose, wrong, err)
				}
			}
			all, err := s.List(ctx)
			if err != nil || all[0].Purpose != purpose || !all[0].Seen.IsZero() {
				t.Errorf("a refusal is no use: %+v, %v", all, err)
			}
			if got, err := s.Known(ctx, noon, secret, purpose); err != nil || got.Purpose != purpose {
				t.Errorf("%+v, %v", got, err)
			}
			if err := s.Revoke(ctx, noon, made.ID, "u-2"); err != nil {
				t.Fatal(err)
			}
			for _, wish := range []passes.Purpose{purpose, other} {
				if _, err := s.Known(ctx, noon, secret, wish); !errors.Is(err, ErrNotFound) {
					t.Errorf("%s after it was taken back: %v", purpose, err)
				}
			}
		}
	})
}

// A link of before opened both; it goes on as one of a display, and so does one that a console of before makes while others are new.
func TestLinksOfBeforeAreDisplays(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		first, err := fs.ReadFile(migrations, "migrations/00001_walls.sql")
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(ctx, "walls", fstest.MapFS{"00001_walls.sql": {Data: first}}); err != nil {
			t.Fatal(err)
		}
		before := func(id, secret string) {
			if _, err := db.Exec(ctx, `INSERT INTO walls (id, name, secret, made_ms, made_by, revoked_ms, revoked_by, seen_ms) VALUES (?,?,?,?,?,0,'',0)`, id, id,
				passes.Hashed(secret), storage.Millis(noon), "u-1"); err != nil {
				t.Fatal(err)
			}
		}
		before("old", "secret-1")
		s, err := Open(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		before("meanwhile", "secret-2")
		for _, secret := range []string{"secret-1", "secret-2"} {
			if d, err := s.Known(ctx, noon, secret, Wall); err != nil || d.Purpose != Wall {
				t.Errorf("%+v, %v", d, err)
			}
			if _, err := s.Known(ctx, noon, secret, Public); !errors.Is(err, ErrOther) {
				t.Errorf("%s opens the statistics: %v", secret, err)
			}
		}
	})
}
