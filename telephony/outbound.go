package telephony

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// Outbound bounds the calls that we place: nothing is dialled but the partners of the lines and the numbers of callbacks that Dial lets through.
type Outbound struct {
	Site string // our name among the sites that pass callers on to each other

	// Dial is how Asterisk calls a caller's number ("PJSIP/…"). An error says that the number may not be called. nil: none may.
	Dial func(number string) (endpoint string, err error)
	// Callbacks are the callers who are to be called back; nil: none.
	Callbacks Callbacks

	Contact Contact // who of the phonebook can be brought into a talk; nil: nobody

	Ringing []string      // media that a counsellor hears while a caller's telephone rings; longer than RingCaller
	TakeKey string        // which a person at a partner's line presses to take the call; default "1"
	Ring    time.Duration // how long another place is tried; default 45 s
	Retry   time.Duration // pause before the same place is tried again; default 30 s

	RingCaller time.Duration // how long a caller's telephone rings; default 35 s
	Claim      time.Duration // how long a claim of a callback lasts without renewal; default 15 s
	Most       int           // callbacks in the hands of one controller at a time; default 20

	// Switchboards are numbers that name no caller: exchanges through which callers come. See identify.
	Switchboards []string
}

func (o Outbound) withDefaults() Outbound {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&o.Ring, 45*time.Second)
	def(&o.Retry, 30*time.Second)
	o.RingCaller = o.RingCallerOrDefault()
	def(&o.Claim, 15*time.Second)
	if o.TakeKey == "" {
		o.TakeKey = "1"
	}
	if o.Most == 0 {
		o.Most = 20
	}
	return o
}

// RingCallerOrDefault is RingCaller, or its default.
func (o Outbound) RingCallerOrDefault() time.Duration {
	if o.RingCaller == 0 {
		return 35 * time.Second
	}
	return o.RingCaller
}

// Partner is a place to which callers can be passed on.
type Partner struct {
	Endpoint string // how Asterisk calls it, "PJSIP/…"
	Site     bool   // a hotline like ours: it is told by which sites the caller came, and answers only when a counsellor there accepted
	// AnswerIsHuman says of a partner that is no site that whoever answers is a person. Otherwise whoever answers is asked to press TakeKey, and the
	// caller is not passed on before that.
	AnswerIsHuman bool
}

func (p Partner) human() bool { return p.Site || p.AnswerIsHuman }

// partner is the place of that name in the line's plan.
func (l Line) partner(name string) (Partner, bool) {
	for _, o := range l.Overflow {
		if o.To == name {
			return o.Partner, o.Partner.Endpoint != ""
		}
	}
	return Partner{}, false
}

// Names of what we place: the channel of an attempt, and the bridge in which its call and it talk.
func outChannel(id call.ID, n int) string { return "out-" + string(id) + "-" + strconv.Itoa(n) }
func outBridge(id call.ID) string         { return "out-" + string(id) }

const outPrefix = "out-"

// outOf reads the name of an attempt's channel.
func outOf(channel string) (id call.ID, n int, ok bool) {
	rest, ok := strings.CutPrefix(channel, outPrefix)
	name, number, found := strings.Cut(rest, "-")
	n, err := strconv.Atoi(number)
	return call.ID(name), n, ok && found && err == nil && name != ""
}

// placeOut carries out what concerns calls that we place. Requests that may have to wait have a lane of their own, in order: an attempt that is
// dropped was dialled before, or never will be.
func (a *actor) placeOut(cmd call.Command) {
	c := a.call
	switch cmd := cmd.(type) {
	case call.Dial:
		if c.Task != "" {
			a.outs.do(a.ctx, func(ctx context.Context) { a.dialCaller(ctx, c, cmd.N) })
		} else {
			a.outs.do(a.ctx, func(ctx context.Context) { a.dialPartner(ctx, c, cmd.N, cmd.To) })
		}
	case call.WatchOut:
		p, _ := a.partner(cmd.To)
		o := out{callback: c.Task != "", human: c.Task != "" || p.human()}
		a.outs.do(a.ctx, func(ctx context.Context) { a.watchOut(ctx, cmd.N, c.State == call.Overflowed, o) })
	case call.DropOut:
		a.outs.do(a.ctx, func(ctx context.Context) { a.dropOut(ctx, c, cmd) })
	case call.JoinOut:
		a.joinOut(cmd.N)
	case call.Unlist:
		a.tellIndex(cmd, c)
	case call.StartRinging:
		a.ring(cmd.Leg)
	case call.StopRinging:
		a.stopRinging(cmd.Leg)
	default:
		a.control(cmd)
	}
}

// dialPartner tries another place for a caller who waits.
func (a *actor) dialPartner(ctx context.Context, c call.Call, n int, to string) {
	p, ok := a.partner(to)
	if !ok {
		a.log.Error("the line's plan names a place that is not configured", "to", to)
		a.post(call.OutGone{At: now(), N: n})
		return
	}
	vars := map[string]string{}
	if p.Site {
		vars["PJSIP_HEADER(add,X-Hotline-Hops)"] = hops(c.Hops, a.ctl.cfg.Outbound.Site)
		vars["PJSIP_HEADER(add,X-Hotline-Tier)"] = string(c.Tier)
	}
	if number := a.number(); number != "" {
		vars["CONNECTEDLINE(num,i)"] = number // who the caller is goes with the call
	} else {
		vars["CONNECTEDLINE(num-pres,i)"] = "prohib"
	}
	a.ctl.metrics.attempts.WithLabelValues("overflow").Inc()
	a.placeCall(ctx, n, p.Endpoint, vars, a.ctl.cfg.Outbound.Ring, &out{actor: a, n: n, human: p.human(), site: p.Site})
}

