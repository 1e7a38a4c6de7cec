package telephony

import (
	"context"
	"time"

	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// The tag of a caller's channel is written between prompts only. Asterisk would let the request wait for the end of the prompt, and with it one of
// the few connections on which everybody else's requests are made: callers who listen to prompts would hold up those who are to be joined.

// save writes the tag: the first one at once, because nothing may be heard on a channel that nobody could adopt; later ones beside the call.
func (a *actor) save(c call.Call) {
	if a.channel == "" {
		return // a callback's comes with the channel
	}
	a.tag = c.Encode(a.ctl.cfg.ID, a.lease())
	if c.State != call.Greeting || a.prompts > 0 {
		a.writeTag(false)
		return
	}
	value := a.tag
	a.tag = ""
	_ = a.asterisk("save", func(ctx context.Context) error { return a.ctl.ari.SetVar(ctx, a.channel, call.Variable, value) })
}

// writeTag writes the tag that waits, if one does and no prompt plays. force: although the end of the prompt may have been missed.
func (a *actor) writeTag(force bool) {
	if a.tag == "" || a.playing != "" && !force {
		return
	}
	value := a.tag
	a.tag = ""
	a.tags.do(a.ctx, func(ctx context.Context) {
		err := again(ctx, 20*time.Second, func(ctx context.Context) (bool, error) {
			err := a.ctl.ari.SetVar(ctx, a.channel, call.Variable, value)
			return refused(err), err
		})
		if err != nil && ctx.Err() == nil {
			a.ctl.metrics.refused.WithLabelValues("save").Inc()
			a.log.Warn("tag was not written", "error", err)
			if ari.IsNotFound(err) {
				a.inquire(false)
			}
		}
	})
}

// tagWait bounds how long a prompt, which is over hold audio, waits for the tag before it.
const tagWait = 300 * time.Millisecond

// awaitTag gives the tag that is being written a moment, before a prompt begins.
func (a *actor) awaitTag() {
	written := make(chan struct{})
	a.tags.do(a.ctx, func(context.Context) { close(written) })
	t := time.NewTimer(tagWait)
	defer t.Stop()
	select {
	case <-written:
	case <-t.C:
	case <-a.ctx.Done():
	}
}
