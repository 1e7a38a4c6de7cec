package telephony

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

// Callbacks keeps the callers who are to be called back, and decides when and how often they are. Everything but Claim may be repeated.
type Callbacks interface {
	// Claim gives callbacks that are due to one owner for a time; nobody else gets them until then.
	Claim(ctx context.Context, owner string, lease time.Duration, most int) ([]CallbackTask, error)
	// Extend keeps claims, all at once, and names those that are another's by now.
	Extend(ctx context.Context, owner string, lease time.Duration, tasks ...string) (lost []string, err error)
	// Release gives a claim back: nothing was dialled.
	Release(ctx context.Context, task, owner string) error
	// Number is whom to dial: private. ErrClaimLost, or ErrUncallable when the number must not be called.
	Number(ctx context.Context, task, owner string) (string, error)
	// Placed notes, before it is so, that the caller's telephone is being called. ErrClaimLost: do not.
	Placed(ctx context.Context, task, owner, agent string) error
	// Reached notes that agent and caller are together.
	Reached(ctx context.Context, task, owner, agent string) error
	// Failed notes that the caller was not reached, with the Q.850 cause; 0 when unknown.
	Failed(ctx context.Context, task, owner, agent string, cause int) error
	// GaveUp notes that the number must not be called: a person decides.
	GaveUp(ctx context.Context, task, owner string) error
}

// What a Callbacks refuses.
var (
	ErrClaimLost  = errors.New("the callback is somebody else's")
	ErrUncallable = errors.New("the number must not be called")
)

// CallbackTask is one callback that was claimed.
type CallbackTask struct {
	Task      string
	Call      call.ID // by which it enters the queue; new with each claim
	Line      string
	Place     time.Time // its place in the queue: when the caller called
	Tier      queue.Tier
	Danger    bool
	Preferred queue.AgentID
	History   int
	Again     call.ID // the caller's call that was cut off while at risk, for whom the agent may be kept; "": none
}

// runCallbacks enters due callbacks into the queue and keeps their claims.
func (c *Controller) runCallbacks(ctx context.Context) {
	o := c.cfg.Outbound
	if o.Callbacks == nil || o.Dial == nil {
		return
	}
	look, keep := time.NewTicker(time.Second), time.NewTicker(o.Claim/4)
	defer look.Stop()
	defer keep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			c.claimCallbacks(ctx)
		case <-keep.C:
			c.keepCallbacks(ctx)
		}
	}
}

// onLoop runs f in the loop and waits for it. Not for the loop itself.
func onLoop[T any](c *Controller, f func() T) (result T, ok bool) {
	done := make(chan T, 1)
	c.do(func() { done <- f() })
	select {
	case result = <-done:
		return result, true
	case <-c.stopped:
		return result, false
	}
}

func (c *Controller) claimCallbacks(ctx context.Context) {
	room, ok := onLoop(c, func() int {
		// An earlier life's callbacks are adopted first: they may ring.
		if !c.seen.Load() || c.draining || !c.fence.open() {
			return 0
		}
		mine := 0
		for _, a := range c.calls {
			if a.task != "" {
				mine++
			}
		}
		return c.cfg.Outbound.Most - mine
	})
	if !ok || room <= 0 || !c.Ready() {
		return
	}
	due, err := c.cfg.Outbound.Callbacks.Claim(ctx, c.cfg.ID, c.cfg.Outbound.Claim, room)
	if err != nil {
		if ctx.Err() == nil {
			c.log.Warn("callbacks could not be claimed", "error", err)
		}
		return
	}
	for _, t := range due {
		c.do(func() { c.enter(t) })
	}
}

// enter begins the call of a callback. It has no channel until the caller's telephone was answered.
func (c *Controller) enter(t CallbackTask) {
	line := c.line(t.Line)
	if line.ID == "" { // taken away long ago; the promise outlives it
		lines := c.lines()
		line = lines[slices.Min(slices.Collect(maps.Keys(lines)))]
		c.log.Warn("a callback's line is no more; another one serves it", "task", t.Task, "was", t.Line, "line", line.ID)
	}
	if c.calls[t.Call] != nil || c.draining {
		c.beside(func() {
			if err := c.cfg.Outbound.Callbacks.Release(c.ctx, t.Task, c.cfg.ID); err != nil && c.ctx.Err() == nil {
				c.log.Warn("a callback was not given back; its claim will end", "error", err)
			}
		})
		return
	}
	cl := call.Call{
		ID: t.Call, Line: line.ID, State: call.Arrived, Tier: call.Tier(t.Tier), Danger: t.Danger, Arrived: t.Place, Task: t.Task,
		Known: call.Known{Preferred: string(t.Preferred), History: t.History, Again: string(t.Again)},
	}
	if t.Preferred != "" {
		cl.Known.PreferUntil = time.Now().Add(line.Patience)
	}
	a := newActor(c, "", cl, "", "", 1)
	c.metrics.attempts.WithLabelValues("callback").Inc()
	c.begin(a, call.CallbackDue{At: now(), Task: t.Task, Tier: cl.Tier, Plan: a.plan()})
}

