package reviews

import (
	"context"
	"errors"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

func always() bool { return true }

// later is an erasure that comes after the first look.
func later() func() bool {
	looks := 0
	return func() bool {
		looks++
		return looks > 1
	}
}

// Of an erased contact figures go on, and no word: whether it was erased long before, or while the words were written.
func TestNoWordsAboutAnErasedContact(t *testing.T) {
	for name, when := range map[string]func() func() bool{"before": func() func() bool { return always }, "meanwhile": later} {
		t.Run(name, func(t *testing.T) {
			storagetest.Each(t, func(t *testing.T, db *storage.DB) {
				s := begin(t, db)
				ctx := t.Context()
				for _, call := range []string{"c1", "c2"} {
					s.talk(call, true, of("u-1", 900))
				}
				_, err := s.NewPicker(nil, time.UTC).Pass(ctx)
				must(t, err)
				scored, dropped := s.list(Filter{Call: "c1"})[0].ID, s.list(Filter{Call: "c2"})[0].ID
				_, err = s.Take(ctx, scored, "u-8")
				must(t, err)

				s.stones["c1"] = when()
				_, err = s.Save(ctx, scored, "u-8", Marks{"pace": {Points: 1, Words: "抢话"}}, "还没听完", false)
				must(t, err)
				s.silent(scored, 1)
				all := marks(First(), 3)
				all["asked"] = Mark{Points: 0, Words: "没有问到"} // said, and not kept
				s.stones["c1"] = when()
				r, err := s.Save(ctx, scored, "u-8", all, "总体不错", true)
				if err != nil || r.State != StateDone {
					t.Fatalf("%+v, %v", r, err)
				}
				s.silent(scored, 3)

				s.stones["c1"] = when()
				if _, err := s.Answer(ctx, scored, "u-1", "说明"); name == "before" && !errors.Is(err, ErrErased) || name == "meanwhile" && err != nil {
					t.Errorf("an answer: %v", err)
				}
				replies, err := s.Replies(ctx, scored)
				if err != nil || len(replies) > 0 && replies[0].Words != "" {
					t.Errorf("%+v, %v", replies, err)
				}
				s.stones["c2"] = when()
				must(t, s.Drop(ctx, dropped, "u-8", "没有录音"))
				if row, err := s.Get(ctx, dropped); err != nil || row.State != StateDropped || row.Said != "" {
					t.Errorf("%+v, %v", row, err)
				}
			})
		})
	}
}

// silent says that the one sheet of a review has its marks, and no words.
func (s *scene) silent(id string, pace int) {
	s.t.Helper()
	var words int
	must(s.t, s.db.QueryRow(s.t.Context(), `SELECT COUNT(said) FROM review_scores WHERE review = ?`, id).Scan(&words))
	row, err := s.Get(s.t.Context(), id)
	must(s.t, err)
	seen, err := s.Scores(s.t.Context(), row.Review, "u-8")
	if err != nil || len(seen) != 1 || seen[0].Marks["pace"].Points != pace || words != 0 {
		s.t.Errorf("%d with words: %+v, %v", words, seen, err)
	}
}

// blind cannot tell.
type blind struct{}

var errBlind = errors.New("cannot tell")

// A word that nobody can judge is not written.
func TestWordsWaitForTheStones(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		s := begin(t, db)
		ctx := t.Context()
		s.talk("c1", false, of("u-1", 900))
		r, err := s.Ask(ctx, "c1", "", "u-9", 1)
		must(t, err)
		_, err = s.Take(ctx, r.ID, "u-8")
		must(t, err)
		s.Store.stones = blind{}
		if _, err := s.Save(ctx, r.ID, "u-8", Marks{"pace": {Points: 1, Words: "抢话"}}, "", false); !errors.Is(err, errBlind) {
			t.Errorf("%v", err)
		}
		if _, err := s.Save(ctx, r.ID, "u-8", Marks{"pace": {Points: 1}}, "", false); err != nil {
			t.Errorf("without words: %v", err)
		}
	})
}

func (blind) ErasedIn(context.Context, storage.Reader, string) (bool, error) { return false, errBlind }
