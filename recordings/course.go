package recordings

import "time"

const (
	// leap is how far a frame may lie ahead of what the clock of this process explains. Beyond it, its time is wrong, not the clock.
	leap = 5 * time.Second
	// settled is for how long the times of a side must be wrong in one and the same way until they are taken for another count of the same time.
	settled = time.Second
)

// course is how the times of one side run against the clock of this process. It is pure.
type course struct {
	skew  int64     // what is taken off its offsets since they were anchored anew
	odd   bool      // the newest frame was refused
	first int64     // offset of the first frame that was refused in this way
	since time.Time // when that came
}

// place tells where on the time line a frame belongs, or that it is to be refused. here is this moment on the line, limit how far ahead a frame
// may lie. other is the course of the other side: what both lost they lost by the same.
func (c *course) place(offset, here, limit int64, now time.Time, other *course) (at int64, ok bool) {
	near := func(at int64, within time.Duration) bool {
		return at-here <= samplesIn(within) && here-at <= samplesIn(within)
	}
	if c.skew != 0 && near(offset, leap) {
		c.skew = 0 // it came back
	}
	at = offset - c.skew
	if at <= limit && (c.skew == 0 || near(at, leap)) {
		c.odd = false
		return at, true
	}
	came := samplesIn(now.Sub(c.since))
	if drift := offset - c.first - came; !c.odd || drift > Rate/2 || drift < -Rate/2 {
		c.odd, c.first, c.since = true, offset, now
		return 0, false
	}
	if now.Sub(c.since) < settled {
		return 0, false
	}
	c.odd = false
	if at = offset - other.skew; other.skew == 0 || !near(at, settled/2) {
		at = here
	}
	c.skew = offset - at
	return at, true
}
