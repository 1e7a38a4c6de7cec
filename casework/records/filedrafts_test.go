package records

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

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
