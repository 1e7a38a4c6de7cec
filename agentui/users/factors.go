package users

import (
	"bytes"
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"image/png"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"hotline/queue"
	"hotline/storage"
)

// Errors of the second factor.
var (
	ErrBadCode     = errors.New("the code is wrong or was used before")
	ErrEnrolled    = errors.New("there is a second factor already")
	ErrNotEnrolled = errors.New("there is no second factor")
)

const (
	factorPeriod = 30 * time.Second // RFC 6238, what telephones expect
	factorSkew   = 1                // steps that a telephone's clock may be off, each way
	enrolWithin  = 30 * time.Minute
	qrSize       = 240 // pixels
)

// sealer keeps secrets unreadable in the database; casework's keys are one.
type sealer interface {
	Seal(plaintext, context string) ([]byte, error)
	Open(sealed []byte, context string) (string, error)
}

// Factors keeps people's second factors: time-based one-time passwords (RFC 6238) with recovery codes.
type Factors struct {
	db     *storage.DB
	keys   sealer
	issuer string
	now    func() time.Time
}

// Factors returns the store of second factors. issuer names the hotline on people's telephones.
func (s *Store) Factors(keys sealer, issuer string) *Factors {
	return &Factors{db: s.db, keys: keys, issuer: issuer, now: time.Now}
}

func factorContext(id queue.AgentID) string { return "second-factor:" + string(id) }

// Enrolment is what a person's telephone needs.
type Enrolment struct {
	Secret string // base32, to be typed where no camera is
	URL    string // otpauth://…
	PNG    []byte // the same as a QR code
}

// Begin makes a secret for a person who has none; it counts from Confirm on. ErrEnrolled.
func (f *Factors) Begin(ctx context.Context, u User) (Enrolment, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: f.issuer, AccountName: u.Username, Period: uint(factorPeriod.Seconds()), SecretSize: 20})
	if err != nil {
		return Enrolment{}, fmt.Errorf("second factor: %w", err)
	}
	picture, err := key.Image(qrSize, qrSize)
	if err != nil {
		return Enrolment{}, fmt.Errorf("second factor: %w", err)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return Enrolment{}, fmt.Errorf("second factor: %w", err)
	}
	sealed, err := f.keys.Seal(key.Secret(), factorContext(u.ID))
	if err != nil {
		return Enrolment{}, fmt.Errorf("second factor: %w", err)
	}
	res, err := f.db.Exec(ctx, `INSERT INTO second_factors (user_id, secret, begun_ms, confirmed_ms, last_step) VALUES (?, ?, ?, 0, 0)
		ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, begun_ms = excluded.begun_ms, last_step = 0 WHERE second_factors.confirmed_ms = 0`,
		string(u.ID), sealed, storage.Millis(f.now()))
	if err != nil {
		return Enrolment{}, fmt.Errorf("second factor: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return Enrolment{}, errors.Join(ErrEnrolled, err)
	}
	return Enrolment{Secret: key.Secret(), URL: key.URL(), PNG: file.Bytes()}, nil
}

