package users

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hotline/queue"
	"hotline/storage"
)

// Errors of changing people.
var (
	ErrStale        = errors.New("somebody else changed this person in between")
	ErrOwnRole      = errors.New("nobody changes their own role or shuts themselves out")
	ErrLastSecurity = errors.New("one security administrator must be able to sign in")
	ErrBadPerson    = errors.New("a person cannot be so")
	ErrNoVersion    = errors.New("there is no such version of this person")
)

const noteMost = 500

// Standing is what the security administrator decides of a person.
type Standing struct {
	Name     string
	Role     Role
	Locale   string
	Disabled bool
}

// Version is what a person was from one change to the next.
type Version struct {
	N        int
	At       time.Time
	By       string // id of a person, "cli:" and a user of the machine, or empty: made at the first start
	Note     string
	Restored int // the version whose values these are again; 0: none
	Standing
}

// FirstPassword is one to be shown once: 16 letters and digits in groups, none that looks like another.
func FirstPassword() string {
	t := strings.ToLower(rand.Text()) // base32: no 0, 1, 8, 9
	return strings.Join([]string{t[:4], t[4:8], t[8:12], t[12:16]}, "-")
}

// Admit is Create by another person: the password must be changed at the first sign-in.
func (s *Store) Admit(ctx context.Context, u User, password, by, note string) (User, error) {
	u.mustChange, u.by, u.note = true, by, note
	return s.Create(ctx, u, password)
}