// keepCallbacks extends the claims of callbacks of which nothing was noted yet that ends them. One that is lost ends its call, unless agent and caller
// are together.
func (c *Controller) keepCallbacks(ctx context.Context) {
	mine, ok := onLoop(c, func() map[string]*actor {
		mine := map[string]*actor{}
		for _, a := range c.calls {
			if a.task != "" && !a.settled.Load() {
				mine[a.task] = a
			}
		}
		return mine
	})
	if !ok || len(mine) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	lost, err := c.cfg.Outbound.Callbacks.Extend(ctx, c.cfg.ID, c.cfg.Outbound.Claim, slices.Sorted(maps.Keys(mine))...)
	if err != nil && c.ctx.Err() == nil {
		c.log.Warn("the claims of callbacks were not renewed", "claims", len(mine), "error", err)
	}
	for _, task := range lost {
		if a := mine[task]; a != nil {
			a.post(call.ClaimLost{At: now()})
		}
	}
}

// dialCaller calls the caller's telephone. The number is asked for only now, and kept for the ledger: the same caller may be cut off and call again.
// That it was dialled is noted first, so that nobody dials twice.
func (a *actor) dialCaller(ctx context.Context, c call.Call, n int) {
	o := a.ctl.cfg.Outbound
	number, err := o.Callbacks.Number(ctx, c.Task, a.ctl.cfg.ID)
	endpoint := ""
	if err == nil {
		if endpoint, err = o.Dial(number); err != nil {
			err = errors.Join(ErrUncallable, err)
		}
	}
	if err == nil {
		err = o.Callbacks.Placed(ctx, c.Task, a.ctl.cfg.ID, c.Agent)
	}
	switch {
	case ctx.Err() != nil:
		return
	case errors.Is(err, ErrClaimLost):
		a.post(call.ClaimLost{At: now()})
		return
	case errors.Is(err, ErrUncallable):
		a.log.Warn("a callback's number may not be called")
		a.post(call.OutGone{At: now(), N: n, Cause: unallocated})
		return
	case err != nil:
		a.log.Warn("a callback could not be dialled", "error", err)
		a.post(call.OutGone{At: now(), N: n, Cause: failedToPlace})
		return
	}
	a.caller.Store(&number)
	vars := map[string]string{
		call.Variable:                  c.Encode(a.ctl.cfg.ID, a.lease()), // whoever comes after us finds the caller by it
		"CALLERID(num)":                number,
		"HOTLINE_LINE":                 c.Line,
		"HOTLINE_ARRIVED":              strconv.FormatInt(time.Now().Unix(), 10),
		"CHANNEL(musicclass)":          a.line.HoldClass,
		"CHANNEL(hangup_handler_push)": "ended,s,1",
	}
	switch own := a.line.Callback.CallerID; {
	case own != "":
		vars["CONNECTEDLINE(num,i)"] = own
	case queue.Tier(c.Tier) == queue.TierFollowUp: // months later others may look at that telephone: rather no number than the hotline's
		vars["CONNECTEDLINE(num-pres,i)"] = "prohib"
	}
	a.placeCall(ctx, n, endpoint, vars, o.RingCaller, &out{actor: a, n: n, callback: true, human: true})
}

// unallocated is the Q.850 cause of a number that cannot be called.
const unallocated = 1

// reachedKept is how long it is tried to note that a caller was reached: else the caller is called again.
const reachedKept = 15 * time.Minute

// report says to who keeps the promise what came of it.
func (a *actor) report(was, c call.Call) {
	if c.Task == "" {
		return
	}
	o := a.ctl.cfg.Outbound
	var say func(ctx context.Context) error
	within := time.Minute
	switch {
	case was.Talked.IsZero() && !c.Talked.IsZero():
		within = reachedKept
		say = func(ctx context.Context) error { return o.Callbacks.Reached(ctx, c.Task, a.ctl.cfg.ID, c.Agent) }
	case !c.State.Final() || was.State.Final() || !c.Talked.IsZero():
		return
	case c.Out.N == 0:
		say = func(ctx context.Context) error { return o.Callbacks.Release(ctx, c.Task, a.ctl.cfg.ID) }
	case c.Cause == unallocated:
		say = func(ctx context.Context) error { return o.Callbacks.GaveUp(ctx, c.Task, a.ctl.cfg.ID) }
	default:
		say = func(ctx context.Context) error {
			return o.Callbacks.Failed(ctx, c.Task, a.ctl.cfg.ID, c.Agent, c.Cause)
		}
	}
	a.books.do(a.ctx, func(ctx context.Context) {
		err := again(ctx, within, func(ctx context.Context) (bool, error) {
			err := say(ctx)
			return errors.Is(err, ErrClaimLost), err
		})
		a.settled.Store(err == nil || errors.Is(err, ErrClaimLost))
		if err != nil && ctx.Err() == nil {
			a.log.Error("what came of a callback was not noted", "error", err)
		}
	})
}