// Confirm makes the secret count, once the telephone shows its code, and returns the recovery codes, which are kept as hashes only. ErrBadCode,
// ErrEnrolled, ErrNotEnrolled when nothing was begun in the last half hour.
func (f *Factors) Confirm(ctx context.Context, id queue.AgentID, code string) ([]string, error) {
	have, err := f.load(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case !have.confirmed.IsZero():
		return nil, ErrEnrolled
	case f.now().Sub(have.begun) > enrolWithin:
		return nil, ErrNotEnrolled
	}
	digits, _ := readCode(code)
	step, ok := f.match(have.secret, digits)
	if !ok {
		return nil, ErrBadCode
	}
	var codes []string
	err = f.db.InTx(ctx, func(tx *storage.Tx) error {
		res, err := tx.Exec(ctx, "UPDATE second_factors SET confirmed_ms = ?, last_step = ? WHERE user_id = ? AND confirmed_ms = 0 AND begun_ms = ?",
			storage.Millis(f.now()), step, string(id), storage.Millis(have.begun))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(ErrEnrolled, err)
		}
		codes, err = newRecoveryCodes(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("second factor: %w", err)
	}
	return codes, nil
}

func newRecoveryCodes(ctx context.Context, tx *storage.Tx, id queue.AgentID) ([]string, error) {
	if _, err := tx.Exec(ctx, "DELETE FROM recovery_codes WHERE user_id = ?", string(id)); err != nil {
		return nil, err
	}
	codes := make([]string, recoveryCodes)
	for i := range codes {
		codes[i] = newRecoveryCode()
		_, plain := readCode(codes[i])
		if _, err := tx.Exec(ctx, "INSERT INTO recovery_codes (user_id, code_hash, used_ms) VALUES (?, ?, 0)", string(id), recoveryHash(id, plain)); err != nil {
			return nil, err
		}
	}
	return codes, nil
}

// Renew gives a person new recovery codes; the old ones open nothing any more. ErrNotEnrolled.
func (f *Factors) Renew(ctx context.Context, id queue.AgentID) ([]string, error) {
	if on, err := f.Enrolled(ctx, id); err != nil || !on {
		return nil, errors.Join(err, ErrNotEnrolled)
	}
	var codes []string
	err := f.db.InTx(ctx, func(tx *storage.Tx) (err error) {
		codes, err = newRecoveryCodes(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("recovery codes: %w", err)
	}
	return codes, nil
}

// Enrolled tells whether a person has a second factor.
func (f *Factors) Enrolled(ctx context.Context, id queue.AgentID) (bool, error) {
	var n int
	err := f.db.QueryRow(ctx, "SELECT COUNT(*) FROM second_factors WHERE user_id = ? AND confirmed_ms > 0", string(id)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("second factor: %w", err)
	}
	return n > 0, nil
}

// Everyone returns the people who have a second factor.
func (f *Factors) Everyone(ctx context.Context) (map[queue.AgentID]bool, error) {
	ids, err := storage.Select(ctx, f.db, func(row storage.Row) (id string, err error) { return id, row.Scan(&id) }, "SELECT user_id FROM second_factors WHERE confirmed_ms > 0")
	if err != nil {
		return nil, fmt.Errorf("second factor: %w", err)
	}
	all := map[queue.AgentID]bool{}
	for _, id := range ids {
		all[queue.AgentID(id)] = true
	}
	return all, nil
}

// Left counts the recovery codes that were not used.
func (f *Factors) Left(ctx context.Context, id queue.AgentID) (int, error) {
	var n int
	err := f.db.QueryRow(ctx, "SELECT COUNT(*) FROM recovery_codes WHERE user_id = ? AND used_ms = 0", string(id)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("recovery codes: %w", err)
	}
	return n, nil
}

// Verify takes a code of the telephone, or a recovery code; each is taken once, whichever process is asked. It tells whether it was a recovery
// code. ErrBadCode, ErrNotEnrolled.
func (f *Factors) Verify(ctx context.Context, id queue.AgentID, code string) (recovery bool, err error) {
	have, err := f.load(ctx, id)
	if err != nil {
		return false, err
	}
	if have.confirmed.IsZero() {
		return false, ErrNotEnrolled
	}
	digits, spare := readCode(code)
	var res sql.Result
	if step, ok := f.match(have.secret, digits); ok {
		res, err = f.db.Exec(ctx, "UPDATE second_factors SET last_step = ? WHERE user_id = ? AND last_step < ?", step, string(id), step)
	} else if spare != "" {
		recovery = true
		res, err = f.db.Exec(ctx, "UPDATE recovery_codes SET used_ms = ? WHERE user_id = ? AND code_hash = ? AND used_ms = 0", storage.Millis(f.now()), string(id), recoveryHash(id, spare))
	} else {
		return false, ErrBadCode
	}
	if err != nil {
		return false, fmt.Errorf("second factor: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, errors.Join(ErrBadCode, err)
	}
	return recovery, nil
}

// Reset takes a person's second factor and recovery codes away. One who has none stays so.
func (f *Factors) Reset(ctx context.Context, id queue.AgentID) error {
	err := f.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM recovery_codes WHERE user_id = ?", string(id)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM second_factors WHERE user_id = ?", string(id))
		return err
	})
	if err != nil {
		return fmt.Errorf("reset second factor: %w", err)
	}
	return nil
}

// factor is one row, opened.
type factor struct {
	secret           string
	begun, confirmed time.Time
}

func (f *Factors) load(ctx context.Context, id queue.AgentID) (factor, error) {
	var (
		sealed           []byte
		begun, confirmed int64
	)
	err := f.db.QueryRow(ctx, "SELECT secret, begun_ms, confirmed_ms FROM second_factors WHERE user_id = ?", string(id)).Scan(&sealed, &begun, &confirmed)
	if errors.Is(err, sql.ErrNoRows) {
		return factor{}, ErrNotEnrolled
	}
	if err != nil {
		return factor{}, fmt.Errorf("second factor: %w", err)
	}
	secret, err := f.keys.Open(sealed, factorContext(id))
	if err != nil {
		return factor{}, fmt.Errorf("second factor: %w", err)
	}
	return factor{secret, storage.Time(begun), storage.Time(confirmed)}, nil
}

// match tells which step of the clock a code belongs to. All steps are compared, so that the time that it takes tells nothing.
func (f *Factors) match(secret, digits string) (step int64, ok bool) {
	if digits == "" {
		return 0, false
	}
	now := f.now().Unix() / int64(factorPeriod.Seconds())
	for at := now - factorSkew; at <= now+factorSkew; at++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(max(at, 0)), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(digits)) == 1 {
			step, ok = at, true
		}
	}
	return step, ok
}
