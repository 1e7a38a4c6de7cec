package followups

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/casework"
	"hotline/storage"
)

// Who names a person in the ways in which one may be known: a file, pseudonyms of a number, a call.
type Who struct {
	File string
	Refs []string
	Call string
}

// Who is whom a follow-up is for.
func (f FollowUp) Who() Who {
	w := Who{File: f.File, Call: f.Call}
	if f.Ref != "" {
		w.Refs = []string{f.Ref}
	}
	return w
}

// Wish is what a person said of being called, and what is safe for them.
type Wish struct {
	ID      string // of this version; empty: nobody asked
	At      time.Time
	By      string // user id
	Consent Consent
	Times   []Window // when it is safe; none: in the line's hours
	Number  string   // private: another number than that of the caller; empty: none was given
	Words   string   // private: what to say, and what not, when somebody else answers
}

// MostWords is how many characters the words have at most.
const MostWords = 500

// NumberKept as a number says that what is written down stays.
const NumberKept = "="

// WishOf returns what a person wishes; without a word of theirs, [ConsentNotAsked].
func (s *Store) WishOf(ctx context.Context, who Who) (w Wish, err error) {
	files, refs, err := s.same(ctx, who)
	if err != nil {
		return Wish{}, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		w, err = s.wishIn(ctx, tx, files, refs, who.Call)
		return err
	})
	return w, wrap("wish", err)
}

// SaveWish writes down what a person wishes, and makes it hold at once: who refuses is not called any more, neither now nor by what was planned, and
// what is planned moves with what is safe. base is the version that was seen, empty for none; ErrStale when it is not the newest. A number of
// [NumberKept] keeps the one there is. ErrUnusable: no number that may be called.
func (s *Store) SaveWish(ctx context.Context, who Who, base string, w Wish) (Wish, error) {
	if err := s.checkWish(&w); err != nil {
		return Wish{}, err
	}
	files, refs, err := s.same(ctx, who)
	if err != nil {
		return Wish{}, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		now, err := s.wishIn(ctx, tx, files, refs, who.Call)
		if err != nil {
			return err
		}
		if now.ID != base {
			return ErrStale
		}
		next := w
		if next.Number == NumberKept {
			next.Number = now.Number
		}
		if next, err = s.writeWish(ctx, tx, who, next); err != nil {
			return err
		}
		w = next
		return s.heed(ctx, tx, files, refs, who.Call, w)
	})
	return w, wrap("save wish", err)
}

func (s *Store) checkWish(w *Wish) error {
	w.Words = strings.TrimSpace(w.Words)
	switch w.Consent {
	case ConsentGiven, ConsentRefused, ConsentNotAsked:
	default:
		return fmt.Errorf("%w: consent %q", ErrInvalid, w.Consent)
	}
	if w.By == "" || len(w.Times) > mostWindows || !utf8.ValidString(w.Words) || utf8.RuneCountInString(w.Words) > MostWords {
		return fmt.Errorf("%w: a wish needs who wrote it down, and has at most %d times and %d characters", ErrInvalid, mostWindows, MostWords)
	}
	for _, t := range w.Times {
		if err := t.check(); err != nil {
			return err
		}
	}
	if w.Number != "" && w.Number != NumberKept && !s.callbacks.Callable(w.Number) {
		return ErrUnusable
	}
	return nil
}

func (s *Store) writeWish(ctx context.Context, tx *storage.Tx, who Who, w Wish) (Wish, error) {
	w.ID, w.At = ulid.Make().String(), storage.Time(storage.Millis(s.now()))
	when, err := json.Marshal(w.Times)
	if err != nil {
		return w, err
	}
	var number, words []byte
	if w.Number != "" {
		if number, err = s.keys.Seal(w.Number, "followup-number:"+w.ID); err != nil {
			return w, err
		}
	}
	if w.Words != "" {
		if words, err = s.keys.Seal(w.Words, "followup-words:"+w.ID); err != nil {
			return w, err
		}
	}
	ref := ""
	if len(who.Refs) > 0 {
		ref = who.Refs[0]
	}
	_, err = tx.Exec(ctx, `INSERT INTO followup_wishes (id, file, caller_ref, call_id, at_ms, by_who, consent, times, number, words) VALUES (?,?,?,?,?,?,?,?,?,?)`,
		w.ID, who.File, ref, who.Call, storage.Millis(w.At), w.By, string(w.Consent), string(when), number, words)
	return w, err
}

