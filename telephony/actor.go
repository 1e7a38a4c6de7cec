package telephony

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/queue"
	"hotline/telephony/call"
)

// mailboxSize bounds what may wait for a call's goroutine. A call sees a few events a second; hundreds waiting mean that it is stuck.
const mailboxSize = 512

// actor owns one call. Others send it events; it alone changes the call and speaks to its channel.
type actor struct {
	id      call.ID
	ctl     *Controller
	ctx     context.Context
	cancel  context.CancelFunc
	living  context.Context // ends when the call does: then only its end is of interest to the index
	die     context.CancelFunc
	log     *slog.Logger
	channel string
	dialled string
	caller  atomic.Pointer[string] // the number. Private: goes to the ledger, and with the caller to another site
	origin  string                 // name of the channel that came, which says from whom; "": not known
	task    string                 // the callback that the call fulfils; "": none
	epoch   int64
	line    Line // as it was when the call came to us

	mail   chan call.Event
	missed atomic.Bool // the mailbox was full

	leg    atomic.Pointer[string] // of the agent: call.Leg, for the loop
	atRisk atomic.Bool            // call.AtRisk, for the lanes

	settled atomic.Bool // what came of the callback is noted: there is no claim any more

	call       call.Call
	tag        string // what the channel's tag is to be, when it waits for the end of a prompt
	playing    string // id of the prompt that plays
	prompts    int
	back, seek *time.Timer       // for an agent to return
	place      *time.Timer       // for the index to answer
	choice     *time.Timer       // for a key of the menu
	news       *time.Timer       // to the next announcement
	shown      *time.Timer       // for which a failure of a third party is shown
	recordings map[string]string // leg -> recording
	tape       tape
	overflow   overflow
	assist     assistance

	index, media, books, tags, outs lane
}

func newActor(ctl *Controller, channel string, c call.Call, dialled, caller string, epoch int64) *actor {
	ctx, cancel := context.WithCancel(ctl.fence.acting(ctl.ctx, c.ID))
	living, die := context.WithCancel(ctx)
	own := func() lane { return lane{beside: ctl.beside} }
	a := &actor{
		line: ctl.line(c.Line), id: c.ID, ctl: ctl, ctx: ctx, living: living, die: die, index: own(), media: own(), books: own(), tags: own(), outs: own(), cancel: cancel, log: ctl.log.With("call_id", c.ID), channel: channel, dialled: dialled, task: c.Task, epoch: epoch,
		mail: make(chan call.Event, mailboxSize), call: c, assist: assistance{lane: own(), roll: own()}, recordings: map[string]string{},
	}
	a.caller.Store(&caller)
	a.leg.Store(&c.Leg)
	return a
}

// post hands the actor an event. A full mailbox is a loud fault: what was lost is told anew as soon as the actor listens again, not before: telling
// it to a full mailbox would go on for ever.
func (a *actor) post(e call.Event) {
	select {
	case a.mail <- e:
	default:
		a.ctl.metrics.overflows.Inc()
		if !a.missed.Swap(true) {
			a.log.Error("call mailbox is full; all is told anew when it is not")
		}
	}
}

// run is the life of the call.
func (a *actor) run() {
	over := false
	defer func() { a.ctl.do(func() { a.ctl.remove(a, over) }) }()
	defer a.cancel()
	defer a.stopTimers()
	defer stop(&a.overflow.timer)
	for {
		select {
		case <-a.ctx.Done():
			return
		case e := <-a.mail:
			if !a.ctl.fence.pass(a.ctx, a.id) {
				if a.ctx.Err() == nil {
					a.log.Warn("call belongs to another controller now; standing back")
				}
				return
			}
			a.step(e)
			if over = a.call.State.Final(); over {
				a.finish()
				return
			}
			if a.missed.Swap(false) {
				a.tape.told = said{} // what the gateway confirmed may be among what was missed
				a.ctl.do(func() { a.ctl.tellAnew(a) })
			}
		}
	}
}

func (a *actor) step(e call.Event) {
	if d, ok := e.(call.Digit); ok {
		e = a.line.meaning(d)
	}
	if a.holdsBack(e) {
		return
	}
	switch e := e.(type) {
	case call.PromptDone:
		if e.ID != "" { // else it never began, and another may play meanwhile
			if e.ID != a.playing {
				return // a prompt that was stopped or replaced
			}
			a.playing = ""
		}
	case call.Queued:
		stop(&a.place)
	}
	before, was := a.call, a.call.State
	next, cmds := call.Next(a.call, e)
	a.call = next
	a.atRisk.Store(next.AtRisk())
	a.leg.Store(&next.Leg)
	if before.Task != "" && before.Unanswered && !next.Unanswered {
		a.channel = outChannel(a.id, next.Out.N) // the caller's, from now on
	}
	if next.State != was {
		a.log.Info("call", "from", was, "to", next.State, "tier", next.Tier, "event", eventName(e))
		a.ctl.metrics.transitions.WithLabelValues(string(next.State)).Inc()
	}
	a.ctl.journal(next.ID, e)
	if next.State.Final() {
		a.stopTimers()
		a.die()
	}
	a.tape.wanted.Store(&next)
	for _, cmd := range cmds {
		a.carryOut(cmd)
	}
	a.markTape(e)
	a.report(before, next)
	if untold(before, next, e) {
		a.tellParties(next)
	}
	a.planOverflow(e)
	found, _ := e.(call.Found)
	a.writeTag(found.Gap)
}

// finish waits for the lanes, so that a call is not forgotten before the index and the ledger have its end.
func (a *actor) finish() {
	lanes := []*lane{&a.index, &a.media, &a.books, &a.outs, &a.assist.lane}
	done := make(chan struct{}, len(lanes))
	for _, l := range lanes {
		l.do(a.ctx, func(context.Context) { done <- struct{}{} })
	}
	for range lanes {
		select {
		case <-done:
		case <-a.ctl.ctx.Done():
			return
		}
	}
	epoch := a.lease()
	a.ctl.fence.drop(a.id)
	ctx, cancel := context.WithTimeout(a.ctl.ctx, time.Second)
	defer cancel()
	if err := a.ctl.queue.Release(ctx, queue.Lease{Call: queue.CallID(a.id), Owner: a.ctl.cfg.ID, Epoch: epoch}); err != nil {
		a.log.Warn("lease was not given back; it will expire", "error", err)
	}
}

// lease is the epoch of the call's lease.
func (a *actor) lease() int64 { return max(a.epoch, a.ctl.fence.epoch(a.id)) }

func (a *actor) stopTimers() {
	for _, t := range []**time.Timer{&a.back, &a.seek, &a.place, &a.choice, &a.news, &a.shown, &a.assist.due, &a.tape.due} {
		stop(t)
	}
}

// stop ends a timer, if it runs.
func stop(t **time.Timer) {
	if *t != nil {
		(*t).Stop()
		*t = nil
	}
}

func newID() string { return ulid.Make().String() }
