package files

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"hotline/casework"
	"hotline/storage"
)

// OfCall returns the file of the person whom a call is about: the person at risk when somebody else called for them, else the caller. False when the
// call has none yet: see [Store.Ensure].
func (s *Store) OfCall(ctx context.Context, call string) (File, bool, error) {
	return s.ofCall(ctx, call, `ORDER BY CASE l.role WHEN 'at_risk' THEN 0 ELSE 1 END, l.id LIMIT 1`)
}

// OnLine returns the file of the person on the line: the caller, or who calls about somebody else.
func (s *Store) OnLine(ctx context.Context, call string) (File, Role, bool, error) {
	f, ok, err := s.ofCall(ctx, call, `AND l.role <> 'at_risk'`)
	if err != nil || !ok {
		return f, "", ok, err
	}
	links, err := s.Links(ctx, call)
	if i := slices.IndexFunc(links, func(l Link) bool { return l.Role != RoleAtRisk }); i >= 0 {
		return f, links[i].Role, true, err
	}
	return f, "", false, err
}

func (s *Store) ofCall(ctx context.Context, call, which string) (File, bool, error) {
	f, err := s.scan(s.db.QueryRow(ctx, `SELECT `+columns+` FROM files WHERE id = (SELECT f.root FROM file_links l JOIN files f ON f.id = l.file_id
		WHERE l.call_id = ? `+which+`)`, call))
	if errors.Is(found(err), ErrNotFound) {
		return File{}, false, nil
	}
	return f, err == nil, wrap("of a call", err)
}

// OfRefs returns the files of those who call from a number, whom this call may be of; who called last first, at most ten. refs are the number's
// pseudonyms by every key ([casework.Keys.CallerRefs]). People who share a telephone are several.
func (s *Store) OfRefs(ctx context.Context, refs []string) ([]File, error) {
	ids, err := s.rootsOfRefs(ctx, s.db, refs)
	if err != nil {
		return nil, wrap("of a number", err)
	}
	return s.list(ctx, ids[:min(len(ids), 10)])
}

func (s *Store) rootsOfRefs(ctx context.Context, db asker, refs []string) ([]string, error) {
	list, args := storage.In(refs)
	rows, err := db.Query(ctx, `SELECT f.root FROM file_refs r JOIN files f ON f.id = r.file_id WHERE r.ref IN `+list+` AND r.own GROUP BY f.root
		ORDER BY MAX(r.last_ms) DESC, f.root`, args...)
	if err != nil {
		return nil, err
	}
	return storage.Collect(rows, scanID)
}

