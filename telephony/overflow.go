package telephony

import (
	"context"
	"slices"
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

// overflow is the plan of one caller who waits: which step is due when. It follows the line: emergency mode may have other steps. Its timer runs
// beside the actor.
type overflow struct {
	timer *time.Timer
	steps []Overflow           // of the line, as the plan was made
	tried map[string]time.Time // by place: not again before

	mu   sync.Mutex
	next []time.Time // by step: not before. Another plan has another slice
}

// present is the call's line as it is now.
func (a *actor) present() Line {
	if l := a.ctl.line(a.line.ID); l.ID != "" {
		return l
	}
	return a.line
}

// partner is the place of that name in the line's plan, or in that of when the call came: it may be tried, or talked with, since then.
func (a *actor) partner(name string) (Partner, bool) {
	if p, ok := a.present().partner(name); ok {
		return p, true
	}
	return a.line.partner(name)
}

// planOverflow keeps the plan running while the caller waits and is tried nowhere, and stops it otherwise.
func (a *actor) planOverflow(e call.Event) {
	c, o, line := a.call, &a.overflow, a.present()
	if !slices.Equal(o.steps, line.Overflow) {
		stop(&o.timer)
		o.steps, o.next = line.Overflow, nil
	}
	if len(o.steps) == 0 {
		return
	}
	if due, ok := e.(call.OverflowDue); ok {
		stop(&o.timer)
		o.later(due.To, due.Time.Add(a.ctl.cfg.Outbound.Retry))
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
		for _, s := range o.steps {
			at := c.Queued.Add(s.After)
			if again := o.tried[s.To]; again.After(at) {
				at = again
			}
			o.next = append(o.next, at)
		}
	}
	step := 0
	for i, at := range o.next {
		if at.Before(o.next[step]) {
			step = i
		}
	}
	s, next := o.steps[step], o.next
	o.timer = time.AfterFunc(time.Until(next[step]), func() {
		if a.ctl.mayOverflow(a.ctx, line, s) {
			a.post(call.OverflowDue{At: now(), To: s.To})
			return
		}
		o.mu.Lock()
		next[step] = time.Now().Add(recheck)
		o.mu.Unlock()
		a.post(call.OverflowDue{At: now()}) // to nobody: the plan goes on
	})
}

// later puts the steps to a place off: it is being tried.
func (o *overflow) later(to string, at time.Time) {
	if to == "" {
		return
	}
	if o.tried == nil {
		o.tried = map[string]time.Time{}
	}
	o.tried[to] = at
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.next {
		if o.steps[i].To == to && o.next[i].Before(at) {
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
