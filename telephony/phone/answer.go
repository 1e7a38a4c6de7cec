package phone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Phone is a telephone that can be called.
type Phone struct {
	e      *endpoint
	ctx    context.Context // owner of every call; ends with the one of Answer or Close
	cancel context.CancelFunc
	once   sync.Once
	wg     sync.WaitGroup // of what runs for incoming calls
}

// Incoming is a call that rings. Its handler decides: Accept or Reject; a handler that returns without either rejects with 480.
type Incoming struct {
	Number string // the number that was dialled
	From   string // the caller's number: private, never log it

	phone    *Phone
	session  *sipgo.DialogServerSession
	offer    []byte
	decided  bool
	canceled <-chan struct{}
}

// Answer listens on addr ("127.0.0.1:0" for any port) and calls handler, in a goroutine of its own, for each call that comes. It returns
// at once; the telephone lives until ctx ends or Close.
func Answer(ctx context.Context, cfg Config, addr string, handler func(*Incoming)) (*Phone, error) {
	if cfg.LocalIP == "" {
		if host, _, err := net.SplitHostPort(addr); err == nil {
			cfg.LocalIP = host
		}
	}
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &Phone{ctx: ctx, cancel: cancel}
	ready := make(chan struct{})
	e, err := newEndpoint(cfg, addr, func(req *sip.Request, tx sip.ServerTransaction) {
		<-ready
		p.ring(req, tx, handler)
	})
	if err != nil {
		cancel()
		return nil, err
	}
	p.e = e
	close(ready)
	p.wg.Go(func() {
		<-ctx.Done()
		p.shut()
	})
	return p, nil
}

// Addr is where the telephone listens, host:port.
func (p *Phone) Addr() string { return p.e.addr }

// Close hangs up every call and stops listening.
func (p *Phone) Close() {
	p.cancel()
	p.wg.Wait()
}

func (p *Phone) shut() {
	p.once.Do(func() {
		for _, c := range p.e.all() {
			_ = c.Hangup(context.WithoutCancel(p.ctx))
		}
		p.e.close()
	})
}

// ring runs within the transaction's handler, which must last until the call was decided.
func (p *Phone) ring(req *sip.Request, tx sip.ServerTransaction, handler func(*Incoming)) {
	session, err := p.e.dialog.ReadInvite(req, tx)
	if err != nil {
		respond(tx, req, 400, "Bad Request")
		return
	}
	defer func() { _ = session.Close() }()
	in := &Incoming{phone: p, session: session, offer: req.Body(), canceled: session.Context().Done(), Number: req.Recipient.User}
	if from := req.From(); from != nil {
		in.From = from.Address.User
	}
	if err := session.Respond(180, "Ringing", nil); err != nil {
		return
	}
	handler(in)
	if !in.decided {
		_ = in.Reject(480, "Temporarily Unavailable")
	}
}

// Header is the value of a header of the call, the first one of that name; empty when there is none.
func (in *Incoming) Header(name string) string {
	if h := in.session.InviteRequest.GetHeader(name); h != nil {
		return h.Value()
	}
	return ""
}

// Progress tells the caller that the call goes on (183), which is no answer.
func (in *Incoming) Progress() error {
	if in.decided {
		return errors.New("phone: call is already decided")
	}
	if err := in.session.Respond(183, "Session Progress", nil); err != nil {
		return fmt.Errorf("phone: progress: %w", err)
	}
	return nil
}

// Canceled closes when the caller gave up before an answer, and at the end of the call.
func (in *Incoming) Canceled() <-chan struct{} { return in.canceled }

// Reject refuses the call with a SIP status of 300 or above.
func (in *Incoming) Reject(status int, reason string) error {
	if in.decided {
		return errors.New("phone: call is already decided")
	}
	in.decided = true
	if err := in.session.Respond(status, reason, nil); err != nil {
		return fmt.Errorf("phone: reject: %w", err)
	}
	return nil
}

// Accept answers the call and returns when the caller has confirmed it.
func (in *Incoming) Accept() (*Call, error) {
	if in.decided {
		return nil, errors.New("phone: call is already decided")
	}
	m, err := newMedia(in.phone.e.cfg)
	if err != nil {
		return nil, err
	}
	if err := m.agree(in.offer); err != nil {
		m.stop()
		return nil, errors.Join(err, in.Reject(488, "Not Acceptable Here"))
	}
	in.decided = true
	e, session := in.phone.e, in.session
	id := session.InviteRequest.CallID().Value()
	c := newCall(e, m, session.Bye)
	c.onACK = func(req *sip.Request, tx sip.ServerTransaction) { _ = session.ReadAck(req, tx) }
	c.free = func() {
		e.remove(id)
		m.stop()
	}
	e.add(id, c)
	if err := session.RespondSDP(m.describe()); err != nil {
		c.end(false, "not confirmed")
		return nil, fmt.Errorf("phone: accept: %w", err)
	}
	return c, nil
}
