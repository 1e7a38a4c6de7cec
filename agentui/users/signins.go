package users

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"hotline/queue"
	"hotline/storage"
)

// SignIn is one browser's sign-in, as its person and the security administrator see it.
type SignIn struct {
	ID      string // names it without opening it
	User    queue.AgentID
	Since   time.Time
	Used    time.Time // within half a minute
	Input   time.Time // when somebody last moved a key or a pointer there
	Factor  time.Time // when the second factor was last proved; zero: not yet
	Locked  time.Time // zero: it is not
	Remote  string    // address of the browser
	Browser string    // as the browser names itself, at most 300 bytes
	Until   time.Time

	ByProvider bool // a provider of identities vouched; no password was asked
}

const (
	browserMost   = 300
	signInColumns = "token_hash, user_id, since_ms, used_ms, input_ms, factor_ms, locked_ms, remote, browser, expires_at, by_provider"
)

// signInID is half of the hash that the table has: enough to be the only one, and of no use to who would open the sign-in.
func signInID(hash string) string { return hash[:32] }

func scanSignIn(row storage.Row) (SignIn, error) {
	var (
		s                                        SignIn
		hash, user                               string
		since, used, input, factor, locked, ends int64
	)
	err := row.Scan(&hash, &user, &since, &used, &input, &factor, &locked, &s.Remote, &s.Browser, &ends, &s.ByProvider)
	if err != nil {
		return SignIn{}, err
	}
	s.ID, s.User = signInID(hash), queue.AgentID(user)
	s.Since, s.Used, s.Input, s.Factor, s.Locked, s.Until = storage.Time(since), storage.Time(used), storage.Time(input), storage.Time(factor), storage.Time(locked), storage.Time(ends)
	return s, nil
}

// Begin notes whose sign-in a new session is. Until then the session opens nothing. Times are filled in.
func (s *Sessions) Begin(ctx context.Context, token string, in SignIn) error {
	if len(in.Browser) > browserMost {
		in.Browser = in.Browser[:browserMost]
	}
	in.Browser = strings.ToValidUTF8(in.Browser, "") // a name that was cut, or that nobody should send
	now := time.Now().UnixMilli()
	_, err := s.db.Exec(ctx, "UPDATE sessions SET user_id = ?, since_ms = ?, used_ms = ?, input_ms = ?, factor_ms = ?, remote = ?, browser = ?, by_provider = ? WHERE token_hash = ?",
		string(in.User), now, now, now, storage.Millis(in.Factor), in.Remote, in.Browser, in.ByProvider, tokenHash(token))
	if err != nil {
		return fmt.Errorf("begin sign-in: %w", err)
	}
	return nil
}

// SignIn returns what is known of a session that has not expired. ErrNotFound.
func (s *Sessions) SignIn(ctx context.Context, token string) (SignIn, error) {
	in, err := scanSignIn(s.db.QueryRow(ctx, "SELECT "+signInColumns+" FROM sessions WHERE token_hash = ? AND expires_at > ?", tokenHash(token), time.Now().UnixMilli()))
	if errors.Is(err, sql.ErrNoRows) {
		return SignIn{}, ErrNotFound
	}
	if err != nil {
		return SignIn{}, fmt.Errorf("find sign-in: %w", err)
	}
	return in, nil
}

// Of returns a person's sign-ins, the one used last first.
func (s *Sessions) Of(ctx context.Context, user queue.AgentID) ([]SignIn, error) {
	all, err := storage.Select(ctx, s.db, scanSignIn, "SELECT "+signInColumns+" FROM sessions WHERE user_id = ? AND expires_at > ? ORDER BY used_ms DESC, token_hash",
		string(user), time.Now().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list sign-ins: %w", err)
	}
	return all, nil
}

// Present are the people with a sign-in that was used since a time, which an open console does twice a minute. A locked one counts: an alarm is what makes its
// person unlock it.
func (s *Sessions) Present(ctx context.Context, since time.Time) ([]queue.AgentID, error) {
	all, err := storage.Select(ctx, s.db, func(r storage.Row) (id queue.AgentID, err error) { return id, r.Scan(&id) },
		"SELECT DISTINCT user_id FROM sessions WHERE used_ms >= ? AND expires_at > ? AND user_id <> '' ORDER BY user_id", storage.Millis(since), time.Now().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list who is present: %w", err)
	}
	return all, nil
}

// set changes one time of a session that has not expired.
func (s *Sessions) set(ctx context.Context, token, assignments string, args ...any) error {
	_, err := s.db.Exec(ctx, "UPDATE sessions SET "+assignments+" WHERE token_hash = ? AND expires_at > ?", append(args, tokenHash(token), time.Now().UnixMilli())...)
	if err != nil {
		return fmt.Errorf("change sign-in: %w", err)
	}
	return nil
}

// Proved notes that the second factor was proved just now.
func (s *Sessions) Proved(ctx context.Context, token string) error {
	now := time.Now().UnixMilli()
	return s.set(ctx, token, "factor_ms = ?, input_ms = ?", now, now)
}

// Active notes that somebody is at the browser. A sign-in that is locked stays locked.
func (s *Sessions) Active(ctx context.Context, token string) error {
	return s.set(ctx, token, "input_ms = ?", time.Now().UnixMilli())
}

// Lock covers a sign-in until Unlock.
func (s *Sessions) Lock(ctx context.Context, token string) error {
	return s.set(ctx, token, "locked_ms = ?", time.Now().UnixMilli())
}

// Unlock uncovers it.
func (s *Sessions) Unlock(ctx context.Context, token string) error {
	return s.set(ctx, token, "locked_ms = 0, input_ms = ?", time.Now().UnixMilli())
}

// Revoke ends one of a person's sign-ins, or all of them when id is empty, but the one of a token; it returns how many there were.
func (s *Sessions) Revoke(ctx context.Context, user queue.AgentID, id, but string) (int, error) {
	query, args := "DELETE FROM sessions WHERE user_id = ?", []any{string(user)}
	if id != "" {
		query, args = query+" AND substr(token_hash, 1, 32) = ?", append(args, id)
	}
	if but != "" {
		query, args = query+" AND token_hash <> ?", append(args, tokenHash(but))
	}
	res, err := s.db.Exec(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("revoke sign-ins: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("revoke sign-ins: %w", err)
	}
	return int(n), nil
}

// Forget makes every sign-in of a person one whose second factor is yet to be proved.
func (s *Sessions) Forget(ctx context.Context, user queue.AgentID) error {
	if _, err := s.db.Exec(ctx, "UPDATE sessions SET factor_ms = 0 WHERE user_id = ?", string(user)); err != nil {
		return fmt.Errorf("forget proof: %w", err)
	}
	return nil
}
