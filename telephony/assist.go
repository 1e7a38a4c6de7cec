package telephony

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

// link is how a party's audio is connected: their leg, the agent's leg, and by what means.
type link struct {
	agent, leg, base string
	means            call.Means
}

// assistance is what an actor keeps of the people beside its call.
type assistance struct {
	lane   lane // of the audio
	roll   lane // of what the index knows of who takes part
	due    *time.Timer
	wanted atomic.Pointer[call.Call] // the newest that parties were arranged for

	mu      sync.Mutex
	links   []link          // connected, or being connected
	engaged map[string]bool // who belongs to this call, as far as the index says
}

// besideCall carries out what concerns people beside the call. It says whether cmd does.
func (a *actor) besideCall(cmd call.Command) bool {
	switch cmd := cmd.(type) {
	case call.ArrangeParties:
		a.arrange()
	case call.BringHome:
		a.takeDown(cmd.Agent)
	case call.Engage:
		a.engage(cmd)
	case call.Disengage:
		a.disengage(cmd.Agent)
	case call.ArmParties:
		stop(&a.assist.due)
		a.assist.due = time.AfterFunc(cmd.After, func() { a.post(call.PartiesDue{At: now()}) })
	default:
		return false
	}
	return true
}

// arrange has the audio of the parties connected as the call now says. What is wanted meanwhile replaces it.
func (a *actor) arrange() {
	c := a.call
	a.assist.wanted.Store(&c)
	a.rearrange()
}

// rearrange looks after the audio of the parties once more. Anybody may call it.
func (a *actor) rearrange() { a.assist.lane.do(a.ctx, a.connect) }

// connectWithin bounds one attempt to connect everybody. What failed is tried again by the next look, at the latest.
const connectWithin = 5 * time.Second

// connect takes down the links that are not wanted and makes those that are. Whoever is to be heard by fewer is heard by nobody until then; only who is to be
// heard by more keeps hearing meanwhile.
func (a *actor) connect(ctx context.Context) {
	if a.assist.wanted.Load() == nil {
		return
	}
	wanted := a.linksWanted()
	a.ctl.noteLinks(a, wanted)
	a.assist.mu.Lock()
	old := a.assist.links
	a.assist.links = wanted
	a.assist.mu.Unlock()
	kept := slices.DeleteFunc(slices.Clone(old), func(o link) bool {
		return !slices.ContainsFunc(wanted, func(w link) bool { return w.agent == o.agent && heardBy(w.means) > heardBy(o.means) })
	})
	a.disconnect(ctx, old, slices.Concat(kept, wanted))
	for _, l := range wanted {
		err := again(ctx, connectWithin, func(ctx context.Context) (bool, error) {
			err := a.connectOne(ctx, l)
			return refused(err) || errors.Is(err, errUnwanted), err
		})
		switch {
		case err == nil:
			a.post(call.PartyReady{At: now(), Agent: l.agent, Leg: l.leg, Means: l.means})
		case ctx.Err() != nil || errors.Is(err, errUnwanted) || errors.Is(err, errStandBack):
		default:
			// Most often a leg that is just going, of which an event tells; then the parties are arranged anew.
			a.ctl.metrics.refused.WithLabelValues("assist").Inc()
			a.log.Warn("somebody beside the call could not be connected", "agent", l.agent, "means", l.means, "error", err)
		}
	}
	a.disconnect(ctx, kept, wanted)
}

// heardBy orders the means by how many hear who uses them.
func heardBy(m call.Means) int { return slices.Index([]call.Means{call.Spy, call.Coach, call.Lend}, m) }

// linksWanted are the links that the newest call asks for, as far as the legs are there. Who can be connected only after something else is told to the call.
func (a *actor) linksWanted() []link {
	c := a.assist.wanted.Load()
	var links []link
	for _, p := range c.Parties {
		if p.State != call.PartyJoining && p.State != call.PartyIn || !a.isEngaged(p.Agent) {
			continue
		}
		leg := a.ctl.usableLeg(p.Agent)
		base := a.base(*c)
		switch {
		case leg == "": // LegReady will tell
		case c.AwaitsHold(p):
			a.post(call.PartyHere{At: now(), Agent: p.Agent})
		case base == "": // there is nobody to be heard; when the agent is back the call says so
			a.post(call.PartyReady{At: now(), Agent: p.Agent, Leg: leg, Means: c.Means(p)})
		default:
			links = append(links, link{p.Agent, leg, base, c.Means(p)})
		}
	}
	return links
}

