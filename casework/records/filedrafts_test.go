package records

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"hotline/casework"
	"hotline/casework/files"
	"hotline/casework/forms"
	"hotline/casework/retention"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// What is written about a person lies sealed until it is saved; of files that were merged the newest counts, and another's is never seen.
func TestDraftsAboutAPerson(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s, _ := open(t, db)
		ctx := t.Context()
		keep := func(file string, kind DraftKind, rev int64, answers string) {
			t.Helper()
			if err := s.KeepOfFile(ctx, FileDraft{File: file, Kind: kind, Author: "u-1", Base: 2, Rev: rev, Answers: json.RawMessage(answers)}); err != nil {
				t.Fatal(err)
			}
		}
		keep("f1", DraftSafety, 5, `{"signs":"睡不着"}`)
		keep("f1", DraftSafety, 4, `{"signs":"睡"}`) // came late
		keep("f2", DraftSafety, 7, `{"signs":"不想吃饭"}`)
		keep("f1", DraftProfile, 6, `{"region":"海淀"}`)
		got, err := s.DraftsOfFile(ctx, []string{"f1", "f2"}, "u-1")
		if err != nil || len(got) != 2 || got[0].File != "f2" || got[0].Base != 2 || got[1].Kind != DraftProfile {
			t.Fatalf("%+v, %v", got, err)
		}
		if got, err = s.DraftsOfFile(ctx, []string{"f1"}, "u-1"); err != nil || len(got) != 2 || !strings.Contains(string(got[1].Answers), "睡不着") {
			t.Fatalf("%+v, %v", got, err)
		}
		if other, err := s.DraftsOfFile(ctx, []string{"f1"}, "u-2"); err != nil || len(other) != 0 {
			t.Errorf("another's: %+v, %v", other, err)
		}
		if all, err := s.UnfinishedOfFiles(ctx, "u-1", 2); err != nil || len(all) != 2 {
			t.Errorf("%+v, %v", all, err)
		}
		var raw []byte
		if err := db.QueryRow(ctx, `SELECT sealed FROM file_drafts WHERE file_id = 'f1' AND kind = 'safety'`).Scan(&raw); err != nil || strings.Contains(string(raw), "睡不着") {
			t.Errorf("open in the database: %v", err)
		}
		for _, bad := range []FileDraft{
			{File: "f1", Kind: "other", Author: "u-1", Rev: 1, Answers: json.RawMessage(`{}`)}, {File: "f1", Kind: DraftSafety, Author: "u-1", Rev: 9, Answers: json.RawMessage(`[]`)},
			{File: "", Kind: DraftSafety, Author: "u-1", Rev: 1, Answers: json.RawMessage(`{}`)}, {File: "f1", Kind: DraftSafety, Author: "u-1", Rev: 0, Answers: json.RawMessage(`{}`)},
		} {
			if err := s.KeepOfFile(ctx, bad); !errors.Is(err, ErrInvalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		parts := []string{"f1", "f2"}
		if _, err := s.SaveSafety(ctx, parts, 0, Safety{Signs: []string{"睡不着"}}, "", "u-1"); err != nil {
			t.Fatal(err)
		}
		if got, err = s.DraftsOfFile(ctx, parts, "u-1"); err != nil || len(got) != 1 || got[0].Kind != DraftProfile {
			t.Errorf("saved, and still a draft: %+v, %v", got, err)
		}
		keep("f1", DraftSafety, 8, `{"signs":"又"}`)
		if _, err := s.RestoreSafety(ctx, parts, 1, 1, "u-1"); err != nil {
			t.Fatal(err)
		}
		if got, err = s.DraftsOfFile(ctx, parts, "u-1"); err != nil || len(got) != 2 {
			t.Errorf("lost by an older state: %+v, %v", got, err)
		}
		if err := s.DropOfFile(ctx, parts, DraftProfile, "u-1"); err != nil {
			t.Fatal(err)
		}
		if got, err = s.DraftsOfFile(ctx, parts, "u-1"); err != nil || len(got) != 1 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// A page that is still open when a person is erased writes nothing of them again; when they call again, they are known again.
func TestNothingIsKeptOfAnErasedPerson(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(casework.Migrate(ctx, db))
		dir := t.TempDir()
		must(casework.CreateKeys(dir))
		keys, err := casework.LoadKeys(dir, "CN")
		must(err)
		book, err := forms.Open(ctx, db, nil)
		must(err)
		stones, err := retention.OpenFiled(ctx, db, keys, files.Private(), Private())
		must(err)
		people, err := files.Open(ctx, db, keys)
		must(err)
		s, err := Open(ctx, db, keys, book, stones)
		must(err)
		ledger := casework.NewLedger(db)
		call := func(id string) {
			t.Helper()
			must(ledger.Open(ctx, casework.CallRecord{ID: id, Line: "12355", Tier: "normal", Arrived: time.Now()}))
			must(ledger.Close(ctx, id, casework.Closing{EndedAt: time.Now(), Outcome: casework.Answered}))
		}
		call("c1")
		call("c2")
		who, err := people.Ensure(ctx, "c1", "u-1")
		must(err)
		rev := int64(0)
		words := func(want error) {
			t.Helper()
			rev++
			parts := []string{who.ID}
			if err := s.KeepOfFile(ctx, FileDraft{File: who.ID, Kind: DraftSafety, Author: "u-1", Rev: rev, Answers: json.RawMessage(`{"signs":"睡"}`)}); !errors.Is(err, want) {
				t.Errorf("a draft: %v, want %v", err, want)
			}
			now, err := s.Safety(ctx, parts)
			must(err)
			if _, err := s.SaveSafety(ctx, parts, now.Version, Safety{Signs: []string{"睡不着"}}, "", "u-1"); !errors.Is(err, want) {
				t.Errorf("a plan: %v, want %v", err, want)
			}
			_, err = people.SetProfile(ctx, who.ID, files.Profile{Region: "海淀"}, "u-1", func(ctx context.Context, tx *storage.Tx) error {
				return s.SavedOfFile(ctx, tx, parts, DraftProfile, "u-1")
			})
			if !errors.Is(err, want) {
				t.Errorf("a profile: %v, want %v", err, want)
			}
			err = people.SetPhrase(ctx, who.ID, "外婆的老槐树下", "u-1", func(ctx context.Context, tx *storage.Tx) error { return s.NotErased(ctx, tx, who.ID) })
			if !errors.Is(err, want) {
				t.Errorf("a passphrase: %v, want %v", err, want)
			}
		}
		words(nil)
		_, err = stones.Erase(ctx, retention.Contact{Call: "c1", Class: retention.Ordinary}, "retention", "system")
		must(err)
		words(ErrNotFound)
		if drafts, err := s.DraftsOfFile(ctx, []string{who.ID}, "u-1"); err != nil || len(drafts) != 0 {
			t.Errorf("%+v, %v", drafts, err)
		}
		if f, err := people.Get(ctx, who.ID); err != nil || f.Region != "" {
			t.Errorf("%+v, %v", f, err)
		}
		_, err = people.Link(ctx, "c2", who.ID, files.RoleCaller, "u-1")
		must(err)
		words(nil)
	})
}
