package telephony

import (
	"context"
	"log/slog"
	"sync"
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
	ctl     *Controller
	ctx     context.Context
	cancel  context.CancelFunc
	log     *slog.Logger
	channel string
	dialled string
	caller  string // private: goes to the ledger only
	epoch   int64
	history atomic.Int64

	mail chan call.Event

	call       call.Call
	playing    string // id of the prompt that plays
	prompts    int
	back       *time.Timer
	recordings map[string]string // leg -> recording

	index, media, books, tags lane
	opened                    chan struct{} // closed when the ledger has the call
	once                      sync.Once
}

func newActor(ctl *Controller, channel string, c call.Call, dialled, caller string, epoch int64) *actor {
	ctx, cancel := context.WithCancel(ctl.ctx)
	return &actor{
		ctl: ctl, ctx: ctx, cancel: cancel, log: ctl.log.With("call_id", c.ID), channel: channel, dialled: dialled, caller: caller, epoch: epoch,
		mail: make(chan call.Event, mailboxSize), call: c, recordings: map[string]string{}, opened: make(chan struct{}),
	}
}

// post hands the actor an event. A full mailbox is a loud fault: the controller resyncs, nothing is quietly dropped.
func (a *actor) post(e call.Event) {
	select {
	case a.mail <- e:
	default:
		a.ctl.metrics.overflows.Inc()
		a.log.Error("call mailbox is full; resync follows")
		a.ctl.do(a.ctl.resyncSoon)
	}
}

// run is the life of the call.
func (a *actor) run() {
	defer a.ctl.do(func() { a.ctl.remove(a) })
	defer a.cancel()
	for {
		select {
		case <-a.ctx.Done():
			return
		case e := <-a.mail:
			if !a.ctl.fence.pass(a.ctx, a.call.ID) {
				a.log.Warn("call belongs to another controller now; standing back")
				return
			}
			a.step(e)
			if a.call.State.Final() {
				a.finish()
				return
			}
		}
	}
}

func (a *actor) step(e call.Event) {
	if done, ok := e.(call.PromptDone); ok {
		if done.ID != "" && done.ID != a.playing {
			return // a prompt that was stopped or replaced
		}
		a.playing = ""
	}
	was := a.call.State
	next, cmds := call.Next(a.call, e)
	a.call = next
	if next.State != was {
		a.log.Info("call", "from", was, "to", next.State, "tier", next.Tier, "event", eventName(e))
		a.ctl.metrics.transitions.WithLabelValues(string(next.State)).Inc()
	}
	a.ctl.journal(next.ID, e)
	for _, cmd := range cmds {
		a.carryOut(cmd)
	}
}

// finish waits for the lanes, so that a call is not forgotten before the index and the ledger have its end.
func (a *actor) finish() {
	done := make(chan struct{}, 3)
	for _, l := range []*lane{&a.index, &a.media, &a.books} {
		l.do(a.ctx, func(context.Context) { done <- struct{}{} })
	}
	for range 3 {
		select {
		case <-done:
		case <-a.ctl.ctx.Done():
			return
		}
	}
	a.ctl.fence.drop(a.call.ID)
	ctx, cancel := context.WithTimeout(a.ctl.ctx, time.Second)
	defer cancel()
	if err := a.ctl.queue.Release(ctx, queue.Lease{Call: queue.CallID(a.call.ID), Owner: a.ctl.cfg.ID, Epoch: a.epoch}); err != nil {
		a.log.Warn("lease was not given back; it will expire", "error", err)
	}
}

func newID() string { return ulid.Make().String() }
