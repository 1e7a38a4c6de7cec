package reviews

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"hotline/storage"
)

// Score is one reviewer's sheet.
type Score struct {
	Review   string
	Reviewer string
	Taken    time.Time
	Saved    time.Time
	Final    time.Time // when it was handed in; zero: not yet
	Marks    Marks
	Words    string // on the whole
	Result          // of a sheet that is handed in
}

const scoreColumns = `review, reviewer, taken_ms, saved_ms, final_ms, total, missed, sections, marks, said`

// wholeWords is under which the words on the whole stand among those of items, whose ids are never empty.
const wholeWords = ""

func (s *Store) scanScore(row storage.Row) (sc Score, err error) {
	var sections, marks string
	var taken, saved, final int64
	var said []byte
	if err := row.Scan(&sc.Review, &sc.Reviewer, &taken, &saved, &final, &sc.Total, &sc.Missed, &sections, &marks, &said); err != nil {
		return sc, err
	}
	sc.Taken, sc.Saved, sc.Final = storage.Time(taken), storage.Time(saved), storage.Time(final)
	if err := errors.Join(json.Unmarshal([]byte(sections), &sc.Sections), json.Unmarshal([]byte(marks), &sc.Marks)); err != nil || said == nil {
		return sc, err
	}
	text, err := s.keys.Open(said, sealedAs(sc.Review, sc.Reviewer))
	if err != nil {
		return sc, err
	}
	var words map[string]string
	if err := json.Unmarshal([]byte(text), &words); err != nil {
		return sc, err
	}
	sc.Words = words[wholeWords]
	for id, m := range sc.Marks {
		m.Words = words[id]
		sc.Marks[id] = m
	}
	return sc, nil
}

func (s *Store) sealWords(review, reviewer string, marks Marks, whole string) ([]byte, error) {
	words := map[string]string{}
	if whole != "" {
		words[wholeWords] = whole
	}
	for id, m := range marks {
		if m.Words != "" {
			words[id] = m.Words
		}
	}
	if len(words) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(words)
	if err != nil {
		return nil, err
	}
	return s.keys.Seal(string(text), sealedAs(review, reviewer))
}

// Scores are the sheets of a review that somebody may see: their own; those of everybody once it is done. Until then nobody sees another's marks, so
// that each judges for themselves; and of a talk of one's own there is nothing to see before.
func (s *Store) Scores(ctx context.Context, r Review, viewer string) ([]Score, error) {
	where, args := ` AND final_ms > 0`, []any{r.ID}
	switch {
	case r.State == StateDone:
	case viewer == r.Agent:
		return nil, nil
	default:
		where, args = ` AND reviewer = ?`, append(args, viewer)
	}
	out, err := storage.Select(ctx, s.db, s.scanScore, `SELECT `+scoreColumns+` FROM review_scores WHERE review = ?`+where+` ORDER BY final_ms, reviewer`, args...)
	return out, wrap("read sheets", err)
}

// Take begins a sheet, or goes on with one's own. Its version is fixed by the first who begins. ErrOwn, ErrTaken, ErrClosed, ErrNotFound.
func (s *Store) Take(ctx context.Context, id, reviewer string) (Review, error) {
	sheet, err := s.Sheets.Current(ctx)
	if err != nil {
		return Review{}, wrap("take", err)
	}
	var r Review
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if r, err = s.open(ctx, tx, id); err != nil {
			return err
		}
		if err := s.mayScore(ctx, tx, r, reviewer); err != nil {
			return err
		}
		now := storage.Millis(s.now())
		if _, err := tx.Exec(ctx, `INSERT INTO review_scores (`+scoreColumns+`) VALUES (?,?,?,?,0,0,0,'{}','{}',NULL)
			ON CONFLICT (review, reviewer) DO UPDATE SET saved_ms = excluded.saved_ms`, id, reviewer, now, now); err != nil {
			return err
		}
		if r.Sheet == 0 {
			r.Sheet = sheet.N
			_, err = tx.Exec(ctx, `UPDATE reviews SET sheet = ? WHERE id = ?`, sheet.N, id)
		}
		return err
	})
	return r, wrap("take", err)
}