// hops is the marker that our call carries.
func hops(came, site string) string {
	if came == "" {
		return site
	}
	return came + "," + site
}

// placeCall makes the channel, then rings it. Whatever fails is told as the end of the attempt, after the channel was taken down.
func (a *actor) placeCall(ctx context.Context, n int, endpoint string, vars map[string]string, ring time.Duration, o *out) {
	id := outChannel(a.id, n)
	a.ctl.do(func() { a.ctl.outs[id] = o })
	err := a.ctl.ari.Create(ctx, id, endpoint, vars)
	if err == nil {
		err = a.ctl.ari.Dial(ctx, id, ring)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	a.ctl.metrics.refused.WithLabelValues("dial").Inc()
	a.log.Warn("an attempt could not be placed", "error", err)
	_ = a.ctl.ari.Hangup(ctx, id, "normal") // what is left of it is found by the next look
	a.ctl.do(func() { delete(a.ctl.outs, id) })
	a.post(call.OutGone{At: now(), N: n, Cause: failedToPlace})
}

// failedToPlace is the Q.850 cause of an attempt that did not leave us: network out of order.
const failedToPlace = 38

// watchOut finds out what became of an attempt of an earlier life.
func (a *actor) watchOut(ctx context.Context, n int, taken bool, o out) {
	id := outChannel(a.id, n)
	o.actor, o.n, o.taken = a, n, taken
	var ch ari.Channel
	err := again(ctx, 0, func(ctx context.Context) (bool, error) {
		var err error
		ch, err = a.ctl.ari.ChannelGet(ctx, id)
		return refused(err), err
	})
	a.ctl.do(func() {
		if err != nil {
			a.post(call.OutGone{At: now(), N: n})
			return
		}
		if a.ctl.outs[id] == nil {
			a.ctl.outs[id] = &o
		}
		if ch.State == stateUp {
			a.ctl.outUp(id)
		}
	})
}

const stateUp = "Up"

// dropOut ends an attempt. It must not give up while Asterisk is there: somebody's telephone rings.
func (a *actor) dropOut(ctx context.Context, c call.Call, cmd call.DropOut) {
	id, reason := outChannel(a.id, cmd.N), "normal"
	if cmd.Served {
		reason = "answered_elsewhere"
	}
	err := again(ctx, time.Minute, func(ctx context.Context) (bool, error) {
		if cmd.Spare {
			if ch, err := a.ctl.ari.ChannelGet(ctx, id); err != nil || ch.State == stateUp {
				return refused(err), err
			}
		}
		err := a.ctl.ari.Hangup(ctx, id, reason)
		return refused(err), err
	})
	if err != nil && ctx.Err() == nil {
		a.log.Warn("an attempt may ring on", "error", err)
	}
	if !c.Passed.IsZero() || cmd.N == c.Third.N {
		a.destroyOut(ctx)
	}
}

// destroyOut takes the bridge of a talk elsewhere down. Its caller has left it, or is gone.
func (a *actor) destroyOut(ctx context.Context) {
	if err := a.ctl.ari.DestroyBridge(ctx, outBridge(a.id)); err != nil && ctx.Err() == nil {
		a.log.Warn("the bridge of a talk elsewhere stays until the next look", "error", err)
	}
}

// joinOut brings the caller together with who answered elsewhere. The caller comes last, and so hears the hold audio until then.
func (a *actor) joinOut(n int) {
	bridge := outBridge(a.id)
	if p, _ := a.partner(a.call.Out.To); !p.human() && n == a.call.Out.N {
		_ = a.ctl.ari.StopPlayback(a.ctx, asking(a.id, n)) // a channel that plays does not move before the end
	}
	err := a.asterisk("join_out", func(ctx context.Context) error {
		return errors.Join(
			a.ctl.ari.CreateBridge(ctx, bridge, "mixing", a.call.Line),
			a.ctl.ari.AddChannel(ctx, bridge, outChannel(a.id, n)),
		)
	})
	if err == nil {
		err = a.asterisk("join_out", func(ctx context.Context) error { return a.ctl.ari.AddChannel(ctx, bridge, a.channel) })
	}
	if err != nil {
		a.post(call.JoinOutFailed{At: now(), N: n})
	}
}

// ring lets the counsellor of a leg hear that it rings. What is played ends by itself, also when nobody lives to stop it.
func (a *actor) ring(leg string) {
	media := a.ctl.cfg.Outbound.Ringing
	if len(media) == 0 {
		return
	}
	a.media.do(a.ctx, func(ctx context.Context) {
		if err := a.ctl.ari.PlayBridge(ctx, a.ctl.names.leg(leg), a.ringing(leg), media...); err != nil && ctx.Err() == nil {
			a.log.Warn("the counsellor does not hear it ring", "error", err)
		}
	})
}

func (a *actor) stopRinging(leg string) {
	if len(a.ctl.cfg.Outbound.Ringing) == 0 {
		return
	}
	a.media.do(a.ctx, func(ctx context.Context) {
		if err := a.ctl.ari.StopPlayback(ctx, a.ringing(leg)); err != nil && ctx.Err() == nil {
			a.log.Warn("ringing goes on until its end", "error", err)
		}
	})
}

func (a *actor) ringing(leg string) string { return fmt.Sprintf("ring-%s-%s", a.id, leg) }
