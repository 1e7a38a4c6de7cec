package crisis

import "time"

// MinorTask is how a task about a minor went; a time that is zero has not come yet.
type MinorTask struct {
	Opened    time.Time
	Asked     time.Time // somebody said first whether there is a sign of harm
	Suspected time.Time // the suspicion from which it is to be reported
	Closed    time.Time
}

// ToAsk is how long there is to ask whether a minor is harmed.
func (d Deadlines) ToAsk() time.Duration { return seconds(d.MinorAsk) }

// ToReport is how long there is to report a suspicion of it.
func (d Deadlines) ToReport() time.Duration { return seconds(d.MinorReport) }

// LateToAsk tells whether it was asked, or is still to be, after the deadline.
func (d Deadlines) LateToAsk(t MinorTask, now time.Time) bool {
	return late(t.Opened, t.Asked, now, d.ToAsk())
}

// LateToReport tells whether a suspicion was closed, or is still open, after the deadline.
func (d Deadlines) LateToReport(t MinorTask, now time.Time) bool {
	return !t.Suspected.IsZero() && late(t.Suspected, t.Closed, now, d.ToReport())
}

func late(from, until, now time.Time, within time.Duration) bool {
	if until.IsZero() {
		until = now
	}
	return until.Sub(from) > within
}