// open reads a review that is open.
func (s *Store) open(ctx context.Context, tx *storage.Tx, id string) (Review, error) {
	r, err := s.scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM reviews WHERE id = ?`, id))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return r, ErrNotFound
	case err == nil && r.State != StateOpen:
		return r, ErrClosed
	}
	return r, err
}

// mayScore tells whether there is a place for somebody's sheet.
func (s *Store) mayScore(ctx context.Context, tx *storage.Tx, r Review, reviewer string) error {
	if reviewer == "" || reviewer == r.Agent {
		return ErrOwn
	}
	var handedIn, others int
	err := tx.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN reviewer = ? AND final_ms > 0 THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN reviewer <> ? AND (final_ms > 0 OR saved_ms > ?) THEN 1 ELSE 0 END), 0) FROM review_scores WHERE review = ?`,
		reviewer, reviewer, storage.Millis(s.now().Add(-HeldFor)), r.ID).Scan(&handedIn, &others)
	switch {
	case err != nil:
		return err
	case handedIn > 0:
		return ErrClosed
	case others >= r.Wanted:
		return ErrTaken
	}
	return nil
}

// Save keeps a sheet that one has begun; final hands it in: then it is not changed any more, and a review with as many as were wanted is done.
// Of an erased contact marks are kept, and no words. ErrInvalid as [Invalid], ErrOwn, ErrTaken when the place was lost meanwhile, ErrReleased when it was
// given back, ErrClosed, ErrNotFound.
func (s *Store) Save(ctx context.Context, id, reviewer string, marks Marks, whole string, final bool) (Review, error) {
	var r Review
	row, err := s.Get(ctx, id)
	if err != nil {
		return r, err
	}
	if row.Sheet == 0 {
		return r, ErrNotFound // nobody began
	}
	sheet, err := s.Sheets.Get(ctx, row.Sheet)
	if err != nil {
		return r, wrap("save", err)
	}
	if whole = strings.TrimSpace(whole); !fits(whole) {
		return r, Invalid{{"", "long"}}
	}
	if marks, err = sheet.Doc.Fit(marks, final); err != nil {
		return r, err
	}
	kept, said, err := s.written(id, reviewer, marks, whole)
	if err != nil {
		return r, wrap("save", err)
	}
	err = s.unerased(ctx, row.Call, said, func(said []byte) error {
		return s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
			if r, err = s.open(ctx, tx, id); err != nil {
				return err
			}
			if err := s.mayScore(ctx, tx, r, reviewer); err != nil {
				return err
			}
			now := storage.Millis(s.now())
			if err := write(ctx, tx, id, reviewer, now, kept, said); err != nil || !final {
				return err
			}
			return s.handIn(ctx, tx, &r, reviewer, sheet.Doc.Result(marks), now)
		})
	}, `UPDATE review_scores SET said = NULL WHERE review = ? AND reviewer = ?`, id, reviewer)
	return r, wrap("save", err)
}

