package files

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"hotline/casework"
	"hotline/storage"
)

// How often passphrases may be tried, by one person and by all together: who guesses is stopped long before a guess is likely.
const (
	triesWithin = 10 * time.Minute
	triesEach   = 10
	triesAll    = 60
	MostPhrase  = 100 // characters
)

// TidyPhrase writes a passphrase in one form, however it is said and written: width, case, blanks and punctuation make no difference, in Chinese or
// in Latin letters. ErrWeak for what others would hit upon: fewer than five characters, or eight without Chinese ones, or the same ones again
// and again.
func TidyPhrase(phrase string) (string, error) {
	if !utf8.ValidString(phrase) || utf8.RuneCountInString(phrase) > MostPhrase {
		return "", ErrInvalid
	}
	folded := cases.Fold().String(norm.NFKC.String(phrase))
	least, different, seen := 8, 4, map[rune]bool{}
	tidy := strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) {
			return -1
		}
		if unicode.Is(unicode.Han, r) {
			least = 5
		}
		seen[r] = true
		return r
	}, norm.NFKC.String(folded))
	if utf8.RuneCountInString(tidy) < least || len(seen) < different {
		return "", ErrWeak
	}
	return tidy, nil
}

// tags are what is kept of a passphrase by every key, newest first: argon2id, 32 MiB, three passes, about a tenth of a second each, one at a time in a
// process so that guessing never takes the machine from the calls. Without the key nobody can guess at all.
func (s *Store) tags(ctx context.Context, tidy string, keys []casework.Derived) ([]string, error) {
	select {
	case s.slow <- struct{}{}:
		defer func() { <-s.slow }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	out := make([]string, 0, len(keys))
	for _, k := range keys {
		slow := argon2.IDKey([]byte(tidy), k.Key, 3, 32*1024, 1, 32)
		h := hmac.New(sha256.New, k.Key)
		h.Write(slow)
		out = append(out, fmt.Sprintf("%d-%s", k.ID, hex.EncodeToString(h.Sum(nil))))
	}
	return out, nil
}

const phrasePurpose = "file passphrase"

// SetPhrase gives a file the passphrase that its person chose, instead of an earlier one; what is to be done also is done in the same transaction. ErrWeak; ErrTaken when
// it is another's.
func (s *Store) SetPhrase(ctx context.Context, file, phrase, by string, also ...func(context.Context, *storage.Tx) error) error {
	tidy, err := TidyPhrase(phrase)
	if err != nil {
		return err
	}
	tags, err := s.tags(ctx, tidy, s.keys.Derive(phrasePurpose))
	if err != nil {
		return wrap("passphrase", err)
	}
	return wrap("passphrase", s.db.InTx(ctx, func(tx *storage.Tx) error {
		root, err := rootOf(ctx, tx, file)
		if err != nil {
			return err
		}
		list, args := storage.In(tags)
		var others int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM file_phrases p JOIN files f ON f.id = p.file_id WHERE p.tag IN `+list+` AND f.root <> ?`, append(args, root)...).
			Scan(&others); err != nil || others > 0 {
			return orElse(err, ErrTaken)
		}
		// That of a file which was merged into this one stays: it would be missing if that is undone.
		if _, err := tx.Exec(ctx, `DELETE FROM file_phrases WHERE file_id = ? OR tag = ?`, root, tags[0]); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO file_phrases (tag, file_id, at_ms, by_id) VALUES (?,?,?,?)`, tags[0], root, storage.Millis(s.now()), by); err != nil {
			return err
		}
		for _, do := range also {
			if err := do(ctx, tx); err != nil {
				return err
			}
		}
		return s.act(ctx, tx, Act{Kind: ActPhrase, File: root, By: by, Detail: "set"})
	}))
}

// ClearPhrase takes a file's passphrase back.
func (s *Store) ClearPhrase(ctx context.Context, file, by string) error {
	return wrap("passphrase", s.db.InTx(ctx, func(tx *storage.Tx) error {
		root, err := rootOf(ctx, tx, file)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM file_phrases WHERE file_id IN (SELECT id FROM files WHERE root = ?)`, root); err != nil {
			return err
		}
		return s.act(ctx, tx, Act{Kind: ActPhrase, File: root, By: by, Detail: "cleared"})
	}))
}

// HasPhrase tells whether a person chose a passphrase. Which one, nobody can tell.
func (s *Store) HasPhrase(ctx context.Context, file string) (bool, error) {
	var n int
	err := s.db.QueryRow(ctx, `SELECT COUNT(*) FROM file_phrases p JOIN files f ON f.id = p.file_id WHERE f.root = (SELECT root FROM files WHERE id = ?)`, file).Scan(&n)
	return n > 0, wrap("passphrase", err)
}

// ByPhrase returns the file whose person says a passphrase. Each try of a person is written down before it is made, and forgotten when it was the right
// one. ErrTries when there were too many, ErrNotFound when it is nobody's.
func (s *Store) ByPhrase(ctx context.Context, phrase, by string) (File, error) {
	tidy, err := TidyPhrase(phrase)
	if errors.Is(err, ErrWeak) {
		return File{}, ErrNotFound // nobody has it
	}
	if err != nil {
		return File{}, err
	}
	try, err := s.try(ctx, by)
	if err != nil {
		return File{}, wrap("by passphrase", err)
	}
	tags, err := s.tags(ctx, tidy, s.keys.Derive(phrasePurpose))
	if err != nil {
		return File{}, wrap("by passphrase", err)
	}
	list, args := storage.In(tags)
	var root string
	if err := s.db.QueryRow(ctx, `SELECT f.root FROM file_phrases p JOIN files f ON f.id = p.file_id WHERE p.tag IN `+list+` LIMIT 1`, args...).Scan(&root); err != nil {
		return File{}, wrap("by passphrase", found(err))
	}
	if _, err := s.db.Exec(ctx, `DELETE FROM file_phrase_tries WHERE id = ?`, try); err != nil {
		return File{}, wrap("by passphrase", err)
	}
	return s.Get(ctx, root)
}

// try writes a try down; ErrTries when that is one too many.
func (s *Store) try(ctx context.Context, by string) (string, error) {
	id, now := newID(), s.now()
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		since := storage.Millis(now.Add(-triesWithin))
		if _, err := tx.Exec(ctx, `DELETE FROM file_phrase_tries WHERE at_ms <= ?`, since); err != nil {
			return err
		}
		var own, all int
		if err := tx.QueryRow(ctx, `SELECT COALESCE(SUM(CASE WHEN by_id = ? THEN 1 ELSE 0 END), 0), COUNT(*) FROM file_phrase_tries`, by).Scan(&own, &all); err != nil {
			return err
		}
		if own >= triesEach || all >= triesAll {
			return ErrTries
		}
		_, err := tx.Exec(ctx, `INSERT INTO file_phrase_tries (id, by_id, at_ms) VALUES (?,?,?)`, id, by, storage.Millis(now))
		return err
	})
	return id, err
}
