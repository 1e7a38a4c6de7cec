package recordings

import (
	"context"
	"slices"
	"time"

	"hotline/storage"
)

// ActionSigned is in the audit for a head that was signed after its part was taken in: no key that signs was there then. The reason is the head.
const ActionSigned = "recording.signed"

// signPause is how long it takes until a key that signs is looked for again.
const signPause = time.Minute

// late signs the heads that came in without a signature. A signature says "this is what I took in", so it is given only where the audit, which nobody
// can change unseen, has had this head of the part since then, and no other.
func (n *Notary) late(ctx context.Context) error {
	if n.cfg.Signer == nil || n.cfg.Audit == nil || n.now().Before(n.signs) {
		return nil
	}
	var signer *Signer
	var faults faults
	at, after := int64(-1), ""
	for {
		open, err := storage.Select(ctx, n.index.db, scanHead, `SELECT `+headColumns+` FROM recording_heads
			WHERE signer = '' AND audited_ms > 0 AND (at_ms > ? OR at_ms = ? AND part > ?) ORDER BY at_ms, part LIMIT ?`, at, at, after, perPass)
		if err != nil {
			return err
		}
		if signer == nil && len(open) > 0 {
			if signer = n.cfg.Signer(ctx); signer == nil {
				n.signs = n.now().Add(signPause)
				return nil
			}
		}
		for _, h := range open {
			if !faults.add("sign "+h.Part, n.signLate(ctx, signer, h)) {
				return faults.join()
			}
		}
		if len(open) < perPass {
			return faults.join()
		}
		at, after = storage.Millis(open[len(open)-1].At), open[len(open)-1].Part
	}
}

func (n *Notary) signLate(ctx context.Context, signer *Signer, h SignedHead) error {
	if n.doubted[h.Part] {
		return nil
	}
	said, err := n.cfg.Audit.Reasons(ctx, ActionSealed, h.Part)
	if err != nil {
		return err
	}
	if len(said) == 0 || slices.ContainsFunc(said, func(head string) bool { return head != h.Head }) {
		n.doubted[h.Part] = true
		n.cfg.Log.Error("a head without a signature is not the one that the audit has: it is not signed", "recording", h.Part)
		return nil
	}
	signed, err := signer.Sign(h.Part, h.Head, h.At)
	if err != nil {
		return err
	}
	if err := n.cfg.Notes.Note(ctx, system, ActionSigned, h.Part, h.Head); err != nil {
		return err
	}
	_, err = n.index.db.Exec(ctx, `UPDATE recording_heads SET signer = ?, signature = ? WHERE part = ? AND head = ? AND signer = ''`,
		signed.Signer, signed.Signature, h.Part, h.Head)
	return err
}
