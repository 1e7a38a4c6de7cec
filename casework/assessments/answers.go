package assessments

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hotline/storage"
)

// The answers to whether there is danger of suicide. No call is closed without one.
const (
	Present     = "present" // asked, and there is danger
	Denied      = "denied"  // asked, and the caller denied it
	NotPossible = "not_possible"
)

// Answer is what a counsellor said of a call.
type Answer struct {
	ID     string
	Call   string
	At     time.Time
	By     string // user id
	Answer string
	Reason string // why it was not possible; only with NotPossible
}

// Ask keeps an answer; when it returns, it is durable. The same again of the same person changes nothing. ErrInvalid.
func (s *Store) Ask(ctx context.Context, a Answer) (Answer, error) {
	if a.Call == "" || a.By == "" || !slices.Contains([]string{Present, Denied, NotPossible}, a.Answer) {
		return Answer{}, fmt.Errorf("%w: call, person and answer", ErrInvalid)
	}
	words, err := reason(a.Reason, a.Answer == NotPossible)
	if err != nil {
		return Answer{}, err
	}
	if a.Answer != NotPossible {
		words = ""
	}
	a.ID, a.At, a.Reason = NewID(), s.instant(), words
	said, err := s.seal(words, a.ID)
	if err != nil {
		return Answer{}, wrap("ask", err)
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+answerColumns+` FROM risk_answers WHERE call_id = ? ORDER BY at_ms DESC, id DESC LIMIT 1`, a.Call)
		if err != nil {
			return err
		}
		last, err := storage.Collect(rows, s.scanAnswer)
		if err != nil {
			return err
		}
		if len(last) == 1 && last[0].By == a.By && last[0].Answer == a.Answer && last[0].Reason == a.Reason {
			a = last[0]
			return nil
		}
		_, err = tx.Exec(ctx, `INSERT INTO risk_answers (`+answerColumns+`) VALUES (?,?,?,?,?,?)`, a.ID, a.Call, storage.Millis(a.At), a.By, a.Answer, said)
		return err
	})
	return a, wrap("ask", err)
}

// AnswerOf is the newest answer of a call; false: there is none.
func (s *Store) AnswerOf(ctx context.Context, call string) (Answer, bool, error) {
	all, err := s.Answers(ctx, []string{call})
	a, ok := newest(all)
	return a, ok, err
}

// Answers of some calls, oldest first.
func (s *Store) Answers(ctx context.Context, calls []string) ([]Answer, error) {
	list, args := storage.In(calls)
	all, err := storage.Select(ctx, s.db, s.scanAnswer, `SELECT `+answerColumns+` FROM risk_answers WHERE call_id IN `+list+` ORDER BY at_ms, id`, args...)
	return all, wrap("answers", err)
}

// HaveAnswer tells which of some calls have an answer.
func (s *Store) HaveAnswer(ctx context.Context, calls []string) (map[string]bool, error) {
	list, args := storage.In(calls)
	ids, err := storage.Select(ctx, s.db, func(r storage.Row) (id string, err error) { return id, r.Scan(&id) },
		`SELECT DISTINCT call_id FROM risk_answers WHERE call_id IN `+list, args...)
	if err != nil {
		return nil, wrap("look", err)
	}
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, nil
}

const answerColumns = `id, call_id, at_ms, by_user, answer, said`

func (s *Store) scanAnswer(row storage.Row) (a Answer, err error) {
	var at int64
	var said []byte
	if err := row.Scan(&a.ID, &a.Call, &at, &a.By, &a.Answer, &said); err != nil {
		return a, err
	}
	a.At = storage.Time(at)
	a.Reason, err = s.open(said, a.ID)
	return a, err
}
