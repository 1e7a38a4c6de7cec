package telephony

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"hotline/telephony/call"
)

// SetLines replaces the lines at run time. The calls stay where they are and hear what they heard; but those who wait are offered to whom the line now
// says, and are tried elsewhere as it now says: in an emergency nobody who came before it waits behind those who came after. A line that is gone still serves those whom the dialplan sends:
// the callers who are on it, and those who dial its numbers until Asterisk has forgotten them, too. On an error nothing is changed.
func (c *Controller) SetLines(lines []Line) error {
	if err := validLines(lines); err != nil {
		return err
	}
	c.do(func() {
		was := c.lines()
		next := maps.Clone(was)
		for _, l := range lines {
			next[l.ID] = l
		}
		c.book.Store(&next)
		var changed []*actor
		for _, a := range c.calls {
			old, fresh := was[a.line.ID], next[a.line.ID]
			if old.Groups != fresh.Groups || !slices.Equal(old.Relax, fresh.Relax) || !slices.Equal(old.Overflow, fresh.Overflow) {
				changed = append(changed, a)
			}
		}
		c.tellTerms(changed)
		for _, l := range lines {
			old := was[l.ID].holds()
			for _, h := range l.holds() {
				if !slices.Contains(old, h) {
					c.openHoldSoon(h)
				}
			}
		}
	})
	return nil
}

// Each call tells the index its new terms by itself, and an agent who is added may be free: the first to be told is offered. So those at risk are told
// first, on every controller (all hear of new lines within half a second), and the others a moment later, in the order of their coming.
const (
	urgentAhead = time.Second
	termsApart  = 5 * time.Millisecond
)

func (c *Controller) tellTerms(calls []*actor) {
	if len(calls) == 0 {
		return
	}
	for _, a := range calls {
		a.post(call.TermsChanged{At: now(), Urgent: true})
	}
	slices.SortFunc(calls, func(a, b *actor) int { return cmp.Compare(a.id, b.id) }) // ids begin with the second of arrival
	c.beside(func() {
		wait := urgentAhead
		for _, a := range calls {
			if !pause(c.ctx, wait) {
				return
			}
			a.post(call.TermsChanged{At: now()})
			wait = termsApart
		}
	})
}

// lines are those known now, by id. The map is never changed, only replaced.
func (c *Controller) lines() map[string]Line { return *c.book.Load() }

// line is the zero Line when there is none of that id.
func (c *Controller) line(id string) Line { return c.lines()[id] }

// openHoldSoon makes a holding bridge before the first caller needs it. With Asterisk away the look that follows its return makes it.
func (c *Controller) openHoldSoon(h hold) {
	if !c.ready.Load() {
		return
	}
	c.beside(func() {
		err := again(c.ctx, 10*time.Second, func(ctx context.Context) (bool, error) { return false, c.openHold(ctx, h) })
		if err != nil && c.ctx.Err() == nil {
			c.log.Warn("hold bridge of a new line is not there yet; the next look makes it", "place", h.place, "error", err)
		}
	})
}

// openHold makes a holding bridge and its music; both may be there already.
func (c *Controller) openHold(ctx context.Context, h hold) error {
	return c.ari.CreateHold(ctx, c.names.hold(h.place), h.place, h.class)
}

// validLines says what is wrong with lines, all of it at once.
func validLines(lines []Line) error {
	var errs []error
	if len(lines) == 0 {
		errs = append(errs, errors.New("lines: at least one is needed"))
	}
	for _, l := range lines {
		errs = append(errs, l.validate())
	}
	return errors.Join(errs...)
}
