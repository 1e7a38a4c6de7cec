package recordings

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/oklog/ulid/v2"
)

// How long a take stays with what the disk refused, in samples of the talk: it leaves a part that cannot be brought onto the disk at once, and each later one
// only when it is twice as long as the one before had to be; it asks for another part at once where nothing can be written, and then ever more rarely. So
// a disk that goes on refusing gets fifteen parts in ninety minutes, and no piece is thrown away to wait for it. One that tears file after file although it
// brings something of each onto the disk gets a part each time: to wait would cost the speech that it would have taken.
const (
	firstStay   = 2 * flushSamples
	longestStay = 600 * Rate
	firstAgain  = Rate / 4
	lastAgain   = 10 * Rate
)

// relay writes a take into parts: one, and another from where the disk refused the one before, so that a file of which nobody knows what the disk has takes
// no more of the talk with it. It belongs to the writer's goroutine: there is never more than one attempt at a time, and what is said meanwhile waits in the
// take's buffer, or becomes a gap.
type relay struct {
	t    *Take
	w    *writer
	from int64       // sample of the take at which the part begins: that of a whole slot
	next int64       // where its last piece ends: what becomes of the take after it another part may have to say
	ns   map[int]int // numbers of the take's marks within the part; nil: they are the same, and it is the first

	stay  int64 // samples that a part in doubt must have before it is left
	pause int64 // samples between two attempts where nothing can be written
	again int64 // sample of the take from which on the next attempt may be
}

// mark keeps marks of the take.
func (r *relay) mark(marks []markAt) {
	if r.ns == nil {
		r.w.mark(marks)
		return
	}
	here := make([]markAt, 0, len(marks))
	for _, m := range marks {
		here = append(here, r.here(m))
	}
	r.w.mark(here)
}

// here is a mark of the take as the part has it.
func (r *relay) here(m markAt) markAt {
	n, ok := r.ns[m.N]
	if !ok {
		n = len(r.ns)
		r.ns[m.N] = n
	}
	m.N, m.From = n, max(m.From-r.from, 0)
	if m.To != openEnd {
		m.To = max(m.To-r.from, 0)
	}
	return m
}

// append writes a piece, if need be into another part, and tells whether the disk took it.
func (r *relay) append(c chunk) bool {
	at := int64(c.slot) * r.t.line.samples
	if r.moves(at) {
		r.another(at)
	}
	err := r.w.append(r.within(c))
	if err != nil && r.w.torn && r.moves(at) && r.another(at) {
		err = r.w.append(r.within(c))
	}
	if err == nil {
		r.next = at + r.t.line.samples
		return true
	}
	r.t.rec.cfg.Metrics.droppedChunks.WithLabelValues("disk").Inc()
	r.t.lost(GapDisk, at, at+int64(c.samples()))
	return false
}

func (r *relay) within(c chunk) chunk {
	c.slot -= uint32(r.from / r.t.line.samples)
	return c
}

// moves tells whether another part is to be tried before a sample of the take is written.
func (r *relay) moves(at int64) bool {
	if r.t.patient || at < r.again { // who feeds a patient one begins another itself
		return false
	}
	return r.w.torn || r.w.flush.failed() && at-r.from >= r.stay
}

// another begins another part where this one ends, before a sample of the take, and leaves this one; false: the disk does not let it. This one may have a
// mark in its file of what is still to come: [Session] hears and shows of it what lies before the other one.
func (r *relay) another(at int64) bool {
	if r.w.flush.good {
		r.pause = 0
	}
	r.pause = min(max(2*r.pause, firstAgain), lastAgain)
	r.again = at + r.pause
	from := min(r.next, at-at%r.t.line.samples)
	void := r.ns != nil && r.w.pieces == 0
	if void {
		from = r.from // as if it had never been
	}
	meta := r.t.meta
	meta.Started = meta.Started.Add(timeOf(from))
	id := ulid.Make().String()
	w, err := r.t.rec.begin(id, meta, suffixOpen)
	if err != nil {
		r.w.refused(err)
		return false
	}
	r.t.rec.cfg.Metrics.leftParts.Inc()
	r.w.log.Error("the disk refused a recording; the call goes on, and its recording in another part", "part", id, "err", r.w.flush.err)
	r.stay = min(max(2*r.stay, firstStay), longestStay)
	next := &relay{t: r.t, w: w, from: from, next: from, ns: map[int]int{}, stay: r.stay, pause: r.pause, again: r.again}
	next.mark(r.carry(from, void))
	r.leave(void, from, len(w.unsaved) == 0)
	*r = *next
	return true
}

// seamN is the number of a seam among the marks of a take, which does not have it: only the part that begins there says it.
const seamN = -1

// carry are the marks that the next part has to say, which begins at a sample of the take: that the disk is the reason why it begins, and what of the take lasts
// or comes after that, and what this part could not say (all: it goes, and what it said).
func (r *relay) carry(from int64, all bool) []markAt {
	marks := r.t.said()
	out := make([]markAt, 0, len(marks)+1)
	out = append(out, markAt{N: seamN, Kind: MarkGap, From: from, To: from, Code: GapDisk})
	for _, m := range marks {
		n, known := r.ns[m.N]
		if r.ns == nil {
			n, known = m.N, true
		}
		unsaid := known && (all || r.w.owes(n))
		if m.To == openEnd || m.To > from || m.From >= from || unsaid {
			out = append(out, m)
		}
	}
	return out
}

// said are all marks so far.
func (t *Take) said() []markAt {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.marks.all)
}

// leave lets go of the part for [Intake] to close, with the reason if the disk takes it. The reason ends it, and the marks beyond it: it is said only when
// the next part has them. One that never got a piece goes.
func (r *relay) leave(void bool, end int64, told bool) {
	if void {
		dir, id := r.t.rec.cfg.Dir, r.w.env.id
		_ = errors.Join(os.Remove(filepath.Join(dir, id+r.w.suffix)), removeIfThere(sidecarPath(dir, id)), destroy(keyPath(dir, id))) // else Intake finds it
	} else if told {
		end -= r.from
		r.w.mark([]markAt{{N: len(r.w.book.all), Kind: MarkGap, From: end, To: end, Code: GapDisk}})
	}
	_ = r.w.file.Close() // a flush that is under way ends with the file
}

// ends is the take's end: of one that cannot be written there is one more attempt, so that a part says what was lost.
func (r *relay) ends(head int64) {
	if !r.t.patient && r.w.torn && head > r.next {
		r.another(head)
	}
}

// conclude ends the part where the take ends.
func (r *relay) conclude(head int64) error { return r.w.conclude(max(head-r.from, 0)) }
