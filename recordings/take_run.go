package recordings

import "time"

// run owns the files of the take.
func (t *Take) run(w *writer) {
	defer close(t.written)
	defer t.rec.forget(t.id)
	r := &relay{t: t, w: w}
	for open := true; open; {
		var c chunk
		select {
		case <-t.wake:
		case c, open = <-t.chunks:
		}
		r.mark(t.takeMarks()) // before the piece: a pause in it is no gap
		if open && c.audio != nil {
			t.took(c, r.append(c))
		}
	}
	r.mark(t.takeMarks()) // of pieces that were lost last
	// The channel was closed under mu after the last change of the timeline, so head is final.
	t.length = timeOf(t.line.head)
	r.ends(t.line.head)
	t.failed = t.conclude(r)
	if err := r.w.close(); t.failed == nil {
		t.failed = err
	}
}

// conclude ends the file. While the disk refuses it for want of room, which is little, it is tried again: what was lost is then marked, with its
// reason, up to the last word.
func (t *Take) conclude(r *relay) error {
	err := r.conclude(t.line.head)
	for wait := firstRetry; err != nil && !r.w.torn && t.trying(); wait = min(2*wait, lastRetry) {
		if t.refusal == nil {
			r.w.log.Error("the end of the recording could not be written; trying again", "err", err, "until", t.until)
			t.refusal = err
			close(t.refused)
		}
		<-time.After(wait)
		err = r.conclude(t.line.head)
	}
	if err == nil && t.refusal != nil {
		r.w.log.Info("the end of the recording could be written after all")
	}
	return err
}

// trying tells whether what the disk refuses is to be tried again: while the take is open, and for a time after it.
func (t *Take) trying() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.closed || time.Now().Before(t.until)
}

// took notes what became of a piece.
func (t *Take) took(c chunk, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done++
	from := int64(c.slot) * t.line.samples
	if ok {
		t.safe = from + int64(c.samples())
	} else {
		t.missed = min(t.missed, from)
	}
}

// kept is up to where the disk took all that came. spoiled says that a piece after it is lost, so that it will not grow.
func (t *Take) kept() (samples int64, spoiled bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return min(t.safe, t.missed), t.missed < maxSamples
}

// idle tells whether the writer is done with all that it got.
func (t *Take) idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.handed == t.done
}

// ended tells whether the writer has ended.
func (t *Take) ended() bool {
	select {
	case <-t.written:
		return true
	default:
		return false
	}
}
