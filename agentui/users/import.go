package users

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/queue"
	"hotline/storage"
)

// TakeIn makes and changes many people within a transaction, by a file that somebody gave. One without an id is new and gets a password that nobody
// knows; of one with an id the name, the language, the skills and the group are changed. ErrTaken, ErrNotFound.
func (s *Store) TakeIn(ctx context.Context, tx *storage.Tx, all []User, by, note string) error {
	now := time.Now().UTC().Truncate(time.Millisecond)
	for _, u := range all {
		if err := u.Check(); err != nil {
			return fmt.Errorf("take in people: %w", err)
		}
		var err error
		if u.ID == "" {
			err = s.admitIn(ctx, tx, u, now, by, note)
		} else {
			err = s.amendIn(ctx, tx, u, now, by, note)
		}
		if storage.IsUnique(err) {
			err = ErrTaken
		}
		if err != nil {
			return fmt.Errorf("take in people: %w", err)
		}
	}
	return nil
}

func (s *Store) admitIn(ctx context.Context, tx *storage.Tx, u User, now time.Time, by, note string) error {
	made, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return err
	}
	u.ID, u.Username, u.Version = queue.AgentID("u-"+made.String()), fold(u.Username), 1
	skills, err := json.Marshal(u.Skills)
	if err != nil {
		return err
	}
	// The decoy is the hash of a password that nobody knows.
	_, err = tx.Exec(ctx, `INSERT INTO users (id, username, name, role, password, skills, locale, disabled, created_at, agent_group, must_change)
		VALUES (?,?,?,?,?,?,?,?,?,?,?)`, string(u.ID), u.Username, u.Name, string(u.Role), s.hasher.decoy, string(skills), u.Locale, u.Disabled, storage.Millis(now),
		u.Group, true)
	if err != nil {
		return err
	}
	if err := noteWork(ctx, tx, u.ID, string(skills), u.Group, by, now); err != nil {
		return err
	}
	return noteVersion(ctx, tx, u.ID, Version{N: 1, At: now, By: by, Note: note, Standing: u.Standing()})
}

func (s *Store) amendIn(ctx context.Context, tx *storage.Tx, u User, now time.Time, by, note string) error {
	old, err := scan(tx.QueryRow(ctx, "SELECT "+columns+" FROM users WHERE id = ?", string(u.ID)))
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	skills, err := json.Marshal(u.Skills)
	if err != nil {
		return err
	}
	if !maps.Equal(old.Skills, u.Skills) || old.Group != u.Group {
		if _, err := tx.Exec(ctx, `UPDATE users SET skills = ?, agent_group = ? WHERE id = ?`, string(skills), u.Group, string(u.ID)); err != nil {
			return err
		}
		if err := noteWork(ctx, tx, u.ID, string(skills), u.Group, by, now); err != nil {
			return err
		}
	}
	if old.Name == u.Name && old.Locale == u.Locale {
		return nil
	}
	old.Name, old.Locale, old.Version = u.Name, u.Locale, old.Version+1
	if _, err := tx.Exec(ctx, `UPDATE users SET name = ?, locale = ?, version = ? WHERE id = ?`, old.Name, old.Locale, old.Version, string(u.ID)); err != nil {
		return err
	}
	return noteVersion(ctx, tx, u.ID, Version{N: old.Version, At: now, By: by, Note: note, Standing: old.Standing()})
}

// CheckUsername and CheckName tell whether a person can be called so.
func CheckUsername(username string) error {
	if n := utf8.RuneCountInString(username); n < 1 || n > 64 {
		return errors.New("a username has 1 to 64 characters")
	}
	for _, r := range username {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_@", r) {
			return errors.New("a username has letters, digits and . - _ @ only")
		}
	}
	return nil
}

// CheckName is as CheckUsername, for the name that is shown.
func CheckName(name string) error {
	if n := utf8.RuneCountInString(name); n < 1 || n > 80 {
		return errors.New("a name has 1 to 80 characters")
	}
	return nil
}
