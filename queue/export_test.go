package queue

// SetClock gives the scripts another clock, in ms since 1970.
func (q *Queue) SetClock(now func() int64) { q.now = now }
