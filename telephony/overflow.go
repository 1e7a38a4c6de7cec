package telephony

import (
	"context"
	"sync"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

// The steps of a line's overflow, by what they wait for besides the time.
const (
	whenNoAgents = "no_agents"
	whenClosed   = "closed"
)

// recheck is the pause before a step whose condition did not hold is looked at again.
const recheck = 5 * time.Second

// overflow is the plan of one caller who waits: which step is due when. Its timer runs beside the actor.
type overflow struct {
	timer *time.Timer

	mu   sync.Mutex
	next []time.Time // by step: not before
}

// planOverflow keeps the plan running while the caller waits and is tried nowhere, and stops it otherwise.
func (a *actor) planOverflow(e call.Event) {
	c, o, steps := a.call, &a.overflow, a.line.Overflow
	if len(steps) == 0 {
		return
	}
	if due, ok := e.(call.OverflowDue); ok {
		stop(&o.timer)
		o.later(steps, due.To, due.Time.Add(a.ctl.cfg.Outbound.Retry))
	}
	if c.State != call.Waiting && c.State != call.Offered || c.Out.Live || c.Task != "" || c.Callback != "" || c.Queued.IsZero() {
		stop(&o.timer)
		return
	}
	if o.timer != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.next == nil {
		for _, s := range steps {
			o.next = append(o.next, c.Queued.Add(s.After))
		}
	}
	step := 0
	for i, at := range o.next {
		if at.Before(o.next[step]) {
			step = i
		}
	}
	s := steps[step]
	o.timer = time.AfterFunc(time.Until(o.next[step]), func() {
		if a.ctl.mayOverflow(a.ctx, a.line, s) {
			a.post(call.OverflowDue{At: now(), To: s.To})
			return
		}
		o.mu.Lock()
		o.next[step] = time.Now().Add(recheck)
		o.mu.Unlock()
		a.post(call.OverflowDue{At: now()}) // to nobody: the plan goes on
	})
}

// later puts the steps to a place off: it is being tried.
func (o *overflow) later(steps []Overflow, to string, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.next {
		if steps[i].To == to && o.next[i].Before(at) {
			o.next[i] = at
		}
	}
}

// mayOverflow says whether a step's condition holds.
func (c *Controller) mayOverflow(ctx context.Context, l Line, s Overflow) bool {
	switch s.When {
	case whenClosed:
		return l.Open != nil && !l.Open(time.Now())
	case whenNoAgents:
		return !c.anybody(ctx, l)
	}
	return true
}

// presence is who is at work, as the index had it a moment ago: the callers of a line without agents ask for it together.
type presence struct {
	mu     sync.Mutex
	at     time.Time
	agents []queue.Agent
}

// presenceKept is how old it may be.
const presenceKept = 2 * time.Second

// anybody says whether an agent is there who could serve the line's callers, now or after another talk. An index that is away proves nothing.
func (c *Controller) anybody(ctx context.Context, l Line) bool {
	p := &c.presence
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.at) > presenceKept {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		s, err := c.queue.Snapshot(ctx)
		if err != nil {
			return true
		}
		p.at, p.agents = time.Now(), s.Agents
	}
	for _, a := range p.agents {
		switch a.State {
		case queue.AgentAvailable, queue.AgentReserved, queue.AgentTalking, queue.AgentWrapUp:
			if a.Group <= l.Groups && has(a.Skills, l.Needs) {
				return true
			}
		}
	}
	return false
}

func has(skills, needs queue.Skills) bool {
	for skill, level := range needs {
		if skills[skill] < level {
			return false
		}
	}
	return true
}
