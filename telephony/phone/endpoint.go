package phone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// endpoint is the SIP side of one telephone: a listening socket, and the calls that go through it.
type endpoint struct {
	cfg    Config
	ua     *sipgo.UserAgent
	server *sipgo.Server
	dialog sipgo.DialogUA
	listen io.Closer
	addr   string
	served chan struct{}

	fresh func(*sip.Request, sip.ServerTransaction) // takes a new call; nil: busy

	mu    sync.Mutex
	calls map[string]*Call // by Call-ID
}

// hush quiets sipgo's own default logger, which some of its parts use whatever they are given: it writes addresses and whole
// messages, numbers included.
var hush = sync.OnceFunc(func() { sip.SetDefaultLogger(slog.New(slog.DiscardHandler)) })

// newEndpoint listens on addr ("ip:0" for any port); fresh takes new calls, nil refuses them.
func newEndpoint(cfg Config, addr string, fresh func(*sip.Request, sip.ServerTransaction)) (*endpoint, error) {
	hush()
	quiet := slog.New(slog.DiscardHandler)
	ua, err := sipgo.NewUA(sipgo.WithUserAgent("hotline-phone"), sipgo.WithUserAgentHostname(cfg.LocalIP),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet)))
	if err != nil {
		return nil, fmt.Errorf("phone: %w", err)
	}
	server, err := sipgo.NewServer(ua, sipgo.WithServerLogger(quiet))
	if err != nil {
		return nil, fmt.Errorf("phone: %w", err)
	}
	e := &endpoint{cfg: cfg, ua: ua, server: server, served: make(chan struct{}), fresh: fresh, calls: map[string]*Call{}}
	server.OnBye(e.bye)
	server.OnAck(e.ack)
	server.OnOptions(e.fine)
	server.OnUpdate(e.fine)
	server.OnInfo(e.fine)
	server.OnInvite(e.invite)
	if err := e.open(addr, quiet); err != nil {
		_ = ua.Close()
		return nil, err
	}
	return e, nil
}

func (e *endpoint) open(addr string, quiet *slog.Logger) error {
	options := []sipgo.ClientOption{sipgo.WithClientHostname(e.cfg.LocalIP), sipgo.WithClientLogger(quiet)}
	var serve func() error
	if e.cfg.Transport == "udp" {
		conn, err := net.ListenPacket("udp", addr)
		if err != nil {
			return fmt.Errorf("phone: listen: %w", err)
		}
		e.listen, e.addr = conn, conn.LocalAddr().String()
		serve = func() error { return e.server.ServeUDP(conn) }
		options = append(options, sipgo.WithClientConnectionAddr(e.addr)) // requests leave by the socket that answers come to
	} else {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return fmt.Errorf("phone: listen: %w", err)
		}
		e.listen, e.addr = l, l.Addr().String()
		serve = func() error { return e.server.ServeTCP(l) }
	}
	go func() {
		defer close(e.served)
		_ = serve() // ends with the socket
	}()
	client, err := sipgo.NewClient(e.ua, options...)
	if err != nil {
		e.close()
		return fmt.Errorf("phone: %w", err)
	}
	host, port, err := net.SplitHostPort(e.addr)
	if err != nil {
		e.close()
		return fmt.Errorf("phone: %w", err)
	}
	number, _ := strconv.Atoi(port)
	contact := sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: e.cfg.From, Host: host, Port: number}}
	if e.cfg.Transport == "tcp" {
		contact.Address.UriParams = sip.NewParams()
		contact.Address.UriParams.Add("transport", "tcp")
	}
	e.dialog = sipgo.DialogUA{Client: client, ContactHDR: contact}
	return e.ready()
}

// ready waits until sipgo knows the UDP socket: a request before that would try to bind its port a second time.
func (e *endpoint) ready() error {
	if e.cfg.Transport != "udp" {
		return nil
	}
	deadline := time.After(2 * time.Second)
	look := time.NewTicker(time.Millisecond) // sipgo tells nobody
	defer look.Stop()
	for {
		if c, err := e.ua.TransportLayer().GetConnection("udp", e.addr); err == nil && c != nil {
			return nil
		}
		select {
		case <-look.C:
		case <-deadline:
			e.close()
			return errors.New("phone: socket was not served within 2 s")
		}
	}
}

func (e *endpoint) close() {
	_ = e.listen.Close()
	<-e.served
	_ = e.ua.Close()
}

func (e *endpoint) add(id string, c *Call) {
	e.mu.Lock()
	e.calls[id] = c
	e.mu.Unlock()
}

func (e *endpoint) remove(id string) {
	e.mu.Lock()
	delete(e.calls, id)
	e.mu.Unlock()
}

func (e *endpoint) all() []*Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Values(e.calls))
}

func (e *endpoint) call(req *sip.Request) *Call {
	id := req.CallID()
	if id == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls[id.Value()]
}

func respond(tx sip.ServerTransaction, req *sip.Request, status int, reason string) {
	_ = tx.Respond(sip.NewResponseFromRequest(req, status, reason, nil))
}

func (e *endpoint) fine(req *sip.Request, tx sip.ServerTransaction) { respond(tx, req, 200, "OK") }

func (e *endpoint) bye(req *sip.Request, tx sip.ServerTransaction) {
	c := e.call(req)
	if c == nil {
		respond(tx, req, 481, "Call/Transaction Does Not Exist")
		return
	}
	respond(tx, req, 200, "OK")
	cause := "bye"
	if h := req.GetHeader("Reason"); h != nil { // RFC 3326
		cause = h.Value()
	}
	c.end(false, cause)
}

func (e *endpoint) ack(req *sip.Request, tx sip.ServerTransaction) {
	if c := e.call(req); c != nil && c.onACK != nil {
		c.onACK(req, tx)
	}
}

// invite within a call renews its session; outside it is a new call, which a telephone that only dials refuses.
func (e *endpoint) invite(req *sip.Request, tx sip.ServerTransaction) {
	c := e.call(req)
	switch {
	case c != nil:
		c.renew(req, tx)
	case e.fresh != nil:
		e.fresh(req, tx)
	default:
		respond(tx, req, 486, "Busy Here")
	}
}

// withDeadline keeps a farewell from hanging on a server that is gone.
func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 5*time.Second)
}
