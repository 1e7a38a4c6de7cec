package assessments

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hotline/storage"
)

// Proposal is a wish to lower the level of a call, which a second person confirms or refuses.
type Proposal struct {
	ID         string
	Call       string
	At         time.Time
	By         string
	Was        string
	Level      string
	Definition int
	Reason     string

	Decided   time.Time // zero: it is open
	DecidedBy string
	Confirmed bool
	Refusal   string // why it was refused
}

// Open tells whether nobody decided yet.
func (p Proposal) Open() bool { return p.Decided.IsZero() }

// Propose keeps a wish to lower a level; when it returns, it is durable. The same wish of the same person again is the same proposal. ErrInvalid; ErrOpen
// when another one waits.
func (s *Store) Propose(ctx context.Context, p Proposal) (Proposal, error) {
	words, err := reason(p.Reason, true)
	if err != nil {
		return Proposal{}, err
	}
	if p.Call == "" || p.By == "" || p.Level == "" || p.Was == "" || p.Level == p.Was {
		return Proposal{}, fmt.Errorf("%w: call, person and two levels", ErrInvalid)
	}
	p.ID, p.At, p.Reason = NewID(), s.instant(), words
	said, err := s.seal(words, p.ID)
	if err != nil {
		return Proposal{}, wrap("propose", err)
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, selectProposals+` WHERE p.call_id = ? AND d.proposal IS NULL`, p.Call)
		if err != nil {
			return err
		}
		open, err := storage.Collect(rows, s.scanProposal)
		if err != nil {
			return err
		}
		if len(open) > 0 {
			if one := open[0]; one.By == p.By && one.Level == p.Level {
				p = one
				return nil
			}
			return ErrOpen
		}
		_, err = tx.Exec(ctx, `INSERT INTO risk_proposals (id, call_id, at_ms, by_user, was, level, definition, said) VALUES (?,?,?,?,?,?,?,?)`, p.ID, p.Call,
			storage.Millis(p.At), p.By, p.Was, p.Level, p.Definition, said)
		return err
	})
	return p, wrap("propose", err)
}

// Proposal is one by its id. ErrNotFound.
func (s *Store) Proposal(ctx context.Context, id string) (Proposal, error) {
	return s.one(s.db.QueryRow(ctx, selectProposals+` WHERE p.id = ?`, id))
}

// Proposals of some calls, oldest first.
func (s *Store) Proposals(ctx context.Context, calls []string) ([]Proposal, error) {
	list, args := storage.In(calls)
	all, err := storage.Select(ctx, s.db, s.scanProposal, selectProposals+` WHERE p.call_id IN `+list+` ORDER BY p.at_ms, p.id`, args...)
	return all, wrap("proposals", err)
}

// Waiting are the proposals made since a time that nobody decided, oldest first.
func (s *Store) Waiting(ctx context.Context, since time.Time, limit int) ([]Proposal, error) {
	all, err := storage.Select(ctx, s.db, s.scanProposal, selectProposals+` WHERE p.at_ms >= ? AND d.proposal IS NULL ORDER BY p.at_ms, p.id LIMIT ?`, storage.Millis(since), limit)
	return all, wrap("waiting", err)
}

// Decide confirms or refuses a proposal. Confirmed, the call has the lower level from then on, in the same transaction. The same decision of the same person
// again is the same. Who proposed can take it back (refuse), not confirm it. ErrNotFound, ErrDecided, ErrSamePerson, ErrStale, ErrInvalid.
func (s *Store) Decide(ctx context.Context, id, by string, confirm bool, words string) (Proposal, error) {
	words, err := reason(words, false)
	if err != nil {
		return Proposal{}, err
	}
	if by == "" {
		return Proposal{}, fmt.Errorf("%w: person", ErrInvalid)
	}
	said, err := s.seal(words, decisionOf(id))
	if err != nil {
		return Proposal{}, wrap("decide", err)
	}
	var p Proposal
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if p, err = s.one(tx.QueryRow(ctx, selectProposals+` WHERE p.id = ?`, id)); err != nil {
			return err
		}
		switch {
		case !p.Open() && p.DecidedBy == by && p.Confirmed == confirm:
			return nil
		case !p.Open():
			return ErrDecided
		case confirm && p.By == by:
			return ErrSamePerson
		}
		p.Decided, p.DecidedBy, p.Confirmed, p.Refusal = s.instant(), by, confirm, words
		if confirm {
			if err := s.lower(ctx, tx, p); err != nil {
				return err
			}
		}
		confirmed := 0
		if confirm {
			confirmed = 1
		}
		_, err := tx.Exec(ctx, `INSERT INTO risk_decisions (proposal, at_ms, by_user, confirmed, said) VALUES (?,?,?,?,?)`, id, storage.Millis(p.Decided), by, confirmed, said)
		return err
	})
	return p, wrap("decide", err)
}

// lower gives the call its lower level, unless somebody said another one after the proposal.
func (s *Store) lower(ctx context.Context, tx *storage.Tx, p Proposal) error {
	var n int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM risk_levels WHERE call_id = ? AND at_ms > ?`, p.Call, storage.Millis(p.At)).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return ErrStale
	}
	return s.addLevel(ctx, tx, Change{
		ID: p.ID, Call: p.Call, At: p.Decided, By: p.By, Level: p.Level, Was: p.Was, Definition: p.Definition, Proposal: p.ID, ConfirmedBy: p.DecidedBy, Reason: p.Reason,
	})
}

const selectProposals = `SELECT p.id, p.call_id, p.at_ms, p.by_user, p.was, p.level, p.definition, p.said, d.at_ms, d.by_user, d.confirmed, d.said
	FROM risk_proposals p LEFT JOIN risk_decisions d ON d.proposal = p.id`

func (s *Store) one(row storage.Row) (Proposal, error) {
	p, err := s.scanProposal(row)
	if errors.Is(err, sql.ErrNoRows) {
		return Proposal{}, ErrNotFound
	}
	return p, err
}

func (s *Store) scanProposal(row storage.Row) (p Proposal, err error) {
	var at int64
	var said, why []byte
	var decided, confirmed sql.NullInt64
	var by sql.NullString
	if err := row.Scan(&p.ID, &p.Call, &at, &p.By, &p.Was, &p.Level, &p.Definition, &said, &decided, &by, &confirmed, &why); err != nil {
		return p, err
	}
	p.At, p.DecidedBy, p.Confirmed = storage.Time(at), by.String, confirmed.Int64 == 1
	if decided.Valid {
		p.Decided = storage.Time(decided.Int64)
	}
	if p.Reason, err = s.open(said, p.ID); err != nil {
		return p, err
	}
	p.Refusal, err = s.open(why, decisionOf(p.ID))
	return p, err
}

func decisionOf(id string) string { return id + ":decision" }
