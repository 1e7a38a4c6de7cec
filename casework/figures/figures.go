// Package figures counts the service of a hotline from its ledger: how many callers were answered, how soon, and how far that is from what was
// promised. It only reads.
//
// # What is counted
//
// Every caller who reached a line of ours counts once, at the time of the arrival. Each exception has its reason:
//
//   - Offered: all callers but those below. It is what every share is a share of, so that no way of not being answered makes a share better.
//   - Callbacks that we dial are not callers who arrived; the call from which they came was counted.
//   - Withdrawn: another site passed the caller on to us and answered itself. That site counts the caller.
//   - Short: who left within [Short] of beginning to wait, without the danger key, dialled by mistake or thought better of it: nobody could have
//     answered. They are counted by themselves, and are in no share. Whoever pressed the danger key is always counted.
//   - Wait: from the end of the greeting, when somebody could first answer, to the first answer. A caller who never got so far waits from the arrival.
//   - Answered: a counsellor here talked with the caller, or a person elsewhere did (overflowed). When a person elsewhere answered is not in the ledger, so
//     that such a call is answered, and never in time.
//   - Callback promised: the caller chose not to wait. Neither answered nor disconnected, so that promises cannot take the place of answers.
//   - Degraded: the dialplan's fallback served the caller, because we could not. Neither answered nor disconnected.
//   - Abandoned (disconnected before an answer): left after more than [Short], or with the danger key pressed.
//   - A caller who waits now counts as late as soon as no answer can be in time any more, and before that not at all.
package figures

import "time"

// Short is how long after the beginning of the wait who leaves is taken to have dialled by mistake.
const Short = 5 * time.Second

// Window is over what the standards are kept.
const Window = 24 * time.Hour

// Counts are what came of callers.
type Counts struct {
	Offered    int // decided: answered, or over
	Answered   int // here or elsewhere
	Abandoned  int
	Short      int // not in Offered
	Overflowed int // of Answered: by a person elsewhere
	Callbacks  int
	Degraded   int
	Waiting    int // wait now; not in Offered

	Talk  time.Duration // of calls that ended
	Waits time.Duration // of those who were answered here
	Most  time.Duration // longest wait of who was answered or left

	Spans []Span // for each of the spans that were asked for, in that order
}

// Span is how many callers were answered within a time, and how many were not and will not be.
type Span struct{ InTime, Late int }

// Slice is what came of the callers of one line who arrived within one step of time.
type Slice struct {
	Line string
	At   time.Time // beginning of the step
	Counts
}

// Add puts other counts to these.
func (c Counts) Add(o Counts) Counts {
	c.Offered += o.Offered
	c.Answered += o.Answered
	c.Abandoned += o.Abandoned
	c.Short += o.Short
	c.Overflowed += o.Overflowed
	c.Callbacks += o.Callbacks
	c.Degraded += o.Degraded
	c.Waiting += o.Waiting
	c.Talk += o.Talk
	c.Waits += o.Waits
	c.Most = max(c.Most, o.Most)
	spans := make([]Span, max(len(c.Spans), len(o.Spans)))
	copy(spans, c.Spans)
	for i, s := range o.Spans {
		spans[i].InTime += s.InTime
		spans[i].Late += s.Late
	}
	c.Spans = spans
	return c
}

// Total adds up slices.
func Total(slices []Slice) (c Counts) {
	for _, s := range slices {
		c = c.Add(s.Counts)
	}
	return c
}
