package retention

import (
	"context"
	"errors"
	"slices"

	"hotline/storage"
)

// Standing is what is known of a contact that something else is kept with, such as its recordings.
type Standing struct {
	Class Class
	Held  bool
	Live  bool
}

// Standing tells of which class a call is and what keeps it, whether or not it is known otherwise. It only reads and waits for nobody who writes: who
// acts on it asks again in the transaction in which it acts, by [Store.Release].
func (s *Store) Standing(ctx context.Context, call string) (Standing, error) {
	all, err := s.Standings(ctx, []string{call})
	return all[call], err
}

// Standings is [Store.Standing] of many calls, in as many statements as there are questions.
func (s *Store) Standings(ctx context.Context, calls []string) (map[string]Standing, error) {
	files, err := s.people.FilesOfEach(ctx, calls)
	if err != nil {
		return nil, wrap("look at calls", err)
	}
	highs, err := s.among(ctx, calls, files, func(p storage.Private) []storage.Live { return p.Highs })
	if err != nil {
		return nil, wrap("look at calls", err)
	}
	lives, err := s.among(ctx, calls, files, func(p storage.Private) []storage.Live { return p.Lives })
	if err != nil {
		return nil, wrap("look at calls", err)
	}
	holds, err := s.among(ctx, calls, files, func(storage.Private) []storage.Live { return nil }, heldBy()...)
	if err != nil {
		return nil, wrap("look at calls", err)
	}
	out := make(map[string]Standing, len(calls))
	for _, call := range calls {
		st := Standing{Class: Ordinary, Held: holds[call], Live: lives[call]}
		if highs[call] {
			st.Class = HighRisk
		}
		out[call] = st
	}
	return out, nil
}

// heldBy are the questions whether something is on hold.
func heldBy() []storage.Live {
	return []storage.Live{
		{Of: storage.OfCall, ID: "object", From: "retention_holds", Where: "kind = 'call' AND lifted_ms = 0"},
		{Of: storage.OfFile, ID: "object", From: "retention_holds", Where: "kind = 'file' AND lifted_ms = 0"},
	}
}

// HighRisk is the condition on a call that it is of that class, as [Store.Standing] says.
func (s *Store) HighRisk() storage.Condition { return s.ofCall(s.highs()) }

// AllHighRisk are the calls of which HighRisk is so.
func (s *Store) AllHighRisk() storage.Set { return s.allOf(s.highs()) }

func (s *Store) highs() (highs []storage.Live) {
	for _, p := range s.all {
		highs = append(highs, p.Highs...)
	}
	return highs
}

// live is the condition on a call that something about it is open, as [Store.Standing] says.
func (s *Store) live() storage.Condition {
	var lives []storage.Live
	for _, p := range s.all {
		lives = append(lives, p.Lives...)
	}
	return s.ofCall(lives)
}

// Held is the condition on a call that it is on hold, as [Store.Standing] says.
func (s *Store) Held() storage.Condition { return s.ofCall(heldBy()) }

// AllHeld are the calls of which Held is so.
func (s *Store) AllHeld() storage.Set { return s.allOf(heldBy()) }

func (s *Store) ofCall(questions []storage.Live) storage.Condition {
	var all []storage.Condition
	for _, q := range questions {
		if q.Of == storage.OfCall {
			all = append(all, q.Condition())
		} else {
			all = append(all, s.people.Whose(q.Condition()))
		}
	}
	return storage.AnyOf(all...)
}

func (s *Store) allOf(questions []storage.Live) storage.Set {
	all := make([]storage.Set, len(questions))
	for i, q := range questions {
		if all[i] = q.Set(); q.Of != storage.OfCall {
			all[i] = s.people.AllOf(all[i])
		}
	}
	return storage.Union(all...)
}

