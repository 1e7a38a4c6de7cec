package telephony

import (
	"context"
	"maps"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

// order says what a verb of the command stream means for its call. nil: the command lacks something, and nobody acts on it. Who may say what was
// checked by the console; that it is this call's agent, or a party of it, is checked again by telephony/call.
type order func(c *Controller, w call.Wish, cmd queue.Command) call.Event

// orders are all the verbs (docs/protocol.md, section 4).
func orders() map[string]order {
	all := map[string]order{}
	for _, some := range []map[string]order{controls(), besides()} {
		maps.Copy(all, some)
	}
	return all
}

// wish is a person's for a call that is not here: it may be adopted in a moment.
type wish struct {
	cmd   queue.Command
	until time.Time
}

const (
	// wishKept is how long a wish is kept, and how far back wishes are read at the start.
	wishKept = 10 * time.Second
	// riskKept is how far back it is looked at the start for what was said of a danger: that is meant whatever became of the controllers meanwhile.
	riskKept = 10 * time.Minute
)

// followCommands carries people's wishes to the calls. The last ten seconds are read again at the start, and of what was said of a danger the
// last ten minutes: a wish that its reader did not live to carry out still counts, also when its call is adopted only later. One that was carried out
// finds the call gone, or knowing it.
func (c *Controller) followCommands(ctx context.Context) {
	begin := time.Now()
	err := c.queue.FollowCommands(ctx, begin.Add(-riskKept), func(cmd queue.Command) error {
		c.do(func() {
			if c.since(begin, cmd) {
				c.wanted(cmd)
			}
		})
		return nil
	})
	if err != nil && ctx.Err() == nil {
		c.log.Error("the command stream ended", "error", err)
	}
}

// since says that a wish is not older than what is read again by who began at a time of our clock: wishes have the time of Redis.
func (c *Controller) since(begin time.Time, cmd queue.Command) bool {
	return cmd.Verb == verbRisk || !cmd.At.Before(begin.Add(c.ahead-wishKept))
}

func (c *Controller) wanted(cmd queue.Command) {
	if c.orders[cmd.Verb] == nil {
		c.log.Warn("a wish that is not known here", "verb", cmd.Verb, "call_id", cmd.Call)
		return
	}
	if c.stale(cmd) {
		c.log.Warn("a wish came too late; nobody expects it any more", "verb", cmd.Verb, "call_id", cmd.Call)
		return
	}
	if a := c.calls[call.ID(cmd.Call)]; a != nil {
		c.obey(a, cmd)
		return
	}
	maps.DeleteFunc(c.wishes, func(_ call.ID, ws []wish) bool { return time.Now().After(ws[len(ws)-1].until) })
	id := call.ID(cmd.Call)
	c.wishes[id] = append(c.wishes[id], wish{cmd, time.Now().Add(wishKept)})
}

// obey tells a call of a wish.
func (c *Controller) obey(a *actor, cmd queue.Command) {
	if e := c.orders[cmd.Verb](c, call.Wish{At: now(), ID: cmd.ID, By: string(cmd.By)}, cmd); e != nil {
		a.post(e)
	}
}

// fulfil tells a call of the wishes that came before it, in their order.
func (c *Controller) fulfil(a *actor) {
	for _, w := range c.wishes[a.id] {
		if time.Now().Before(w.until) {
			c.obey(a, w.cmd)
		}
	}
	delete(c.wishes, a.id)
}

// stale says that a wish is so old, by the clock of Redis, that whoever had it has seen it fail. Only the end of a call is wanted for longer, and
// what was said of a danger.
func (c *Controller) stale(cmd queue.Command) bool {
	return cmd.Verb != "hangup" && cmd.Verb != verbRisk && time.Now().Add(c.ahead).Sub(cmd.At) > wishKept
}
