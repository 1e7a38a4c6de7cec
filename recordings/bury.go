package recordings

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hotline/recordings/vault"
	"hotline/storage"
)

// versioned is a store that may keep what was deleted.
type versioned interface {
	// Left tells whether anything of a deleted file is still there.
	Left(ctx context.Context, name string) (bool, error)
}

// bury takes the files of what was erased out of the store. Those of parts with a key of their own are noise already; under an object lock only their names
// go. One of format 1 is gone only when that can be shown, and until then no stone says so.
func (n *Notary) bury(ctx context.Context) error {
	var faults faults
	at, after := int64(-1), ""
	for {
		open, err := n.index.stones(ctx, ` WHERE gone_ms = 0 AND (at_ms > ? OR at_ms = ? AND part > ?) ORDER BY at_ms, part LIMIT ?`, at, at, after, perPass)
		if err != nil {
			return err
		}
		for _, s := range open {
			if n.now().Before(n.later[s.Part]) {
				continue
			}
			err := n.buryOne(ctx, s.Part)
			if err != nil {
				n.later[s.Part] = n.now().Add(buryPause)
				if !errors.Is(err, errNotShown) { // the store is away, perhaps: soon again
					n.later[s.Part] = n.now().Add(wipePause)
				}
			}
			if !faults.add("bury "+s.Part, err) {
				return faults.join()
			}
		}
		if len(open) < perPass {
			return faults.join()
		}
		at, after = storage.Millis(open[len(open)-1].At), open[len(open)-1].Part
	}
}

var errNotShown = errors.New("its key opens it still, and it cannot be shown that its file is gone")

func (n *Notary) buryOne(ctx context.Context, part string) error {
	r, err := n.index.row(ctx, part)
	if err != nil {
		return err
	}
	var format, seen int64
	err = n.index.db.QueryRow(ctx, `SELECT COALESCE((SELECT format FROM recording_keys WHERE part = s.part), 1), seen_ms FROM recording_stones s WHERE s.part = ?`,
		part).Scan(&format, &seen)
	if err != nil {
		return err
	}
	if format == 1 {
		if err := n.show(ctx, part, r.path, seen > 0); err != nil {
			return err
		}
	} else if err := n.cfg.Store.Delete(ctx, r.path); err != nil {
		return err
	}
	delete(n.later, part)
	_, err = n.index.db.Exec(ctx, `UPDATE recording_stones SET gone_ms = ? WHERE part = ?`, storage.Millis(n.now()), part)
	return err
}

// show deletes the file of a part of format 1 and looks whether it is gone: it was there, and is no longer, in any version. seen: it was there before.
func (n *Notary) show(ctx context.Context, part, path string, seen bool) error {
	_, err := n.cfg.Store.Stat(ctx, path)
	switch {
	case err == nil:
		_, err = n.index.db.Exec(ctx, `UPDATE recording_stones SET seen_ms = ? WHERE part = ?`, storage.Millis(n.now()), part)
		if err == nil {
			err = n.cfg.Store.Delete(ctx, path)
		}
	case errors.Is(err, vault.ErrNotFound) && seen:
		err = nil // it was deleted before, by one that was killed then
	case errors.Is(err, vault.ErrNotFound):
		return fmt.Errorf("%w: it was never seen in the store, which is perhaps not the right one", errNotShown)
	}
	if err != nil {
		return err
	}
	v, ok := n.cfg.Store.(versioned)
	if !ok {
		return nil
	}
	left, err := v.Left(ctx, path)
	if err == nil && left {
		err = fmt.Errorf("%w: the store keeps versions of it", errNotShown)
	}
	return err
}

// Unburied counts the parts of format 1 that were erased a while ago and whose files could not be shown to be gone: the site's key may open them still.
func (x *Index) Unburied(ctx context.Context, now time.Time) (n int, err error) {
	err = x.db.QueryRow(ctx, `SELECT count(*) FROM recording_stones s JOIN recording_keys k ON k.part = s.part WHERE s.gone_ms = 0 AND k.format = 1 AND s.at_ms < ?`,
		storage.Millis(now.Add(-buryPause))).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("recordings: look for files of what was erased: %w", err)
	}
	return n, nil
}
