package phone

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Call is one conversation. It ends by Hangup, by the other side, or with the context of Dial or Answer.
type Call struct {
	e     *endpoint
	media *media
	onACK func(*sip.Request, sip.ServerTransaction)
	leave func(context.Context) error // says goodbye
	free  func()                      // gives back what the call holds; called once, after the end

	mu    sync.Mutex
	ended bool
	byUs  bool
	cause string
	done  chan struct{}
}

func newCall(e *endpoint, m *media, leave func(context.Context) error) *Call {
	return &Call{e: e, media: m, leave: leave, done: make(chan struct{})}
}

// Dial calls number and returns when it was answered. While it rings, early media (183) is heard already. A refused call is a
// *Rejected. The end of ctx cancels the call before the answer, and hangs up after it.
func Dial(ctx context.Context, cfg Config, number string) (*Call, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	e, err := newEndpoint(cfg, net.JoinHostPort(cfg.LocalIP, cfg.LocalPort), nil)
	if err != nil {
		return nil, err
	}
	c, err := e.dial(ctx, number)
	if err != nil {
		e.close()
		return nil, err
	}
	c.hangupWith(ctx)
	return c, nil
}

func (e *endpoint) dial(ctx context.Context, number string) (*Call, error) {
	to := sip.Uri{}
	if err := sip.ParseUri("sip:"+e.cfg.Server, &to); err != nil {
		return nil, errors.New("phone: server is not host:port")
	}
	to.User = number
	if e.cfg.Transport == "tcp" {
		to.UriParams = sip.NewParams()
		to.UriParams.Add("transport", "tcp")
	}
	m, err := newMedia(e.cfg)
	if err != nil {
		return nil, err
	}
	from := &sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: e.cfg.From, Host: e.cfg.LocalIP}, Params: sip.NewParams()}
	from.Params.Add("tag", sip.GenerateTagN(16))
	kind := sip.ContentTypeHeader("application/sdp")
	headers := []sip.Header{from, &kind}
	for _, name := range slices.Sorted(maps.Keys(e.cfg.Headers)) {
		headers = append(headers, sip.NewHeader(name, e.cfg.Headers[name]))
	}
	session, err := e.dialog.Invite(ctx, to, m.describe(), headers...)
	if err != nil {
		m.stop()
		return nil, fmt.Errorf("phone: invite: %w", err)
	}
	id := session.InviteRequest.CallID().Value()
	c := newCall(e, m, session.Bye)
	c.free = func() {
		e.remove(id)
		_ = session.Close()
		m.stop()
		e.close()
	}
	e.add(id, c)
	if err := c.answered(ctx, session); err != nil {
		e.remove(id)
		_ = session.Close()
		m.stop()
		return nil, err
	}
	return c, nil
}

// answered waits for the final response, sends the ACK and starts the media.
func (c *Call) answered(ctx context.Context, session *sipgo.DialogClientSession) error {
	var rings atomic.Bool
	waiting, giveUp := context.WithCancelCause(context.WithoutCancel(ctx))
	defer giveUp(nil)
	defer context.AfterFunc(ctx, func() {
		if rings.Load() {
			giveUp(context.Cause(ctx)) // a CANCEL
			return
		}
		giveUp(sipgo.WaitAnswerForceCancelErr) // without a sign of life sipgo would wait 32 s for one, to CANCEL after it
	})()
	err := session.WaitAnswer(waiting, sipgo.AnswerOptions{OnResponse: func(res *sip.Response) error {
		rings.Store(true)
		if res.IsProvisional() && len(res.Body()) > 0 {
			return c.media.agree(res.Body())
		}
		return nil
	}})
	var refused *sipgo.ErrDialogResponse
	switch {
	case errors.As(err, &refused):
		return &Rejected{Status: refused.Res.StatusCode, Reason: refused.Res.Reason}
	case err != nil:
		return fmt.Errorf("phone: wait for answer: %w", errors.Join(ctx.Err(), err))
	}
	if err := session.Ack(ctx); err != nil {
		return fmt.Errorf("phone: ack: %w", err)
	}
	if err := c.media.agree(session.InviteResponse.Body()); err != nil {
		ctx, cancel := withDeadline(context.WithoutCancel(ctx))
		defer cancel()
		_ = session.Bye(ctx)
		return err
	}
	return nil
}

// hangupWith hangs up when ctx ends.
func (c *Call) hangupWith(ctx context.Context) {
	go func() {
		select {
		case <-ctx.Done():
			_ = c.Hangup(context.WithoutCancel(ctx))
		case <-c.done:
		}
	}()
}

// renew answers a re-INVITE: the other side may move its media.
func (c *Call) renew(req *sip.Request, tx sip.ServerTransaction) {
	if len(req.Body()) > 0 {
		if err := c.media.agree(req.Body()); err != nil {
			respond(tx, req, 488, "Not Acceptable Here")
			return
		}
	}
	res := sip.NewResponseFromRequest(req, 200, "OK", c.media.describe())
	kind := sip.ContentTypeHeader("application/sdp")
	res.AppendHeader(&kind)
	res.AppendHeader(sip.HeaderClone(&c.e.dialog.ContactHDR))
	_ = tx.Respond(res)
}

// Play replaces what is played. The returned channel closes when src has ended or was replaced; afterwards silence is sent.
func (c *Call) Play(src Source) <-chan struct{} { return c.media.play(src) }

// Heard is what was heard so far, oldest first, as far back as Config.Keep.
func (c *Call) Heard() []Packet { return c.media.heard() }

// OnPacket sets what is called with each packet heard, from the receiving goroutine: it must not wait. nil stops it.
func (c *Call) OnPacket(f func(Packet)) { c.media.onPacket(f) }

// SendDTMF presses keys (0-9 * # A-D), 100 ms each with 100 ms between, as telephone events. It returns at once; an error
// means that a key is not one, or that the other side does not take telephone events.
func (c *Call) SendDTMF(digits string) error { return c.media.press(digits) }

// Keys are those that the other side has pressed so far.
func (c *Call) Keys() string { return c.media.keys() }

// Hangup ends the call; one that has ended is a success.
func (c *Call) Hangup(ctx context.Context) error {
	if !c.claimEnd(true, "hangup") {
		<-c.done
		return nil
	}
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	err := c.leave(ctx)
	c.finish()
	if err != nil {
		return fmt.Errorf("phone: bye: %w", err)
	}
	return nil
}

// Vanish ends the call as a power cut does: nothing is sent any more, and nobody is told.
func (c *Call) Vanish() { c.end(true, "vanished") }

// Done closes when the call has ended.
func (c *Call) Done() <-chan struct{} { return c.done }

// Ended tells, after Done, who ended the call and why: "hangup", "bye", or the other side's Reason header.
func (c *Call) Ended() (byUs bool, cause string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byUs, c.cause
}

// end is for the other side's goodbye; giving things back waits for the transaction that brought it, so it is done aside.
func (c *Call) end(byUs bool, cause string) {
	if c.claimEnd(byUs, cause) {
		go c.finish()
	}
}

func (c *Call) claimEnd(byUs bool, cause string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false
	}
	c.ended, c.byUs, c.cause = true, byUs, cause
	return true
}

func (c *Call) finish() {
	c.free()
	close(c.done)
}