// base is the leg of the call's agent, if somebody can be beside it.
func (a *actor) base(c call.Call) string {
	if c.Leg == "" && c.State == call.Held && c.Hold == call.HoldDialling {
		return a.ctl.usableLeg(c.Agent)
	}
	return c.Leg
}

// still says that a link is what the newest call asks for.
func (a *actor) still(l link) bool {
	c := a.assist.wanted.Load()
	return slices.ContainsFunc(c.Parties, func(p call.Party) bool {
		return p.Agent == l.agent && (p.State == call.PartyJoining || p.State == call.PartyIn) && c.Means(p) == l.means && !c.AwaitsHold(p)
	}) && a.base(*c) == l.base
}

func (a *actor) connectOne(ctx context.Context, l link) error {
	if l.means == call.Lend {
		return a.ctl.lend(ctx, l.leg, l.base, func() bool { return a.still(l) })
	}
	if !a.still(l) {
		return errUnwanted
	}
	if err := a.ctl.bringHome(ctx, l.leg); err != nil { // who spoke to everybody until now, also by an earlier life of ours
		return err
	}
	if err := a.ctl.listen(ctx, l.base, l.leg, a.assist.wanted.Load().Line, l.means); err != nil {
		return err
	}
	if !a.still(l) { // taken down while it was made
		return errors.Join(errUnwanted, a.ctl.ari.Hangup(ctx, a.ctl.names.snoop(l.base, l.leg, l.means), "normal"))
	}
	return nil
}

// disconnect takes down what was connected and is not wanted any more.
func (a *actor) disconnect(ctx context.Context, old, wanted []link) {
	keep := a.ctl.channelsOf(wanted)
	for name := range a.ctl.channelsOf(old) {
		if !keep[name] {
			a.hangUpBeside(ctx, name)
		}
	}
	for _, l := range old {
		lent := func(w link) bool { return w.leg == l.leg && w.means == call.Lend }
		if l.means == call.Lend && !slices.ContainsFunc(wanted, lent) {
			err := again(ctx, takeDownWithin, func(ctx context.Context) (bool, error) {
				err := a.ctl.bringHome(ctx, l.leg)
				return refused(err), err
			})
			if err != nil && ctx.Err() == nil {
				a.log.Warn("a lent leg stays away until the next look", "agent", l.agent, "error", err)
			}
		}
	}
}

// takeDownWithin bounds the end of one connection; the next look mends what is left.
const takeDownWithin = 3 * time.Second

func (a *actor) hangUpBeside(ctx context.Context, name string) {
	err := again(ctx, takeDownWithin, func(ctx context.Context) (bool, error) {
		err := a.ctl.ari.Hangup(ctx, name, "normal")
		return refused(err), err
	})
	if err != nil && ctx.Err() == nil {
		a.log.Warn("a channel beside the call stays until the next look", "error", err)
	}
}

// channelsOf are the snoop and pulse channels that links are made of.
func (c *Controller) channelsOf(links []link) map[string]bool {
	names := map[string]bool{}
	for _, l := range links {
		if l.means == call.Lend {
			continue
		}
		names[c.names.snoop(l.base, l.leg, l.means)], names[c.names.pulse(l.base)] = true, true
	}
	return names
}

// noteLinks tells the loop whose the channels beside a call are.
func (c *Controller) noteLinks(a *actor, wanted []link) {
	names := c.channelsOf(wanted)
	c.do(func() {
		maps.DeleteFunc(c.besides, func(name string, of *actor) bool { return of == a && !names[name] })
		for name := range names {
			c.besides[name] = a
		}
	})
}