// wishIn reads the newest wish of a person. A refusal that was told to whoever called them back counts as one, when it is newer.
func (s *Store) wishIn(ctx context.Context, tx *storage.Tx, files, refs []string, call string) (w Wish, err error) {
	where, args := personIs(files, refs, call)
	if where == "" {
		return Wish{Consent: ConsentNotAsked}, nil
	}
	var at int64
	var when string
	var number, words []byte
	err = tx.QueryRow(ctx, `SELECT id, at_ms, by_who, consent, times, number, words FROM followup_wishes WHERE `+where+` ORDER BY at_ms DESC, id DESC LIMIT 1`, args...).
		Scan(&w.ID, &at, &w.By, &w.Consent, &when, &number, &words)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		w = Wish{Consent: ConsentNotAsked}
	case err != nil:
		return w, err
	default:
		w.At = storage.Time(at)
		if err := json.Unmarshal([]byte(when), &w.Times); err != nil {
			return w, err
		}
		if len(number) > 0 {
			if w.Number, err = s.keys.Open(number, "followup-number:"+w.ID); err != nil {
				return w, err
			}
		}
		if len(words) > 0 {
			if w.Words, err = s.keys.Open(words, "followup-words:"+w.ID); err != nil {
				return w, err
			}
		}
	}
	return s.refusedBack(ctx, tx, refs, w)
}

func (s *Store) refusedBack(ctx context.Context, tx *storage.Tx, refs []string, w Wish) (Wish, error) {
	if w.Number != "" {
		refs = append(s.keys.CallerRefs(w.Number), refs...)
	}
	list, args := storage.In(refs)
	var at int64
	var by string
	err := tx.QueryRow(ctx, `SELECT at_ms, who FROM callback_refusals WHERE caller_ref IN `+list+` ORDER BY at_ms DESC LIMIT 1`, args...).Scan(&at, &by)
	if errors.Is(err, sql.ErrNoRows) {
		return w, nil
	}
	if err == nil && storage.Time(at).After(w.At) {
		w.Consent, w.At, w.By = ConsentRefused, storage.Time(at), by
	}
	return w, err
}

// personIs says in SQL which rows are a person's; empty when nothing is known of them. Several people may share a telephone: what belongs to a file is
// found by it, and by a number or a call only for who has no file.
func personIs(files, refs []string, call string) (string, []any) {
	known := func(all []string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(v string) bool { return v == "" })
	}
	files, refs = known(files), known(refs)
	var parts []string
	var args []any
	if len(refs) > 0 {
		list, more := storage.In(refs)
		parts, args = append(parts, "caller_ref IN "+list), append(args, more...)
	}
	if call != "" {
		parts, args = append(parts, "call_id = ?"), append(args, call)
	}
	loose := strings.Join(parts, " OR ")
	switch {
	case len(files) == 0 && loose == "":
		return "", nil
	case len(files) == 0:
		return "(" + loose + ")", args
	}
	list, more := storage.In(files)
	if loose == "" {
		return "file IN " + list, more
	}
	return "(file IN " + list + " OR file = '' AND (" + loose + "))", append(more, args...)
}

// same are all files and pseudonyms of a person. A person with a file and without a pseudonym did not call: another did, for them.
func (s *Store) same(ctx context.Context, who Who) (files, refs []string, err error) {
	refs = append(refs, who.Refs...)
	if len(refs) > 0 || who.File == "" {
		number, err := s.callerOf(ctx, who.Call)
		if err != nil {
			return nil, nil, err
		}
		refs = append(refs, s.keys.CallerRefs(number)...) // also by what older and newer keys make of the number
	}
	if s.cfg.Files != nil && (who.File != "" || len(refs) > 0) {
		more, pseudonyms, err := s.cfg.Files.Same(ctx, who.File, refs)
		if err != nil {
			return nil, nil, wrap("files of a person", err)
		}
		files, refs = append(files, more...), append(refs, pseudonyms...)
	}
	return append(files, who.File), refs, nil
}

// callerOf is the number of a call's caller; empty when there is none.
func (s *Store) callerOf(ctx context.Context, call string) (string, error) {
	if call == "" {
		return "", nil
	}
	row, err := casework.NewLedger(s.db).Get(ctx, call)
	if errors.Is(err, casework.ErrNotFound) || err == nil && len(row.CallerSealed) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	number, err := s.keys.Open(row.CallerSealed, casework.CallerContext(call))
	if errors.Is(err, casework.ErrSealed) { // its key is gone: erased
		return "", nil
	}
	return number, err
}