// among tells of which calls one of the questions of every package, or one of more, is so.
func (s *Store) among(ctx context.Context, calls []string, files map[string][]string, which func(storage.Private) []storage.Live, more ...storage.Live) (map[string]bool, error) {
	out := map[string]bool{}
	var of []string
	for _, all := range files {
		of = append(of, all...)
	}
	slices.Sort(of)
	of = slices.Compact(of)
	questions := slices.Clone(more)
	for _, p := range s.all {
		questions = append(questions, which(p)...)
	}
	for _, q := range questions {
		ids := of
		if q.Of == storage.OfCall {
			ids = calls
		}
		found, err := q.Among(ctx, s.db, ids)
		if err != nil {
			return nil, err
		}
		for _, call := range calls {
			yes := q.Of == storage.OfCall && found[call] || q.Of != storage.OfCall && slices.ContainsFunc(files[call], func(f string) bool { return found[f] })
			out[call] = out[call] || yes
		}
	}
	return out, nil
}

// Release runs do in a transaction in which nothing keeps the call, and tells it of which class the call is in that transaction. No hold is put until it ends.
// ErrHeld, ErrLive.
func (s *Store) Release(ctx context.Context, call string, do func(*storage.Tx, Class) error) error {
	return wrap("release "+call, s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := s.StillHolds(ctx, tx); err != nil {
			return err
		}
		class, err := s.free(ctx, tx, call)
		if err != nil {
			return err
		}
		return do(tx, class)
	}))
}

// free tells of which class a call is that nothing keeps, in a transaction; whose files are the call's is asked in it, too. ErrHeld, ErrLive.
func (s *Store) free(ctx context.Context, tx *storage.Tx, call string) (Class, error) {
	so := func(c storage.Condition) (yes bool, err error) {
		return yes, tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM (SELECT CAST(? AS TEXT) AS call_id) asked WHERE `+c.On("asked.call_id")+`)`, call).Scan(&yes)
	}
	if held, err := so(s.Held()); err != nil || held {
		return "", errors.Join(err, when(held, ErrHeld))
	}
	if live, err := so(s.live()); err != nil || live {
		return "", errors.Join(err, when(live, ErrLive))
	}
	high, err := so(s.HighRisk())
	if high {
		return HighRisk, err
	}
	return Ordinary, err
}

// FileHeldIn tells within a transaction whether a file is on hold, or one that was merged into one with it. The tables of files must be there.
func (s *Store) FileHeldIn(ctx context.Context, in storage.Reader, file string) (held bool, err error) {
	err = in.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM files p JOIN retention_holds h ON h.kind = 'file' AND h.object = p.id AND h.lifted_ms = 0
		WHERE p.root = (SELECT root FROM files WHERE id = ?))`, file).Scan(&held)
	return held, wrap("look at "+file, err)
}

// PersonErasedIn tells within a transaction whether what was known of the person of a file was taken out: a stone stands over one of the files of that person,
// and there is no contact of theirs without one. Who called again since is known again. The tables of files must be there.
func (s *Store) PersonErasedIn(ctx context.Context, in storage.Reader, file string) (gone bool, err error) {
	err = in.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM files p JOIN retention_stones s ON s.object = 'file:' || p.id WHERE p.root = (SELECT root FROM files WHERE id = ?))
		AND NOT EXISTS (SELECT 1 FROM files p JOIN file_links l ON l.file_id = p.id WHERE p.root = (SELECT root FROM files WHERE id = ?)
			AND NOT EXISTS (SELECT 1 FROM retention_stones s WHERE s.object = 'call:' || l.call_id))`, file, file).Scan(&gone)
	return gone, wrap("look at "+file, err)
}

// Erased tells whether the private part of a call was taken out.
func (s *Store) Erased(ctx context.Context, call string) (bool, error) {
	return s.ErasedIn(ctx, s.db, call)
}

// ErasedIn is Erased within a transaction: what it says is still true when that commits.
func (s *Store) ErasedIn(ctx context.Context, in storage.Reader, call string) (gone bool, err error) {
	err = in.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM retention_stones WHERE object = ?)`, "call:"+call).Scan(&gone)
	return gone, wrap("look at "+call, err)
}
