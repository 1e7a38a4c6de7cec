package crisis

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"sync"
	"time"

	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Sealer seals what is private, for one context; casework's keys are one.
type Sealer interface {
	Seal(plaintext, context string) ([]byte, error)
	Open(sealed []byte, context string) (string, error)
}

// Policies gives the policy: the version in force, and any version, which never changes.
type Policies interface {
	InForce(ctx context.Context) (Policy, int, error)
	Of(ctx context.Context, version int) (Policy, error)
}

// People says who is to be alerted at this moment, in order. An error means that nobody can say; it is asked again a second later.
type People interface {
	CallTree(ctx context.Context, t Tree) ([]Rung, error)
}

// Config says what a store needs.
type Config struct {
	Seal     Sealer
	Policies Policies
	People   People           // nil: whoever else has the store, the worker, asks within half a second
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: slog.Default
	// PeopleWithin bounds a look at the call tree; default 1 s. Nobody waits for it longer.
	PeopleWithin time.Duration
}

// Store keeps incidents. It is safe for concurrent use, and for use by many processes.
type Store struct {
	db  *storage.DB
	cfg Config

	mu     sync.Mutex
	rules  map[int]Policy      // by version; they never change
	folded map[string]Incident // of what was read last; events are only ever added

	// fault is called around every write, by tests that kill the process there.
	fault func(point string)
}

// OpenStore brings the tables to their newest form and returns the store. Several processes may do it at once.
func OpenStore(ctx context.Context, db *storage.DB, cfg Config) (*Store, error) {
	if cfg.Seal == nil || cfg.Policies == nil {
		return nil, errors.New("crisis: keys and a policy are needed")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.PeopleWithin == 0 {
		cfg.PeopleWithin = time.Second
	}
	if err := db.MigrateEmbedded(ctx, "crisis", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db: db, cfg: cfg, rules: map[int]Policy{}, folded: map[string]Incident{}, fault: func(string) {}}, nil
}

func (s *Store) now() time.Time { return storage.Time(storage.Millis(s.cfg.Now())) }

// policy is one version.
func (s *Store) policy(ctx context.Context, version int) (Policy, error) {
	s.mu.Lock()
	p, ok := s.rules[version]
	s.mu.Unlock()
	if ok {
		return p, nil
	}
	p, err := s.cfg.Policies.Of(ctx, version)
	if err != nil {
		return p, wrap("policy", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules[version] = p
	return p, nil
}

// PolicyOf is the policy by which an incident lives.
func (s *Store) PolicyOf(ctx context.Context, in Incident) (Policy, error) {
	return s.policy(ctx, in.Policy)
}

// tree asks whom to alert. Not to know is no error: it is asked again.
func (s *Store) tree(ctx context.Context, p Policy) ([]Rung, bool) {
	if s.cfg.People == nil {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.PeopleWithin)
	defer cancel()
	tree, err := s.cfg.People.CallTree(ctx, p.Tree)
	if err != nil {
		s.cfg.Log.Warn("nobody can say whom to alert; asked again", "error", err)
		return nil, false
	}
	return tree, true
}

// rings tells whether an event may begin or go on with an alarm, so that the call tree must be known.
func (k EventKind) rings() bool {
	switch k {
	case EventOpened, EventTriggered, EventLevel, EventDue, EventDeclined, EventReopened, EventFormLate:
		return true
	}
	return false
}

// exec writes; tests kill the process before and after.
func (s *Store) exec(ctx context.Context, tx *storage.Tx, point, query string, args ...any) (int64, error) {
	s.fault("before " + point)
	res, err := tx.Exec(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	s.fault("after " + point)
	return res.RowsAffected()
}

// mostFolded bounds what is remembered.
const mostFolded = 5000

// remember keeps what was folded. Incidents that are over are not asked for every second: they are let go of.
func (s *Store) remember(in Incident) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.Over() {
		delete(s.folded, in.ID)
		return
	}
	if len(s.folded) >= mostFolded {
		clear(s.folded) // those that other processes brought to their end; what is live is read again
	}
	if s.folded[in.ID].Seq < in.Seq {
		s.folded[in.ID] = in
	}
}

func (s *Store) remembered(id string) Incident {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in, ok := s.folded[id]; ok {
		return in
	}
	return Incident{ID: id}
}
