package phonebook

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/documents"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func open(t *testing.T, db *storage.DB) *Store {
	t.Helper()
	dir := t.TempDir()
	if err := casework.CreateKeys(dir); err != nil {
		t.Fatal(err)
	}
	keys, err := casework.LoadKeys(dir, "CN")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), db, keys, "CN")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsDialled(t *testing.T) {
	for _, c := range []struct {
		number string
		kind   Kind
		want   string
	}{
		{"110", Police, "110"}, {"120", Ambulance, "120"}, {"119", Fire, "119"}, {"110", Hospital, ""}, {"12", Police, ""}, {"1234567", Police, ""},
		{"12320", Agency, "12320"}, {"12345", Other, "12345"}, {"12345", AdHoc, ""}, {"110", AdHoc, ""},
		{"010-8296 1234", Hospital, "+861082961234"}, {"(0571) 85029595", Agency, "+8657185029595"}, {"+86 138 0013 8000", AdHoc, "+8613800138000"},
		{"13800138000", Other, "+8613800138000"}, {"+1 212 555 2368", Agency, "+12125552368"}, {"400-161-9995", Agency, "+864001619995"},
		{"0571-120", Ambulance, "0571120"}, {"010 110", Police, "010110"}, {"0571120", Hospital, ""}, {"0571-121", Ambulance, ""}, {"+0571120", Ambulance, ""},
		{"", Police, ""}, {"call me", Other, ""}, {"sip:1@evil", Other, ""}, {"138001380001", AdHoc, ""}, {"8613+8001", AdHoc, ""}, {"110,,,9", Police, ""},
	} {
		got, err := dialled(c.number, c.kind, "CN")
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q as %s: %q, %v; want %q", c.number, c.kind, got, err, c.want)
		}
	}
}

func FuzzDialled(f *testing.F) {
	for _, seed := range []string{"110", "+86 138 0013 8000", "(010) 1", "１１０", "\x00", "++1", "12320", "sip:a@b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, number string) {
		for _, kind := range append(Kinds(), AdHoc) {
			got, err := dialled(number, kind, "CN")
			if (err == nil) != (got != "") || strings.Trim(strings.TrimPrefix(got, "+"), "0123456789") != "" {
				t.Errorf("%q: %q, %v", number, got, err)
			}
		}
	})
}

func TestBook(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s := t.Context(), open(t, db)
		all, err := s.List(ctx)
		if err != nil || len(all) != 3 {
			t.Fatalf("%+v, %v", all, err)
		}
		for id, want := range map[string]string{"police": "110", "ambulance": "120", "fire": "119"} {
			if got, err := s.Number(ctx, id); got != want || err != nil {
				t.Errorf("%s: %q, %v", id, got, err)
			}
		}
		book := Book{Entries: append(all, Entry{ID: "h1", Kind: Hospital, Names: documents.Words{"zh-CN": "第七人民医院"}, Number: "0571-85029595"})}
		if _, err := s.Versions.Save(ctx, 0, book, "u-1", ""); err != nil {
			t.Fatal(err)
		}
		if got, err := s.NumberFor(ctx, "c1", "h1"); got != "+8657185029595" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if e, err := s.Get(ctx, "h1"); err != nil || e.Names.In("en") != "第七人民医院" {
			t.Errorf("%+v, %v", e, err)
		}
		if _, err := s.Number(ctx, "none"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		broken := Book{Entries: []Entry{
			{ID: "a", Kind: "friend", Names: documents.Words{"en": "x"}, Number: "1"}, {ID: "a", Kind: Police, Names: documents.Words{"zh-CN": "x", "fr": "y"}},
			{ID: "b c", Kind: Other, Names: documents.Words{"zh-CN": "x"}, Number: "13800138000", Note: strings.Repeat("x", 301)},
		}}
		_, err = s.Versions.Save(ctx, 1, broken, "u-1", "")
		fs, _ := errors.AsType[documents.Faults](err)
		got := map[string]documents.Code{}
		for _, f := range fs {
			got[f.Field] = f.Code
		}
		for field, code := range map[string]documents.Code{
			"entries[0].kind": documents.BadChoice, "entries[0].names.zh-CN": documents.Missing, "entries[0].number": documents.BadNumber,
			"entries[1].id": documents.Twice, "entries[1].number": documents.Missing, "entries[1].names.fr": documents.BadChoice, "entries[2].id": documents.BadID,
			"entries[2].note": documents.TooLong,
		} {
			if got[field] != code {
				t.Errorf("%s: %q, want %q", field, got[field], code)
			}
		}
		if len(fs) != 8 {
			t.Errorf("%v", fs)
		}
	})
}

func TestANumberOfOneCall(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s := t.Context(), open(t, db)
		now := time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC)
		s.now = func() time.Time { return now }
		for what, try := range map[string]struct {
			number, label string
			want          error
		}{"no number": {"12", "mother", ErrNumber}, "an emergency number": {"110", "x", ErrNumber}, "no label": {"13800138000", " ", ErrLabel}} {
			if _, err := s.AdHoc(ctx, "c1", try.number, try.label, "u-1"); !errors.Is(err, try.want) {
				t.Errorf("%s: %v", what, err)
			}
		}
		id, err := s.AdHoc(ctx, "c1", "138 0013 8000", " 母亲 ", "u-1")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.NumberFor(ctx, "c1", id); got != "+8613800138000" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := s.NumberFor(ctx, "c2", id); !errors.Is(err, ErrNotFound) {
			t.Errorf("for another call: %v", err)
		}
		if e, err := s.Get(ctx, id); err != nil || e.Kind != AdHoc || e.Number != "" || e.Names.In("zh-CN") != "母亲" {
			t.Errorf("%+v, %v", e, err)
		}
		var number, label []byte
		look := func() {
			if err := db.QueryRow(ctx, `SELECT number, label FROM phonebook_adhoc WHERE id = ?`, id).Scan(&number, &label); err != nil {
				t.Fatal(err)
			}
		}
		if look(); bytes.Contains(number, []byte("13800138000")) || bytes.Contains(label, []byte("母亲")) || len(number) == 0 {
			t.Error("it rests unsealed")
		}
		if n, err := s.Erase(ctx); n != 0 || err != nil {
			t.Errorf("erased %d, %v", n, err)
		}
		now = now.Add(Life)
		if _, err := s.Number(ctx, id); !errors.Is(err, ErrOver) {
			t.Errorf("after its time: %v", err)
		}
		if n, err := s.Erase(ctx); n != 1 || err != nil {
			t.Errorf("erased %d, %v", n, err)
		}
		if look(); len(number) != 0 || len(label) != 0 {
			t.Error("it was not erased")
		}
		if _, err := s.Get(ctx, id); !errors.Is(err, ErrOver) {
			t.Errorf("erased: %v", err)
		}
	})
}