// noteVersion keeps what a person is from now on.
func noteVersion(ctx context.Context, tx *storage.Tx, id queue.AgentID, v Version) error {
	_, err := tx.Exec(ctx, `INSERT INTO user_versions (user_id, version, at_ms, by_id, note, restored, name, role, locale, disabled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(id), v.N, storage.Millis(v.At), v.By, v.Note, v.Restored, v.Name, string(v.Role), v.Locale, v.Disabled)
	return err
}

// Amend gives a person another standing, when base is still the newest version. restored names the version that comes back, 0: none. by is who
// does it: a person's id, or "cli:…". ErrNotFound, ErrStale, ErrOwnRole, ErrLastSecurity, ErrBadPerson.
func (s *Store) Amend(ctx context.Context, id queue.AgentID, base int, to Standing, by, note string, restored int) (User, error) {
	note = strings.TrimSpace(note)
	if utf8.RuneCountInString(note) > noteMost || !utf8.ValidString(note) || to.Locale != "zh-CN" && to.Locale != "en" {
		return User{}, ErrBadPerson
	}
	if err := (User{Username: "x", Name: to.Name, Role: to.Role}).Check(); err != nil {
		return User{}, fmt.Errorf("%w: %w", ErrBadPerson, err)
	}
	var made User
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		now, err := scan(tx.QueryRow(ctx, "SELECT "+columns+" FROM users WHERE id = ?", string(id)))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return err
		case now.Version != base:
			return ErrStale
		case by == string(id) && (to.Role != now.Role || to.Disabled != now.Disabled):
			return ErrOwnRole
		}
		if now.Role == Security && !now.Disabled && (to.Role != Security || to.Disabled) {
			var others int
			if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM users WHERE role = ? AND NOT disabled AND id <> ?", string(Security), string(id)).Scan(&others); err != nil {
				return err
			}
			if others == 0 {
				return ErrLastSecurity
			}
		}
		made = now
		made.Name, made.Role, made.Locale, made.Disabled, made.Version = to.Name, to.Role, to.Locale, to.Disabled, now.Version+1
		if _, err := tx.Exec(ctx, "UPDATE users SET name = ?, role = ?, locale = ?, disabled = ?, version = ? WHERE id = ?", made.Name, string(made.Role), made.Locale,
			made.Disabled, made.Version, string(id)); err != nil {
			return err
		}
		return noteVersion(ctx, tx, id, Version{N: made.Version, At: time.Now(), By: by, Note: note, Restored: restored, Standing: to})
	})
	if err != nil {
		return User{}, fmt.Errorf("change person: %w", err)
	}
	return made, nil
}

// Standing is the part of a person that Amend changes.
func (u User) Standing() Standing { return Standing{u.Name, u.Role, u.Locale, u.Disabled} }

// History returns what a person was, newest first.
func (s *Store) History(ctx context.Context, id queue.AgentID) ([]Version, error) {
	all, err := storage.Select(ctx, s.db, func(row storage.Row) (v Version, err error) {
		var at int64
		var role string
		err = row.Scan(&v.N, &at, &v.By, &v.Note, &v.Restored, &v.Name, &role, &v.Locale, &v.Disabled)
		v.At, v.Role = storage.Time(at), Role(role)
		return v, err
	}, "SELECT version, at_ms, by_id, note, restored, name, role, locale, disabled FROM user_versions WHERE user_id = ? ORDER BY version DESC", string(id))
	if err != nil {
		return nil, fmt.Errorf("history of person: %w", err)
	}
	return all, nil
}

// Restore makes what a person was the newest version again. ErrNoVersion, and those of Amend.
func (s *Store) Restore(ctx context.Context, id queue.AgentID, base, n int, by, note string) (User, error) {
	all, err := s.History(ctx, id)
	if err != nil {
		return User{}, err
	}
	i := slices.IndexFunc(all, func(v Version) bool { return v.N == n })
	if i < 0 {
		return User{}, ErrNoVersion
	}
	return s.Amend(ctx, id, base, all[i].Standing, by, note, n)
}

// GivePassword gives a person a password that another knows, so that it must be changed at the next sign-in. ErrNotFound, ErrWeakPassword.
func (s *Store) GivePassword(ctx context.Context, id queue.AgentID, password string) error {
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("give password: %w", err)
	}
	return s.update(ctx, "give password", "UPDATE users SET password = ?, must_change = ? WHERE id = ?", hash, true, string(id))
}

// Check tells whether a password is a person's, as Authenticate does. ErrBadCredentials.
func (s *Store) Check(ctx context.Context, id queue.AgentID, password string) error {
	u, err := s.ByID(ctx, id)
	if err != nil {
		return err
	}
	match, err := s.hasher.matches(ctx, password, u.hash)
	if err != nil {
		return fmt.Errorf("check password: %w", err)
	}
	if !match {
		return ErrBadCredentials
	}
	return nil
}

// Linked returns the account that a provider's subject belongs to. The first time, it becomes that of username, for ever: a provider that gives
// a name to another person later opens nothing. ErrNotFound when there is no such account, or it belongs to another subject, or it is disabled.
func (s *Store) Linked(ctx context.Context, issuer, subject, username string) (User, error) {
	var id string
	err := s.db.QueryRow(ctx, "SELECT user_id FROM identities WHERE issuer = ? AND subject = ?", issuer, subject).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return User{}, fmt.Errorf("find identity: %w", err)
	}
	var u User
	if err == nil {
		u, err = s.ByID(ctx, queue.AgentID(id))
	} else if u, err = s.ByName(ctx, username); err == nil && !u.Disabled {
		_, err = s.db.Exec(ctx, "INSERT INTO identities (issuer, subject, user_id) VALUES (?, ?, ?)", issuer, subject, string(u.ID))
		if storage.IsUnique(err) {
			return User{}, ErrNotFound
		}
	}
	if err != nil {
		return User{}, fmt.Errorf("find identity: %w", err)
	}
	if u.Disabled {
		return User{}, ErrNotFound
	}
	return u, nil
}

// Unlink forgets which subjects of providers a person is, so that the next sign-in by a provider links anew.
func (s *Store) Unlink(ctx context.Context, id queue.AgentID) error {
	if _, err := s.db.Exec(ctx, "DELETE FROM identities WHERE user_id = ?", string(id)); err != nil {
		return fmt.Errorf("unlink: %w", err)
	}
	return nil
}
