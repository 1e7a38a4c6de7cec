package files

import (
	"context"
	"time"

	"hotline/storage"
)

// What was done to a file.
const (
	ActLink       = "link" // a call was put into it
	ActProfile    = "profile"
	ActPhrase     = "phrase"      // a passphrase was chosen, or taken back
	ActThirdParty = "third_party" // the call is about somebody else
	ActMerge      = "merge"
	ActMove       = "move"  // calls went to another file
	ActSplit      = "split" // to a new one
	ActRisk       = "risk"
)

// Act is one thing that was done to a file. Merges, moves, splits and third parties can be undone.
type Act struct {
	ID     string
	Kind   string
	File   string
	Other  string // the file it was merged into, that calls went to, or of the person at risk
	Call   string
	At     time.Time
	By     string
	Detail string // for risk "level version", for links the role
	Reason string
	Undone time.Time // zero: it holds
	UndoBy string
}

// Undoable tells whether an act can be undone at all.
func (a Act) Undoable() bool {
	switch a.Kind {
	case ActMerge, ActMove, ActSplit, ActThirdParty:
		return a.Undone.IsZero()
	}
	return false
}

func (s *Store) act(ctx context.Context, tx *storage.Tx, a Act) error {
	if a.ID == "" {
		a.ID = newID()
	}
	var reason []byte
	if a.Reason != "" {
		var err error
		if reason, err = s.keys.Seal(a.Reason, reasonContext(a.ID)); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO file_acts (`+actColumns+`) VALUES (?,?,?,?,?,?,?,?,?,0,'')`, a.ID, a.Kind, a.File, a.Other, a.Call,
		storage.Millis(s.now()), a.By, a.Detail, reason)
	return err
}

func reasonContext(act string) string { return "file-act:" + act }

const actColumns = `id, kind, file_id, other_id, call_id, at_ms, by_id, detail, reason_sealed, undone_ms, undone_by`

func (s *Store) scanAct(r storage.Row) (a Act, err error) {
	var at, undone int64
	var reason []byte
	if err := r.Scan(&a.ID, &a.Kind, &a.File, &a.Other, &a.Call, &at, &a.By, &a.Detail, &reason, &undone, &a.UndoBy); err != nil {
		return a, err
	}
	a.At, a.Undone = storage.Time(at), storage.Time(undone)
	if len(reason) > 0 {
		a.Reason, err = s.keys.Open(reason, reasonContext(a.ID))
	}
	return a, err
}

// Act returns one of them. ErrNotFound.
func (s *Store) Act(ctx context.Context, id string) (Act, error) {
	a, err := s.scanAct(s.db.QueryRow(ctx, `SELECT `+actColumns+` FROM file_acts WHERE id = ?`, id))
	return a, wrap("act", found(err))
}

// History returns what was done to a person's file and all that was merged into it, newest first, at most limit.
func (s *Store) History(ctx context.Context, file string, limit int) ([]Act, error) {
	parts, err := s.Parts(ctx, file)
	if err != nil {
		return nil, err
	}
	list, args := storage.In(parts)
	out, err := storage.Select(ctx, s.db, s.scanAct, `SELECT `+actColumns+` FROM file_acts WHERE file_id IN `+list+` OR other_id IN `+list+`
		ORDER BY at_ms DESC, id DESC LIMIT ?`, append(append(args, args...), limit)...)
	return out, wrap("history", err)
}
