package users

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"

	"hotline/storage"
)

// Sessions keeps sign-ins for scs, in the same database as the users. The database holds the SHA-256 of each token only.
type Sessions struct{ db *storage.DB }

var _ scs.CtxStore = (*Sessions)(nil)

// Sessions returns the store of sign-ins.
func (s *Store) Sessions() *Sessions { return &Sessions{db: s.db} }

// sessionTimeout bounds the forms without a context, which scs does not call when the others exist.
const sessionTimeout = 5 * time.Second

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// FindCtx returns the data of a session that has not expired.
func (s *Sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	err := s.db.QueryRow(ctx, "SELECT data FROM sessions WHERE token_hash = ? AND expires_at > ?", tokenHash(token),
		time.Now().UnixMilli()).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	return data, true, nil
}

// CommitCtx writes a session.
func (s *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	_, err := s.db.Exec(ctx, `INSERT INTO sessions (token_hash, data, expires_at) VALUES (?, ?, ?)
		ON CONFLICT (token_hash) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
		tokenHash(token), data, storage.Millis(expiry))
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return nil
}

// Extend moves the end of a session that is there and notes that it was used; one that was ended stays ended.
func (s *Sessions) Extend(ctx context.Context, token string, expiry time.Time) error {
	now := time.Now().UnixMilli()
	_, err := s.db.Exec(ctx, "UPDATE sessions SET expires_at = ?, used_ms = ? WHERE token_hash = ? AND expires_at > ?", storage.Millis(expiry), now,
		tokenHash(token), now)
	if err != nil {
		return fmt.Errorf("extend session: %w", err)
	}
	return nil
}

// DeleteCtx ends a session.
func (s *Sessions) DeleteCtx(ctx context.Context, token string) error {
	if _, err := s.db.Exec(ctx, "DELETE FROM sessions WHERE token_hash = ?", tokenHash(token)); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// Expire deletes the sessions that are over.
func (s *Sessions) Expire(ctx context.Context) error {
	if _, err := s.db.Exec(ctx, "DELETE FROM sessions WHERE expires_at <= ?", time.Now().UnixMilli()); err != nil {
		return fmt.Errorf("expire sessions: %w", err)
	}
	return nil
}

// Find is FindCtx for scs's older interface.
func (s *Sessions) Find(token string) ([]byte, bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), sessionTimeout)
	defer cancel()
	return s.FindCtx(ctx, token)
}

// Commit is CommitCtx for scs's older interface.
func (s *Sessions) Commit(token string, data []byte, expiry time.Time) error {
	ctx, cancel := context.WithTimeout(context.Background(), sessionTimeout)
	defer cancel()
	return s.CommitCtx(ctx, token, data, expiry)
}

// Delete is DeleteCtx for scs's older interface.
func (s *Sessions) Delete(token string) error {
	ctx, cancel := context.WithTimeout(context.Background(), sessionTimeout)
	defer cancel()
	return s.DeleteCtx(ctx, token)
}
