package telephony

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// Contact is how Asterisk calls an entry of the phonebook ("PJSIP/…") for a call. ErrNotAllowed: it may not be called, or not for this call.
type Contact func(ctx context.Context, id call.ID, contact string) (endpoint string, err error)

// ErrNotAllowed says that a contact may not be called.
var ErrNotAllowed = errors.New("the contact may not be called")

// contactWait is how long the phonebook may take. The talk goes on meanwhile.
const contactWait = 3 * time.Second

// dialOutside calls a third party. It is shown a number that gives nobody away, or none.
func (a *actor) dialOutside(ctx context.Context, cmd call.DialOutside) {
	o := a.ctl.cfg.Outbound
	endpoint, err := "", ErrNotAllowed
	if o.Contact != nil {
		ask, cancel := context.WithTimeout(ctx, contactWait)
		endpoint, err = o.Contact(ask, a.id, cmd.Contact)
		cancel()
	}
	if err != nil {
		if ctx.Err() != nil {
			return
		}
		why := call.WhyUnreachable
		if errors.Is(err, ErrNotAllowed) {
			why = call.WhyNotAllowed
		}
		a.log.Warn("a third party was not called", "why", why, "error", err)
		a.post(call.OutsideFailed{At: now(), N: cmd.N, Why: why})
		return
	}
	vars := map[string]string{"CONNECTEDLINE(num-pres,i)": "prohib"}
	if own := a.line.Callback.CallerID; own != "" {
		vars = map[string]string{"CONNECTEDLINE(num,i)": own}
	}
	a.ctl.metrics.attempts.WithLabelValues("outside").Inc()
	a.placeCall(ctx, cmd.N, endpoint, vars, o.Ring, &out{actor: a, n: cmd.N, human: true, outside: true})
}

// bridge is the name of a place in Asterisk.
func (a *actor) bridge(p call.Place) string {
	switch {
	case p.Leg != "":
		return a.ctl.names.leg(p.Leg)
	case p.Out != "":
		return outBridge(call.ID(p.Out))
	}
	return a.ctl.names.hold(p.Line)
}

// joinOutside moves the third party to where it belongs, unless it is there: a channel that is added to its own bridge leaves it for a moment.
func (a *actor) joinOutside(n int) {
	p := a.call.OutsidePlace()
	if p == (call.Place{}) {
		return
	}
	channel := outChannel(a.id, n)
	if a.sits(channel, p) {
		return
	}
	err := a.asterisk("join_outside", func(ctx context.Context) error { return a.ctl.ari.AddChannel(ctx, a.bridge(p), channel) })
	if err == nil || a.ctx.Err() != nil {
		return
	}
	if _, gone := a.ctl.ari.ChannelGet(a.ctx, channel); ari.IsNotFound(gone) {
		return // its end is on the way
	}
	if ari.IsUnprocessable(err) {
		a.inquireOutside(n) // it has left our application
		return
	}
	var r *ari.Error
	if errors.As(err, &r) && r.Status == http.StatusNotFound && p.Leg != "" {
		a.ctl.do(func() { a.ctl.mediaGone(p.Leg) }) // the caller leaves that bridge in a moment, and the third party with them
		return
	}
	a.post(call.JoinOutFailed{At: now(), N: n})
}

// inquireOutside looks a moment later whether a third party who could not be moved is gone: who hangs up stays listed that long, and is not somebody who could not
// be reached.
func (a *actor) inquireOutside(n int) {
	a.ctl.beside(func() {
		if !pause(a.ctx, 200*time.Millisecond) {
			return
		}
		if _, err := a.ctl.ari.ChannelGet(a.ctx, outChannel(a.id, n)); err == nil {
			a.post(call.JoinOutFailed{At: now(), N: n})
		}
	})
}
