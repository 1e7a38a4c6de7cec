package notes

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"hotline/casework"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

// hello is the update of a document whose text "note" got the words "你好" (client 7).
var hello = []byte{1, 1, 7, 0, 4, 1, 4, 'n', 'o', 't', 'e', 6, 0xe4, 0xbd, 0xa0, 0xe5, 0xa5, 0xbd, 0}

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
	s, err := Open(t.Context(), db, keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s := t.Context(), open(t, db)
		if _, err := s.Text(ctx, "c1"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v", err)
		}
		add := func(client string, clock int64, author, text string, reflects int64, want Head) {
			t.Helper()
			got, err := s.Append(ctx, "c1", Update{Client: client, Clock: clock, Author: author, Data: hello}, text, reflects)
			if err != nil || got != want {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
		}
		add("p1", 1, "u-1", "你好", 0, Head{1, 1})
		add("p1", 2, "u-1", "你好一", 1, Head{2, 2})
		add("p1", 2, "u-1", "something else", 1, Head{2, 2}) // said again: nothing changes
		add("p2", 1, "u-2", "不全", 1, Head{3, 2})             // without the change 2: the text that has it stays
		if text, err := s.Text(ctx, "c1"); err != nil || text.Text != "你好一" || text.Seq != 2 || text.By != "u-1" {
			t.Errorf("%+v, %v", text, err)
		}
		if h, err := s.SaveText(ctx, "c1", "u-2", "全部", 3); err != nil || h != (Head{3, 3}) {
			t.Errorf("%+v, %v", h, err)
		}
		for _, r := range []int64{2, 4} { // older, and of what is not there
			if h, err := s.SaveText(ctx, "c1", "u-2", "旧", r); err != nil || h != (Head{3, 3}) {
				t.Errorf("%+v, %v", h, err)
			}
		}
		if text, err := s.Text(ctx, "c1"); err != nil || text.Text != "全部" {
			t.Errorf("%+v, %v", text, err)
		}
		all, err := s.Updates(ctx, "c1", 1, 10)
		if err != nil || len(all) != 2 || all[0].Seq != 2 || all[1].Author != "u-2" || string(all[1].Data) != string(hello) {
			t.Errorf("%+v, %v", all, err)
		}
		if h, err := s.Heads(ctx, []string{"c1", "c2"}); err != nil || len(h) != 1 || h["c1"] != (Head{3, 3}) {
			t.Errorf("%+v, %v", h, err)
		}
		if raw := dump(t, db); strings.Contains(raw, "你好") || strings.Contains(raw, "全部") {
			t.Error("what was written stands open in the database")
		}
		for name, err := range map[string]error{
			"no client": second(s.Append(ctx, "c1", Update{Clock: 1, Author: "u", Data: hello}, "", 0)),
			"no clock":  second(s.Append(ctx, "c1", Update{Client: "p", Author: "u", Data: hello}, "", 0)),
			"odd data":  second(s.Append(ctx, "c1", Update{Client: "p", Clock: 1, Author: "u", Data: []byte("odd")}, "", 0)),
			"odd text":  second(s.Append(ctx, "c1", Update{Client: "p", Clock: 1, Author: "u", Data: hello}, "\xff", 0)),
			"long text": second(s.SaveText(ctx, "c1", "u", strings.Repeat("长", MostText+1), 1)),
		} {
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func dump(t *testing.T, db *storage.DB) string {
	t.Helper()
	var all strings.Builder
	for _, q := range []string{`SELECT sealed FROM note_updates`, `SELECT text_sealed FROM notes`} {
		rows, err := storage.Select(t.Context(), db, func(r storage.Row) (b []byte, err error) { return b, r.Scan(&b) }, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range rows {
			all.Write(b)
		}
	}
	return all.String()
}

// TestManyAtOnce: changes of several typists get numbers without holes, and what was said twice is there once.
func TestManyAtOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s := t.Context(), open(t, db)
		var typists sync.WaitGroup
		for p := range 4 {
			typists.Go(func() {
				for clock := range int64(10) {
					for range 2 {
						u := Update{Client: fmt.Sprint("p", p), Clock: clock + 1, Author: "u-1", Data: hello}
						if _, err := s.Append(ctx, "c1", u, "text", 0); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		typists.Wait()
		all, err := s.Updates(ctx, "c1", 0, 1000)
		if err != nil || len(all) != 40 {
			t.Fatalf("%d, %v", len(all), err)
		}
		for i, u := range all {
			if u.Seq != int64(i+1) {
				t.Fatalf("number %d in place %d", u.Seq, i)
			}
		}
	})
}

func TestFull(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, s := t.Context(), open(t, db)
		if _, err := s.Append(ctx, "c1", Update{Client: "p", Clock: 1, Author: "u", Data: hello}, "", 0); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(ctx, `UPDATE notes SET bytes = ?`, MostBytes); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Append(ctx, "c1", Update{Client: "p", Clock: 2, Author: "u", Data: hello}, "", 0); !errors.Is(err, ErrFull) {
			t.Errorf("%v", err)
		}
		if h, err := s.Heads(ctx, []string{"c1"}); err != nil || h["c1"].Seq != 1 {
			t.Errorf("%+v, %v", h, err)
		}
	})
}

func TestCheck(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing at all": {}, "more behind": append(append([]byte{}, hello...), 0), "cut off": hello[:len(hello)-1],
		"another root": {1, 1, 7, 0, 4, 1, 4, 'o', 't', 'h', 'r', 1, 'a', 0}, "an item as parent": {1, 1, 7, 0, 4, 0, 1, 1, 1, 'a', 0},
		"an entry of a map": {1, 1, 7, 0, 0x24, 1, 4, 'n', 'o', 't', 'e', 1, 'k', 1, 'a', 0}, "a type": {1, 1, 7, 0, 7, 1, 4, 'n', 'o', 't', 'e', 2, 0},
		"more items than bytes": {1, 0xff, 0xff, 0x7f, 7, 0}, "not UTF-8": {1, 1, 7, 0, 4, 1, 4, 'n', 'o', 't', 'e', 1, 0xff, 0},
		"too large a number": {1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0}, "too large": make([]byte, MostUpdate+1),
	} {
		if err := Check(data); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, data := range map[string][]byte{
		"words": hello, "nothing changed": {0, 0}, "deleted": {0, 1, 7, 1, 0, 2}, "beside another": {1, 1, 7, 2, 0x84, 7, 1, 1, 'a', 0},
		"a piece that is gone": {1, 1, 7, 0, 0, 3, 0}, "left and right": {1, 1, 9, 0, 0xc4, 7, 0, 7, 1, 1, 'a', 0}, "deleted text": {1, 1, 7, 0, 1, 1, 4, 'n', 'o', 't', 'e', 2, 1, 7, 1, 0, 2},
	} {
		if err := Check(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzCheck: nothing that a browser sends makes it stumble, and what passes is short and ends where it says.
func FuzzCheck(f *testing.F) {
	f.Add(hello)
	f.Add([]byte{0, 0})
	f.Add([]byte{0, 1, 7, 1, 0, 2})
	f.Add([]byte{1, 1, 9, 0, 0xc4, 7, 0, 7, 1, 1, 'a', 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		if Check(data) == nil && (len(data) < 2 || len(data) > MostUpdate || Check(append(data[:len(data):len(data)], 0)) == nil) {
			t.Errorf("%x", data)
		}
	})
}
