package files

import (
	"context"
	"errors"
	"strings"
	"time"

	"hotline/storage"
)

// MostAtRisk is how many people a call can be about besides the one on the line.
const MostAtRisk = 5

// ThirdParty says that a call is about somebody else: the person on the line reports, and the person at risk gets a file, or is the person of the
// one that is named. It returns that file. The same again changes nothing. A level that was said in this call so far goes to the person at risk: it
// was said of whoever is in danger.
func (s *Store) ThirdParty(ctx context.Context, call, file, by string) (File, error) {
	if _, err := s.Ensure(ctx, call, by); err != nil {
		return File{}, err
	}
	a := Act{ID: newID(), Kind: ActThirdParty, Call: call, By: by, Detail: newID()}
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, file_id, refs, role, at_ms FROM file_links WHERE call_id = ? ORDER BY role, id`, call)
		if err != nil {
			return err
		}
		links, err := storage.Collect(rows, scanMoved)
		if err != nil {
			return err
		}
		root := ""
		if file != "" {
			if root, err = rootOf(ctx, tx, file); err != nil {
				return err
			}
		}
		var line moved
		n := 0
		for _, l := range links {
			have, err := rootOf(ctx, tx, l.from)
			if err != nil {
				return err
			}
			switch {
			case l.role != RoleAtRisk:
				if line = l; have == root {
					return ErrSame
				}
			case root == "" || have == root:
				a.Other = l.from
				return nil // said before
			default:
				n++
			}
		}
		if n >= MostAtRisk {
			return ErrInvalid
		}
		if a.File, a.Other = line.from, root; root == "" {
			if a.Other, err = s.make(ctx, tx, by); err != nil {
				return err
			}
		}
		return s.report(ctx, tx, a, line)
	})
	if err != nil {
		return File{}, wrap("third party", err)
	}
	return s.Get(ctx, a.Other)
}

func (s *Store) report(ctx context.Context, tx *storage.Tx, a Act, line moved) error {
	if _, err := tx.Exec(ctx, `UPDATE file_links SET role = ? WHERE id = ?`, RoleReporter, line.id); err != nil {
		return err
	}
	// The person at risk has no number here; the one that the call came from leads to them all the same, see HighRisk.
	if _, err := tx.Exec(ctx, `INSERT INTO file_links (id, file_id, call_id, role, at_ms, refs) VALUES (?,?,?,?,?,?)`, a.Detail, a.Other, a.Call, RoleAtRisk,
		line.at, line.refs); err != nil {
		return err
	}
	if err := count(ctx, tx, a.Other, false, strings.Fields(line.refs), storage.Time(line.at), 1); err != nil {
		return err
	}
	if err := s.act(ctx, tx, a); err != nil {
		return err
	}
	reporter, err := rootOf(ctx, tx, a.File)
	if err != nil {
		return err
	}
	said, err := newestRisk(ctx, tx, reporter)
	if err != nil {
		return err
	}
	if said.Level != "" && !said.At.Before(storage.Time(line.at)) {
		if err := s.carryRisk(ctx, tx, a.Other, said, a.ID); err != nil {
			return err
		}
		if err := s.riskOfBefore(ctx, tx, reporter, storage.Time(line.at), a.ID); err != nil {
			return err
		}
	}
	return judgeRisk(ctx, tx, a.Other)
}

// riskOfBefore gives who reports the level back that held before the call: what was said in it was said of the person at risk.
func (s *Store) riskOfBefore(ctx context.Context, tx *storage.Tx, reporter string, call time.Time, act string) error {
	before := risk{File: reporter, At: s.now(), Act: act}
	err := tx.QueryRow(ctx, `SELECT r.level, r.version, r.by_id FROM file_risks r JOIN files f ON f.id = r.file_id LEFT JOIN file_acts a ON a.id = r.act
		WHERE f.root = ? AND r.at_ms < ? AND COALESCE(a.undone_ms, 0) = 0 ORDER BY r.at_ms DESC, r.ord DESC LIMIT 1`, reporter, storage.Millis(call)).
		Scan(&before.Level, &before.Version, &before.By)
	if err != nil && !errors.Is(found(err), ErrNotFound) {
		return err
	}
	if err := s.addRisk(ctx, tx, before); err != nil {
		return err
	}
	return judgeRisk(ctx, tx, reporter)
}

// NoThirdParty takes back that a call is about somebody else. The files stay. ErrHeld when one of them is on hold.
func (s *Store) NoThirdParty(ctx context.Context, call, by string) error {
	ids, err := storage.Select(ctx, s.db, scanID, `SELECT id FROM file_acts WHERE call_id = ? AND kind = ? AND undone_ms = 0 ORDER BY at_ms DESC, id DESC`, call, ActThirdParty)
	if err != nil {
		return wrap("no third party", err)
	}
	for _, id := range ids {
		if _, err := s.Undo(ctx, id, by); err != nil && !errors.Is(err, ErrUndone) {
			return err
		}
	}
	return nil
}

// unreport takes the person at risk out of a call; with the last of them, the person on the line is the caller again.
func (s *Store) unreport(ctx context.Context, tx *storage.Tx, a Act) error {
	m, err := scanMoved(tx.QueryRow(ctx, `SELECT id, file_id, refs, role, at_ms FROM file_links WHERE id = ?`, a.Detail))
	if err != nil {
		return orElse(ignoreNone(err), ErrLater)
	}
	if m.from != a.Other {
		return ErrLater // moved since
	}
	if err := s.mayLeave(ctx, tx, a.Other); err != nil {
		return err
	}
	if err := count(ctx, tx, m.from, false, strings.Fields(m.refs), storage.Time(m.at), -1); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM file_links WHERE id = ?`, a.Detail); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE file_links SET role = ? WHERE call_id = ? AND role = ? AND NOT EXISTS
		(SELECT 1 FROM file_links m WHERE m.call_id = ? AND m.role = ?)`, RoleCaller, a.Call, RoleReporter, a.Call, RoleAtRisk)
	return err
}
