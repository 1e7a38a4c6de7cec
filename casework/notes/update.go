package notes

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Check says whether data has the form of a Yjs update, version 1, that only writes and deletes plain text in one document. What passes is
// kept and given to the other typist, so nothing else may: a change that a browser cannot read would keep all later ones from that browser,
// and other content (documents in documents, binary, formats) has no place in a note. Whether the change fits the note is not seen here.
// ErrInvalid says that it is none.
//
// The form, as the library's own encoder writes it: for each client its items (each with what stands left and right of it, or its parent,
// and its content), then what is deleted. Numbers are unsigned LEB128.
func Check(data []byte) error {
	if len(data) > MostUpdate {
		return fmt.Errorf("%w: larger than %d bytes", ErrInvalid, MostUpdate)
	}
	r := reader{rest: data}
	for clients := r.count(); clients > 0 && !r.bad; clients-- {
		items := r.count()
		r.number() // client
		r.number() // clock of the first item
		for ; items > 0 && !r.bad; items-- {
			r.item()
		}
	}
	for clients := r.count(); clients > 0 && !r.bad; clients-- {
		r.number() // client
		for spans := r.count(); spans > 0 && !r.bad; spans-- {
			r.number() // clock
			r.number() // length
		}
	}
	if r.bad || len(r.rest) > 0 {
		return fmt.Errorf("%w: not a text's update", ErrInvalid)
	}
	return nil
}

// Kinds of items (the low five bits of an item's first byte) and its flags.
const (
	kindCollected = 0 // only its length is left
	kindDeleted   = 1
	kindString    = 4
	kindSkip      = 10
	kindMask      = 0x1f
	hasLeft       = 0x80
	hasRight      = 0x40
	hasKey        = 0x20
)

// root is the only place of a note's document at which text stands.
const root = "note"

// reader reads what it can; bad stays true from the first thing that it cannot.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > 1<<53 { // JavaScript's whole numbers end there
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// count reads how many things follow. Each takes at least a byte, so that a count beyond the rest is a lie.
func (r *reader) count() uint64 {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.bad = true
	}
	return n
}

func (r *reader) text() string {
	n := r.count()
	if r.bad {
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	r.bad = !utf8.Valid(s)
	return string(s)
}

func (r *reader) item() {
	if len(r.rest) == 0 {
		r.bad = true
		return
	}
	info := r.rest[0]
	r.rest = r.rest[1:]
	kind := info & kindMask
	if kind == kindCollected || kind == kindSkip {
		r.bad = r.number() == 0 || r.bad
		return
	}
	for _, side := range []byte{hasLeft, hasRight} {
		if info&side != 0 {
			r.number() // client
			r.number() // clock
		}
	}
	if info&(hasLeft|hasRight) == 0 {
		// Nothing beside it: it says where it belongs, which is the root's name. An item as parent would be a document within the document.
		if r.number() != 1 || r.text() != root {
			r.bad = true
		}
	}
	if info&hasKey != 0 && info&(hasLeft|hasRight) == 0 {
		r.bad = true // an entry of a map
	}
	switch kind {
	case kindDeleted:
		r.bad = r.number() == 0 || r.bad
	case kindString:
		r.bad = r.text() == "" || r.bad
	default:
		r.bad = true
	}
}
