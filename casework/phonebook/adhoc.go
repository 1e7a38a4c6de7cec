package phonebook

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/storage"
)

// Life is how long a number that was typed for a call can be dialled, and is kept.
const Life = 4 * time.Hour

const adHocPrefix = "adhoc-"

// LabelMost is how many characters say whose number it is.
const LabelMost = 60

// ErrLabel says that a label is empty or too long.
var ErrLabel = errors.New("phonebook: a label of 1 to 60 characters is needed")

// CheckAdHoc tells whether a number and its label can be kept for a call: ErrNumber, ErrLabel.
func CheckAdHoc(number, label, region string) error {
	if _, err := dialled(number, AdHoc, region); err != nil {
		return err
	}
	label = strings.TrimSpace(label)
	if n := utf8.RuneCountInString(label); !utf8.ValidString(label) || n < 1 || n > LabelMost {
		return ErrLabel
	}
	return nil
}

// AdHoc keeps a number for one call, sealed, for [Life], and returns its id; label says whose it is ("mother"). ErrNumber, ErrLabel.
func (s *Store) AdHoc(ctx context.Context, call, number, label, by string) (string, error) {
	if err := CheckAdHoc(number, label, s.region); err != nil {
		return "", err
	}
	text, err := dialled(number, AdHoc, s.region)
	if err != nil {
		return "", err
	}
	label = strings.TrimSpace(label)
	if call == "" || by == "" {
		return "", errors.New("phonebook: the call and who does it are needed")
	}
	now := s.now()
	made, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return "", wrap("ad hoc", err)
	}
	id := adHocPrefix + made.String()
	sealedNumber, err := s.seal.Seal(text, numberContext(id, call))
	if err != nil {
		return "", wrap("ad hoc", err)
	}
	sealedLabel, err := s.seal.Seal(label, labelContext(id, call))
	if err != nil {
		return "", wrap("ad hoc", err)
	}
	_, err = s.db.Exec(ctx, `INSERT INTO phonebook_adhoc (id, call_id, number, label, by_who, at_ms, until_ms, erased_ms) VALUES (?,?,?,?,?,?,?,0)`,
		id, call, sealedNumber, sealedLabel, by, storage.Millis(now), storage.Millis(now.Add(Life)))
	return id, wrap("ad hoc", err)
}

// A sealed value opens in its own row of its own call only.
func numberContext(id, call string) string { return "phonebook:" + id + ":" + call }
func labelContext(id, call string) string  { return "phonebook-label:" + id + ":" + call }

func (s *Store) typed(ctx context.Context, id string) (number, label string, err error) {
	var call string
	var sealedNumber, sealedLabel []byte
	var until, erased int64
	err = s.db.QueryRow(ctx, `SELECT call_id, number, label, until_ms, erased_ms FROM phonebook_adhoc WHERE id = ?`, id).
		Scan(&call, &sealedNumber, &sealedLabel, &until, &erased)
	switch {
	case err != nil:
		return "", "", notFound("ad hoc", err)
	case erased != 0 || !s.now().Before(storage.Time(until)):
		return "", "", ErrOver
	}
	if number, err = s.seal.Open(sealedNumber, numberContext(id, call)); err != nil {
		return "", "", wrap("ad hoc", err)
	}
	label, err = s.seal.Open(sealedLabel, labelContext(id, call))
	return number, label, wrap("ad hoc", err)
}

func notFound(op string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return wrap(op, err)
}

// Erase takes out what is over and returns how many numbers that were. What stays says that there was one, and who typed it for which call.
func (s *Store) Erase(ctx context.Context) (int64, error) {
	now := storage.Millis(s.now())
	r, err := s.db.Exec(ctx, `UPDATE phonebook_adhoc SET number = ?, label = ?, erased_ms = ? WHERE erased_ms = 0 AND until_ms <= ?`, []byte{}, []byte{}, now, now)
	if err != nil {
		return 0, wrap("erase", err)
	}
	n, err := r.RowsAffected()
	return n, wrap("erase", err)
}

const eraseEvery = time.Minute

// Run erases what is over until ctx ends, and tells each failure once. It returns nil.
func (s *Store) Run(ctx context.Context, failed func(error)) error {
	tick := time.NewTicker(eraseEvery)
	defer tick.Stop()
	well := true
	for {
		_, err := s.Erase(ctx)
		if err != nil && well && ctx.Err() == nil {
			failed(err)
		}
		well = err == nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