// takeDown disconnects a party before what the call does next: the caller is about to be moved to where the party is.
func (a *actor) takeDown(agent string) {
	c := a.call
	a.assist.wanted.Store(&c)
	a.assist.mu.Lock()
	var own, rest []link
	for _, l := range a.assist.links {
		if l.agent == agent {
			own = append(own, l)
		} else {
			rest = append(rest, l)
		}
	}
	a.assist.links = rest
	a.assist.mu.Unlock()
	keep := a.ctl.channelsOf(rest)
	for name := range a.ctl.channelsOf(own) {
		if !keep[name] {
			_ = a.asterisk("take_down", func(ctx context.Context) error { return a.ctl.ari.Hangup(ctx, name, "normal") })
		}
	}
	for _, leg := range a.ctl.legsOf(agent) {
		_ = a.asterisk("bring_home", func(ctx context.Context) error { return a.ctl.bringHome(ctx, leg) })
	}
}

func (c *Controller) legsOf(agent string) []string {
	c.legsMu.RLock()
	defer c.legsMu.RUnlock()
	var ids []string
	for id, l := range c.legs {
		if l.Agent == agent {
			ids = append(ids, id)
		}
	}
	return ids
}

func (a *actor) isEngaged(agent string) bool {
	a.assist.mu.Lock()
	defer a.assist.mu.Unlock()
	return a.assist.engaged[agent]
}

func (a *actor) setEngaged(agent string, is bool) {
	a.assist.mu.Lock()
	defer a.assist.mu.Unlock()
	if a.assist.engaged == nil {
		a.assist.engaged = map[string]bool{}
	}
	a.assist.engaged[agent] = is
}

// engageWithin is how long the index may take to say that somebody is free for this call.
const engageWithin = 3 * time.Second

// engage makes sure that somebody who takes part is offered no calls; before that nothing is connected. Who takes part already goes on, also while the
// index is away.
func (a *actor) engage(cmd call.Engage) {
	a.setEngaged(cmd.Agent, cmd.Again)
	req := queue.RequestID(newID())
	a.assist.roll.do(a.ctx, func(context.Context) {
		err := again(a.living, engageWithin, func(ctx context.Context) (bool, error) {
			_, err := a.ctl.queue.Assist(ctx, req, queue.CallID(a.id), queue.AgentID(cmd.Agent))
			if errors.Is(err, queue.ErrNoCall) || errors.Is(err, queue.ErrNoAgent) && cmd.Again {
				req = queue.RequestID(newID()) // it may be told of them in a moment; it remembers its refusal by the old one
				return false, err
			}
			return errors.Is(err, queue.ErrAgentBusy) || errors.Is(err, queue.ErrNoAgent) || useless(err), err
		})
		busy := errors.Is(err, queue.ErrAgentBusy) || useless(err)
		switch {
		case a.living.Err() != nil:
		case err == nil:
			a.setEngaged(cmd.Agent, true)
			a.rearrange()
		case busy:
			a.setEngaged(cmd.Agent, false)
			a.post(call.PartyLost{At: now(), Agent: cmd.Agent, Why: call.WhyBusy})
		case cmd.Again:
			a.log.Warn("the index does not know who takes part", "agent", cmd.Agent, "error", err)
		default:
			a.post(call.PartyLost{At: now(), Agent: cmd.Agent, Why: call.WhyUnreachable})
		}
	})
}

// disengageWithin is how long it is tried to free somebody; the end of the call frees them at the latest.
const disengageWithin = 30 * time.Second

func (a *actor) disengage(agent string) {
	a.setEngaged(agent, false)
	req := queue.RequestID(newID())
	a.assist.roll.do(a.ctx, func(context.Context) {
		err := again(a.living, disengageWithin, func(ctx context.Context) (bool, error) {
			_, err := a.ctl.queue.EndAssist(ctx, req, queue.CallID(a.id), queue.AgentID(agent))
			return useless(err) || errors.Is(err, queue.ErrNoAgent) || errors.Is(err, queue.ErrNoCall), err
		})
		if err != nil && a.living.Err() == nil {
			a.log.Warn("the index keeps somebody for the call until its end", "agent", agent, "error", err)
		}
	})
}