// list returns files in the order of their ids.
func (s *Store) list(ctx context.Context, ids []string) ([]File, error) {
	in, args := storage.In(ids)
	all, err := storage.Select(ctx, s.db, s.scan, `SELECT `+columns+` FROM files WHERE id IN `+in, args...)
	slices.SortFunc(all, func(a, b File) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return all, wrap("list", err)
}

// Ensure returns the file of the person on the line, and makes one when the call has none: by the number the one whose call came last, else a new
// one. The same again gives the same file. ErrNotFound when the books do not have the call yet: it is written a moment after the arrival.
func (s *Store) Ensure(ctx context.Context, call, by string) (File, error) {
	f, _, ok, err := s.OnLine(ctx, call)
	if ok || err != nil {
		return f, err
	}
	caller, err := s.contacts.Caller(ctx, call)
	if errors.Is(err, casework.ErrNotFound) {
		return File{}, ErrNotFound
	}
	if err != nil {
		return File{}, wrap("ensure", err)
	}
	at := caller.Call.Arrived
	if at.IsZero() {
		at = s.now() // a call of ours, before it is in the ledger
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		var n int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM file_links WHERE call_id = ? AND role <> 'at_risk'`, call).Scan(&n); err != nil || n > 0 {
			return err // another was faster
		}
		file, err := s.whose(ctx, tx, caller.Refs, by)
		if err != nil {
			return err
		}
		if err := s.addLink(ctx, tx, file, call, RoleCaller, at, caller.Refs); err != nil {
			return err
		}
		return s.act(ctx, tx, Act{Kind: ActLink, File: file, Call: call, By: by, Detail: string(RoleCaller)})
	})
	if err != nil && !storage.IsUnique(err) {
		return File{}, wrap("ensure", err)
	}
	f, _, ok, err = s.OnLine(ctx, call)
	if err == nil && !ok {
		err = ErrNotFound
	}
	return f, err
}

// whose is the part of a file in which a call from a number is kept: the one of the number whose call came last, else a new file.
func (s *Store) whose(ctx context.Context, tx *storage.Tx, refs []string, by string) (string, error) {
	list, args := storage.In(refs)
	rows, err := tx.Query(ctx, `SELECT file_id FROM file_refs WHERE ref IN `+list+` AND own ORDER BY last_ms DESC, file_id LIMIT 1`, args...)
	if err != nil {
		return "", err
	}
	have, err := storage.Collect(rows, scanID)
	if err != nil || len(have) > 0 {
		return append(have, "")[0], err
	}
	return s.make(ctx, tx, by)
}

// Link says that a call concerns a person, as what: another person on the line replaces the one before (a move that can be undone), another person
// at risk is added. file "" makes a new file. It returns the person's file. ErrRole when there would be nobody on the line.
func (s *Store) Link(ctx context.Context, call, file string, role Role, by string) (File, error) {
	switch role {
	case RoleAtRisk:
		return s.ThirdParty(ctx, call, file, by)
	case RoleCaller, RoleReporter:
	default:
		return File{}, ErrRole
	}
	now, err := s.Ensure(ctx, call, by)
	if err != nil {
		return File{}, err
	}
	if file != "" && file != now.ID {
		if now, err = s.moveCall(ctx, call, file, by); err != nil {
			return File{}, err
		}
	}
	_, have, _, err := s.OnLine(ctx, call)
	switch {
	case err != nil || have == role:
		return now, err
	case role == RoleReporter:
		_, err = s.ThirdParty(ctx, call, "", by)
	default:
		err = s.NoThirdParty(ctx, call, by)
	}
	return now, err
}

// Links returns what a call has to do with whom: who is on the line first.
func (s *Store) Links(ctx context.Context, call string) ([]Link, error) {
	out, err := storage.Select(ctx, s.db, scanLink, `SELECT `+linkColumns+` FROM file_links l JOIN files f ON f.id = l.file_id WHERE l.call_id = ?
		ORDER BY CASE l.role WHEN 'at_risk' THEN 1 ELSE 0 END, l.id`, call)
	return out, wrap("links", err)
}

// Calls returns the calls of a person, whatever their part in them, newest first, at most limit.
func (s *Store) Calls(ctx context.Context, file string, limit int) ([]Link, error) {
	out, err := storage.Select(ctx, s.db, scanLink, `SELECT `+linkColumns+` FROM file_links l JOIN files f ON f.id = l.file_id
		WHERE f.root = (SELECT root FROM files WHERE id = ?) ORDER BY l.at_ms DESC, l.id DESC LIMIT ?`, file, limit)
	return out, wrap("calls", err)
}

const linkColumns = `l.id, f.root, l.file_id, l.call_id, l.role, l.at_ms`

func scanLink(r storage.Row) (l Link, err error) {
	var at int64
	err = r.Scan(&l.ID, &l.File, &l.Part, &l.Call, &l.Role, &at)
	l.At = storage.Time(at)
	return l, err
}

// addLink writes a link and counts its pseudonyms.
func (s *Store) addLink(ctx context.Context, tx *storage.Tx, file, call string, role Role, at time.Time, refs []string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO file_links (id, file_id, call_id, role, at_ms, refs) VALUES (?,?,?,?,?,?)`, newID(), file, call, role,
		storage.Millis(at), strings.Join(refs, " ")); err != nil {
		return err
	}
	return count(ctx, tx, file, role != RoleAtRisk, refs, at, 1)
}

// count adds or takes away links of a file's pseudonyms.
func count(ctx context.Context, tx *storage.Tx, file string, own bool, refs []string, at time.Time, n int) error {
	for _, ref := range refs {
		if _, err := tx.Exec(ctx, `INSERT INTO file_refs (ref, file_id, own, links, last_ms) VALUES (?,?,?,?,?) ON CONFLICT (ref, file_id, own) DO UPDATE SET
			links = file_refs.links + excluded.links, last_ms = CASE WHEN excluded.links > 0 AND excluded.last_ms > file_refs.last_ms
			THEN excluded.last_ms ELSE file_refs.last_ms END`, ref, file, own, n, storage.Millis(at)); err != nil {
			return err
		}
	}
	if n > 0 {
		return nil
	}
	list, args := storage.In(refs)
	args = append([]any{file}, args...)
	if _, err := tx.Exec(ctx, `DELETE FROM file_refs WHERE file_id = ? AND links <= 0 AND ref IN `+list, args...); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE file_refs SET last_ms = (SELECT MAX(l.at_ms) FROM file_links l WHERE l.file_id = file_refs.file_id AND l.refs LIKE '%' || file_refs.ref || '%')
		WHERE file_id = ? AND ref IN `+list+` AND EXISTS (SELECT 1 FROM file_links l WHERE l.file_id = file_refs.file_id AND l.refs LIKE '%' || file_refs.ref || '%')`, args...)
	return err
}
