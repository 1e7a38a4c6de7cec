package recordings

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"hotline/storage"
)

// ActionSigned is in the audit for a head that was signed after its part was taken in: no key that signs was there then. The reason is the head.
const ActionSigned = "recording.signed"

// signPause is how long it takes until a key that signs is looked for again.
const signPause = time.Minute

// late signs the heads that came in here without a signature. A signature says "this is what I took in", so it is given only to what this worker remembers
// on its own disk, and only while the database and the audit say the same.
func (n *Notary) late(ctx context.Context) error {
	if n.cfg.Signer == nil || n.cfg.Audit == nil || n.cfg.Unsigned == "" || n.now().Before(n.signs) {
		return nil
	}
	notes, err := readNotes(n.cfg.Unsigned)
	if err != nil {
		n.signs = n.now().Add(signPause)
		return err
	}
	var signer *Signer
	var faults faults
	for _, part := range slices.Sorted(maps.Keys(notes)) {
		if n.doubted[part] {
			continue
		}
		h, due, err := n.noted(ctx, part, notes[part])
		if due && signer == nil {
			if signer = n.cfg.Signer(ctx); signer == nil {
				n.signs = n.now().Add(signPause)
				break
			}
		}
		if due {
			err = n.signLate(ctx, signer, h, notes[part])
		}
		if !faults.add("sign "+part, err) {
			break
		}
	}
	return faults.join()
}

// noted is the head of a part that was remembered; due says that the audit has it. Of a part that was erased before it came in, nothing is to be signed.
func (n *Notary) noted(ctx context.Context, part string, notes []SignedHead) (h SignedHead, due bool, err error) {
	h, err = n.index.Head(ctx, part)
	if errors.Is(err, ErrNotFound) {
		if _, err = n.index.Stone(ctx, part); errors.Is(err, ErrNotFound) {
			return h, false, nil // its row is on its way
		}
		if err == nil {
			err = removeNotes(n.cfg.Unsigned, notes)
		}
		return h, false, err
	}
	if err != nil {
		return h, false, err
	}
	said, err := n.cfg.Audit.Reasons(ctx, ActionSealed, part)
	if err != nil || len(said) == 0 {
		return h, false, err
	}
	same := func(w SignedHead) bool { return w.Head == h.Head && w.At.Equal(h.At) }
	if h.Signer == "" && !slices.ContainsFunc(notes, same) || slices.ContainsFunc(said, func(head string) bool { return head != h.Head }) {
		n.doubt(part)
		return h, false, nil
	}
	return h, true, nil
}

func (n *Notary) doubt(part string) {
	n.doubted[part] = true
	n.cfg.Log.Error("a head in the database, or in the audit, is not the one that came in without a signature: it is not signed", "recording", part)
}

// signLate signs a head that was remembered, and forgets it when it has its signature.
func (n *Notary) signLate(ctx context.Context, signer *Signer, h SignedHead, notes []SignedHead) error {
	if h.Signer != "" { // by one that was killed then, or by another worker here that had the key
		err := h.Check([]string{signer.Public()})
		if errors.Is(err, ErrSignature) {
			n.doubt(h.Part)
			return nil
		}
		if err != nil {
			return err
		}
		return removeNotes(n.cfg.Unsigned, notes)
	}
	signed, err := signer.Sign(h.Part, h.Head, h.At)
	if err != nil {
		return err
	}
	if err := n.cfg.Notes.Note(ctx, system, ActionSigned, h.Part, h.Head); err != nil {
		return err
	}
	res, err := n.index.db.Exec(ctx, `UPDATE recording_heads SET signer = ?, signature = ? WHERE part = ? AND head = ? AND at_ms = ? AND signer = ''`,
		signed.Signer, signed.Signature, h.Part, h.Head, storage.Millis(h.At))
	if err != nil {
		return err
	}
	if done, err := res.RowsAffected(); err != nil || done == 0 {
		return err // it is another one by now: the next look tells
	}
	return removeNotes(n.cfg.Unsigned, notes)
}
