// Package users keeps the people who sign in at the console, and their sessions.
package users

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/queue"
	"hotline/storage"
)

// Role says what a person may do.
type Role string

// The roles. The administrators are three people, so that none can do a thing and hide it: who runs the system, who lets people in, and who
// reads what both did.
const (
	Agent         Role = "agent"
	Supervisor    Role = "supervisor"
	Administrator Role = "administrator" // of the system: lines, hours, rosters, settings
	Security      Role = "security"      // people, roles, sign-ins
	Auditor       Role = "auditor"       // the audit trail, and nothing else
)

// Roles returns every role.
func Roles() []Role { return []Role{Agent, Supervisor, Administrator, Security, Auditor} }

// Valid tells whether there is such a role.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// Serves tells whether people in the role may take calls.
func (r Role) Serves() bool { return r == Agent || r == Supervisor }

// SeesBoard tells whether people in the role see calls and colleagues of the whole site.
func (r Role) SeesBoard() bool { return r == Supervisor || r == Administrator }

// Errors a caller branches on.
var (
	ErrNotFound       = errors.New("no such user")
	ErrTaken          = errors.New("the username is taken")
	ErrBadCredentials = errors.New("username or password is wrong")
	ErrBadWork        = errors.New("skills or group cannot be so")
	ErrWeakPassword   = errors.New("a password has 8 to 200 bytes")
)

// User is one person.
type User struct {
	ID       queue.AgentID // "u-" and a ULID; also the agent's id in the queue
	Username string        // lower case
	Name     string        // as shown
	Role     Role
	Skills   queue.Skills
	Group    int    // 0 to 99: own centre, volunteers, partners; see queue.Agent
	Locale   string // "zh-CN" or "en"
	Disabled bool   // may not sign in
	Created  time.Time
	Version  int  // of its Standing, from 1
	Change   bool // somebody else knows the password: it must be changed first

	hash       string
	mustChange bool // for Create
	by, note   string
}

//go:embed migrations/*.sql
var migrations embed.FS

// Store keeps users in the database.
type Store struct {
	db     *storage.DB
	hasher *hasher
}

// Open brings the tables (users and sessions) to their newest form and returns the store. Hashing keeps at most two cores busy.
func Open(ctx context.Context, db *storage.DB) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "agentui", migrations); err != nil {
		return nil, fmt.Errorf("users: %w", err)
	}
	h, err := newHasher()
	if err != nil {
		return nil, fmt.Errorf("users: %w", err)
	}
	return &Store{db: db, hasher: h}, nil
}

// Create adds a person; ID and Created are chosen here and are in the answer. Username: 1 to 64 letters, digits and ".-_@", kept in lower
// case. Name: 1 to 80 characters. An empty locale is zh-CN. ErrTaken, ErrWeakPassword.
func (s *Store) Create(ctx context.Context, u User, password string) (User, error) {
	u.Username = fold(u.Username)
	if err := u.Check(); err != nil {
		return User{}, fmt.Errorf("create user: %w", err)
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return User{}, fmt.Errorf("create user: %w", err)
	}
	u.Created = time.Now().UTC().Truncate(time.Millisecond)
	id, err := ulid.New(ulid.Timestamp(u.Created), rand.Reader)
	if err != nil {
		return User{}, fmt.Errorf("create user: %w", err)
	}
	u.ID, u.hash = queue.AgentID("u-"+id.String()), hash
	if u.Locale == "" {
		u.Locale = "zh-CN"
	}
	skills, err := json.Marshal(u.Skills)
	if err != nil {
		return User{}, fmt.Errorf("create user: %w", err)
	}
	u.Version, u.Change = 1, u.mustChange
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO users (id, username, name, role, password, skills, locale, disabled, created_at, agent_group, must_change)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(u.ID), u.Username, u.Name, string(u.Role), u.hash, string(skills), u.Locale, u.Disabled, storage.Millis(u.Created), u.Group, u.Change)
		if err != nil {
			return err
		}
		if err := noteWork(ctx, tx, u.ID, string(skills), u.Group, u.by, u.Created); err != nil {
			return err
		}
		return noteVersion(ctx, tx, u.ID, Version{N: 1, At: u.Created, By: u.by, Note: u.note, Standing: u.Standing()})
	})
	if storage.IsUnique(err) {
		return User{}, ErrTaken
	}
	if err != nil {
		return User{}, fmt.Errorf("create user: %w", err)
	}
	return u, nil
}