// write puts down what a sheet says that is begun and was not given back.
func write(ctx context.Context, tx *storage.Tx, id, reviewer string, now int64, kept string, said []byte) error {
	res, err := tx.Exec(ctx, `UPDATE review_scores SET saved_ms = ?, marks = ?, said = ? WHERE review = ? AND reviewer = ? AND saved_ms > 0`, now, kept, said, id, reviewer)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	var there bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM review_scores WHERE review = ? AND reviewer = ?)`, id, reviewer).Scan(&there); err != nil {
		return err
	}
	if there {
		return ErrReleased
	}
	return ErrNotFound
}

func (s *Store) written(id, reviewer string, marks Marks, whole string) (kept string, said []byte, err error) {
	raw, err := json.Marshal(marks)
	if err != nil {
		return "", nil, err
	}
	said, err = s.sealWords(id, reviewer, marks, whole)
	return string(raw), said, err
}

// handIn closes a sheet, and its review when it was the last that was wanted.
func (s *Store) handIn(ctx context.Context, tx *storage.Tx, r *Review, reviewer string, result Result, now int64) error {
	sections, err := json.Marshal(result.Sections)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE review_scores SET final_ms = ?, total = ?, missed = ?, sections = ? WHERE review = ? AND reviewer = ?`,
		now, result.Total, result.Missed, string(sections), r.ID, reviewer); err != nil {
		return err
	}
	var handed int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM review_scores WHERE review = ? AND final_ms > 0`, r.ID).Scan(&handed); err != nil || handed < r.Wanted {
		return err
	}
	return s.finish(ctx, tx, r, reviewer, now)
}

// finish ends a review with the sheets that are in.
func (s *Store) finish(ctx context.Context, tx *storage.Tx, r *Review, by string, now int64) error {
	r.State, r.Closed, r.ClosedBy = StateDone, storage.Time(now), by
	_, err := tx.Exec(ctx, `UPDATE reviews SET state = 'done', closed_ms = ?, closed_by = ? WHERE id = ?`, now, by, r.ID)
	return err
}

// Release gives a sheet back that was begun: somebody else may score the talk. The marks stay, for who comes back. ErrNotFound, ErrClosed.
func (s *Store) Release(ctx context.Context, id, reviewer string) error {
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, err := s.open(ctx, tx, id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE review_scores SET saved_ms = 0 WHERE review = ? AND reviewer = ? AND final_ms = 0`, id, reviewer)
		return err
	})
	return wrap("release", err)
}

// Want says how many people score an open talk, each without the others. As many as have handed in end it with those sheets: of a calibration whose last
// reviewer does not come. Nobody says it of their own talk. ErrTaken when more are in or hold a place, ErrOwn, ErrInvalid, ErrClosed, ErrNotFound.
func (s *Store) Want(ctx context.Context, id, by string, wanted int) (Review, error) {
	if wanted < 1 || wanted > MostReviewers {
		return Review{}, fmt.Errorf("%w: 1 to %d reviewers", ErrInvalid, MostReviewers)
	}
	var r Review
	err := s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		if r, err = s.open(ctx, tx, id); err != nil {
			return err
		}
		if by == "" || by == r.Agent {
			return ErrOwn
		}
		var begun, handed int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN final_ms > 0 THEN 1 ELSE 0 END), 0) FROM review_scores WHERE review = ? AND (final_ms > 0 OR saved_ms > ?)`,
			id, storage.Millis(s.now().Add(-HeldFor))).Scan(&begun, &handed); err != nil {
			return err
		}
		if begun > wanted {
			return ErrTaken
		}
		r.Wanted = wanted
		if _, err = tx.Exec(ctx, `UPDATE reviews SET wanted = ? WHERE id = ?`, wanted, id); err != nil || handed < wanted {
			return err
		}
		return s.finish(ctx, tx, &r, by, storage.Millis(s.now()))
	})
	return r, wrap("want", err)
}

// Drop closes a review that cannot be made: there is no recording, or it is not for reviewers to hear. Nobody drops that of their own talk. Of an erased
// contact the reason is not kept. ErrInvalid without a reason, ErrOwn, ErrClosed, ErrNotFound.
func (s *Store) Drop(ctx context.Context, id, by, why string) error {
	if why = strings.TrimSpace(why); why == "" || !fits(why) {
		return Invalid{{"", "words"}}
	}
	row, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	said, err := s.keys.Seal(why, sealedAs(id, "dropped"))
	if err != nil {
		return wrap("drop", err)
	}
	err = s.unerased(ctx, row.Call, said, func(said []byte) error {
		return s.db.InTx(ctx, func(tx *storage.Tx) error {
			r, err := s.open(ctx, tx, id)
			if err != nil {
				return err
			}
			if r.Agent == by {
				return ErrOwn
			}
			_, err = tx.Exec(ctx, `UPDATE reviews SET state = 'dropped', closed_ms = ?, closed_by = ?, said = ? WHERE id = ?`, storage.Millis(s.now()), by, said, id)
			return err
		})
	}, `UPDATE reviews SET said = NULL WHERE id = ?`, id)
	return wrap("drop", err)
}
