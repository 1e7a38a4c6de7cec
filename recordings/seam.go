package recordings

import "slices"

// A seam is where a recorder left a part because of its disk and went on in another, see relay. The part before it may claim more of the line than it has:
// its file may have a mark of what was still to come, and nobody could take it back.

// goesOn tells whether the part begins at a seam. A gap of the disk that has a length is none: the disk may as well have been full when a leg began.
func (p *Playback) goesOn() bool {
	return slices.ContainsFunc(p.Recording.Marks, func(m Mark) bool {
		return m.Kind == MarkGap && m.Code == GapDisk && m.From == 0 && m.To == 0
	})
}

// join finds the part that each one goes on from which begins at a seam: the newest before it of the same person that was left. A part that got nothing
// began when the next one did, and may have any place among those.
func (s *Session) join() {
	for i, p := range s.parts {
		if !p.goesOn() {
			continue
		}
		for j, left := range slices.Backward(s.parts) {
			before := left.from < p.from || left.from == p.from && (j < i || !left.goesOn())
			if before && left.next == nil && left.leftBy(p.Recording) {
				left.next = p
				break
			}
		}
	}
}

// leftBy tells whether the part may be one that was left for another.
func (p *sessionPart) leftBy(other Recording) bool {
	r := p.Recording
	return !r.Complete && r.Line == other.Line && r.Agent == other.Agent && r.Kind == other.Kind
}

// run is what is heard of the stretch of the part from a sample of the line on, and until where: the part, the one in which it went on, or nil. Who was
// beside it has no more of that stretch than if the disk had been well.
func (p *sessionPart) run(at int64) (part *sessionPart, until int64) {
	part, until = p, p.to()
	for part.next != nil && part.next.from <= at {
		part = part.next
	}
	if part.next != nil {
		until = min(until, part.next.from)
	}
	if at >= part.to() {
		return nil, until
	}
	return part, min(until, part.to())
}

// marks are those of the part on the recording's line, but for what the part says in which it went on.
func (p *sessionPart) marks() []Mark {
	out := shift(p.Recording.Marks, timeOf(p.from))
	if p.next == nil {
		return out
	}
	seam := timeOf(p.next.from)
	out = slices.DeleteFunc(out, func(m Mark) bool { return m.From >= seam })
	for i := range out {
		out[i].To = min(out[i].To, seam)
	}
	return out
}
