package recordings

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
)

// maxSearch bounds how many frames are walked to find where a file that was altered goes on as it was.
const maxSearch = 20000

// alignment lays a file beside the ranges that its manifest speaks of.
type alignment struct {
	*examination
	items []item
	found []bool
	lacks []int // skipped, in order: missing unless they turn up elsewhere
	at    int64 // in the file
	next  int   // of items
}

// align finds what was changed, taken out, moved or put in.
func (x *examination) align(ctx context.Context) error {
	items := x.items()
	a := alignment{examination: x, items: items, found: make([]bool, len(items))}
	for a.next < len(items) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := a.step(); err != nil {
			return err
		}
	}
	if a.at < x.end {
		if err := a.strange(x.end); err != nil {
			return err
		}
	}
	for _, n := range a.lacks {
		if !a.found[n] {
			x.report.find(x.finding(FaultMissing, items[n], min(items[n].At, x.end), 0, ""))
		}
	}
	return nil
}

// step goes on by one item, or over one fault.
func (a *alignment) step() error {
	it := a.items[a.next]
	here, err := a.is(it, a.at)
	if err != nil {
		return err
	}
	if here {
		a.found[a.next], a.at, a.next = true, a.at+it.Bytes, a.next+1
		return nil
	}
	if changed, err := a.inPlace(it); changed || err != nil {
		return err
	}
	return a.search(it)
}

// inPlace handles an item that has other bytes while the next one is where it should be.
func (a *alignment) inPlace(it item) (bool, error) {
	after := a.at + it.Bytes
	next := after == a.end
	if a.next+1 < len(a.items) {
		var err error
		if next, err = a.is(a.items[a.next+1], after); err != nil {
			return false, err
		}
	}
	if !next || after > a.end {
		return false, nil
	}
	other, err := a.whole(a.at, a.next)
	if err != nil {
		return false, err
	}
	if other >= 0 && a.items[other].Bytes == it.Bytes {
		a.moved(other)
		a.skip(a.next, a.next+1)
	} else {
		a.changed(a.next, a.at, it.Bytes)
	}
	a.at, a.next = after, a.next+1
	return true, nil
}

// search walks frame by frame to where an item that is still to come lies.
func (a *alignment) search(it item) error {
	at := a.at
	for range maxSearch {
		n, err := a.whole(at, -1)
		if err != nil {
			return err
		}
		if n >= a.next {
			return a.resume(at, n)
		}
		if n >= 0 { // one that was skipped before, or is here a second time
			return a.strange(at + a.items[n].Bytes)
		}
		size, err := a.frameAt(at)
		if err != nil {
			return err
		}
		if size == 0 {
			break
		}
		at += size
	}
	// Nothing of it is to be found any more, nor what comes after it: go on as if it were in its place.
	size := min(it.Bytes, a.end-a.at)
	if size <= 0 {
		a.skip(a.next, a.next+1)
	} else {
		a.changed(a.next, a.at, size)
	}
	a.at, a.next = a.at+max(size, 0), a.next+1
	return nil
}

// resume goes on with item n at a byte, and tells what lies between.
func (a *alignment) resume(at int64, n int) error {
	switch {
	case at > a.at && n > a.next: // other bytes in the place of what should be here
		a.changed(a.next, a.at, at-a.at)
		a.skip(a.next+1, n)
	case at > a.at:
		if err := a.strange(at); err != nil {
			return err
		}
	default:
		a.skip(a.next, n)
	}
	a.at, a.next = at, n
	return nil
}

func (a *alignment) skip(from, to int) {
	for n := from; n < to; n++ {
		a.lacks = append(a.lacks, n)
	}
}

// whole tells which item lies whole at a byte, but for one; -1: none. The clear slot of the frame there says which it may be.
func (a *alignment) whole(at int64, but int) (int, error) {
	var candidates []int
	if slot, ok := a.slotAt(at); ok {
		for n, it := range a.items {
			near := n >= a.next-1 && n <= a.next+2 // marks do not tell of which segment they are
			if slot < slotLast && it.N == a.header.segmentOf(slot) || slot == slotSummary && it.name == nameSummary || slot == slotMarks && it.N >= 0 && near {
				candidates = append(candidates, n)
			}
		}
	}
	for _, n := range candidates {
		if n == but {
			continue
		}
		if yes, err := a.is(a.items[n], at); yes || err != nil {
			return n, err
		}
	}
	return -1, nil
}

// moved tells of a segment that lies where it does not belong.
func (a *alignment) moved(n int) {
	it := a.items[n]
	if a.found[n] {
		a.report.find(a.finding(FaultStranger, it, a.at, it.Bytes, "a second time"))
		return
	}
	a.found[n] = true
	a.report.find(a.finding(FaultReordered, it, a.at, it.Bytes, fmt.Sprintf("belongs at byte %d", it.At)))
}

func (a *alignment) changed(n int, at, size int64) {
	a.found[n] = true // it is here, after a fashion
	a.report.find(a.finding(FaultChanged, a.items[n], at, size, ""))
}

// strange tells of bytes up to an end that belong to nothing; a segment of this part that lies there is one that was moved.
func (a *alignment) strange(end int64) error {
	for at := a.at; at < end; {
		n, err := a.whole(at, -1)
		if err != nil {
			return err
		}
		if n >= 0 && at+a.items[n].Bytes <= end {
			a.stranger(at)
			a.moved(n)
			at += a.items[n].Bytes
			a.at = at
			continue
		}
		size, err := a.frameAt(at)
		if err != nil {
			return err
		}
		if size == 0 {
			break
		}
		at += size
	}
	a.stranger(end)
	return nil
}

func (a *alignment) stranger(end int64) {
	if end > a.at {
		a.report.find(Finding{Fault: FaultStranger, Segment: -1, At: a.at, Bytes: end - a.at})
		a.at = end
	}
}

// slotAt reads the clear slot of a frame.
func (a *alignment) slotAt(at int64) (uint32, bool) {
	var b [frameHeader]byte
	if at+frameHeader > a.end || readFull(a.src, b[:], at) != nil {
		return 0, false
	}
	return binary.BigEndian.Uint32(b[4:]), true
}

// frameAt is how long the frame at a byte is, with its header; 0: there is none.
func (a *alignment) frameAt(at int64) (int64, error) {
	var b [frameHeader]byte
	if at+frameHeader > a.end {
		return 0, nil
	}
	if err := readFull(a.src, b[:], at); err != nil {
		return 0, err
	}
	size := frameHeader + int64(binary.BigEndian.Uint32(b[:]))
	if at+size > a.end {
		return 0, nil
	}
	return size, nil
}

// rawFrame is a frame in memory.
type rawFrame struct {
	slot uint32
	body []byte
}

// framesOf yields the whole frames of a stretch.
func framesOf(raw []byte) iter.Seq[rawFrame] {
	return func(yield func(rawFrame) bool) {
		for len(raw) >= frameHeader {
			n := int64(binary.BigEndian.Uint32(raw))
			if n > int64(len(raw)-frameHeader) {
				return
			}
			if !yield(rawFrame{binary.BigEndian.Uint32(raw[4:]), raw[frameHeader : frameHeader+n]}) {
				return
			}
			raw = raw[frameHeader+n:]
		}
	}
}