// Check tells what is wrong with a person who is to be made.
func (u User) Check() error {
	if err := errors.Join(CheckUsername(u.Username), CheckName(u.Name)); err != nil {
		return err
	}
	if !u.Role.Valid() {
		return fmt.Errorf("role %q is not one of %q", u.Role, Roles())
	}
	return checkWork(u.Skills, u.Group)
}

// skillRule is that of lines: what no line can ask for is no skill.
var skillRule = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func checkWork(skills queue.Skills, group int) error {
	for skill, level := range skills {
		if !skillRule.MatchString(skill) || level < 1 || level > 10 {
			return fmt.Errorf("%w: a skill has a name of letters, digits, - and _, and a level from 1 to 10", ErrBadWork)
		}
	}
	if group < 0 || group > 99 {
		return fmt.Errorf("%w: group %d is not from 0 to 99", ErrBadWork, group)
	}
	return nil
}

// fold makes equal what a person would call the same username.
func fold(username string) string { return strings.ToLower(strings.TrimSpace(username)) }

const columns = "id, username, name, role, password, skills, locale, disabled, created_at, agent_group, version, must_change"

// ByName finds a person by username, without regard to case. ErrNotFound.
func (s *Store) ByName(ctx context.Context, username string) (User, error) {
	return s.one(ctx, "SELECT "+columns+" FROM users WHERE username = ?", fold(username))
}

// ByID finds a person. ErrNotFound.
func (s *Store) ByID(ctx context.Context, id queue.AgentID) (User, error) {
	return s.one(ctx, "SELECT "+columns+" FROM users WHERE id = ?", string(id))
}

func (s *Store) one(ctx context.Context, query string, arg string) (User, error) {
	u, err := scan(s.db.QueryRow(ctx, query, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrNotFound
	}
	if err != nil {
		return User{}, fmt.Errorf("find user: %w", err)
	}
	return u, nil
}

// List returns everyone, by username.
func (s *Store) List(ctx context.Context) ([]User, error) {
	rows, err := s.db.Query(ctx, "SELECT "+columns+" FROM users ORDER BY username")
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	defer func() { _ = rows.Close() }() // the error that matters is rows.Err
	var all []User
	for rows.Next() {
		u, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
		all = append(all, u)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return all, nil
}

func scan(row interface{ Scan(...any) error }) (User, error) {
	var (
		u                User
		id, role, skills string
		created          int64
	)
	err := row.Scan(&id, &u.Username, &u.Name, &role, &u.hash, &skills, &u.Locale, &u.Disabled, &created, &u.Group, &u.Version, &u.Change)
	if err != nil {
		return User{}, err
	}
	u.ID, u.Role, u.Created = queue.AgentID(id), Role(role), storage.Time(created)
	if err := json.Unmarshal([]byte(skills), &u.Skills); err != nil {
		return User{}, fmt.Errorf("skills of %s: %w", id, err)
	}
	return u, nil
}

// SetPassword gives a person a new password. Sessions that are open stay open. ErrNotFound, ErrWeakPassword.
func (s *Store) SetPassword(ctx context.Context, id queue.AgentID, password string) error {
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return s.update(ctx, "set password", "UPDATE users SET password = ?, must_change = ? WHERE id = ?", hash, false, string(id))
}

func (s *Store) update(ctx context.Context, what, query string, args ...any) error {
	res, err := s.db.Exec(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return fmt.Errorf("%s: %w", what, ErrNotFound)
	}
	return nil
}

// Authenticate returns the person whose username and password these are. Unknown names, disabled people and wrong passwords cost the same
// work and give the same ErrBadCredentials, so that the answer tells nobody who works here.
func (s *Store) Authenticate(ctx context.Context, username, password string) (User, error) {
	u, err := s.ByName(ctx, username)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return User{}, err
	}
	known := err == nil && !u.Disabled
	hash := u.hash
	if !known {
		hash = s.hasher.decoy
	}
	match, err := s.hasher.matches(ctx, password, hash)
	if err != nil {
		return User{}, fmt.Errorf("authenticate: %w", err)
	}
	if !known || !match {
		return User{}, ErrBadCredentials
	}
	return u, nil
}
