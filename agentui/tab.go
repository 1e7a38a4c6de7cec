package agentui

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
)

const (
	pingEvery     = 5 * time.Second
	silenceLimit  = 12 * time.Second
	helloLimit    = 10 * time.Second
	writeLimit    = 10 * time.Second
	refusedLimit  = 10 // refused messages within refusedWindow end the websocket
	refusedWindow = time.Minute
	overrunLimit  = time.Second // for the close frame to reach a reader that fell behind
	probeLimit    = time.Second // for a tab to prove that it is alive
	skipLimit     = 1 << 20     // bytes of an oversized frame that are read past
	messageRate   = 20          // messages a second; a person with a mouse sends a few
	messageBurst  = 60
	afterCall     = time.Second // how soon after a call a person is put out whose sign-in ended within it
)

// tab is one websocket: the handler's goroutine reads it, one more writes it, one more watches over the sign-in behind it.
type tab struct {
	s    *Server
	ws   *websocket.Conn
	user users.User
	key  string // of the sign-in, see visitor

	remote string // address of the browser
	out    *outbox
	pace   *rate.Limiter
	desk   *desk // once hello was taken; the reader's own

	heard  chan struct{} // receives when the browser was heard
	look   chan struct{} // receives when the sign-in may be another than it was
	locked atomic.Bool   // the sign-in is locked: while the person does not talk, the browser gets no rows

	mu      sync.Mutex
	refused []time.Time
}

// serveSocket is GET /ws.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request, v *visitor) {
	if !s.ownOrigin(r) {
		s.clerk.Fail(w, http.StatusForbidden, protocol.CrossOrigin, nil)
		return
	}
	if !s.begin() {
		s.clerk.Fail(w, http.StatusServiceUnavailable, protocol.Unavailable, nil)
		return
	}
	defer s.running.Done()
	up := websocket.Upgrader{
		HandshakeTimeout: 5 * time.Second, ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10,
		CheckOrigin: func(*http.Request) bool { return true }, // ownOrigin has looked
	}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // answered by Upgrade
	}
	t := &tab{s: s, ws: ws, user: v.User, key: v.Key, remote: s.cfg.TrustedProxies.Remote(r).String(), pace: rate.NewLimiter(messageRate, messageBurst), heard: make(chan struct{}, 1), look: make(chan struct{}, 1)}
	t.locked.Store(v.next == protocol.NextUnlock)
	t.out = newOutbox(s.cfg.OutboxFrames, s.cfg.OutboxRows, func() {
		s.metrics.closed.WithLabelValues(closeName(protocol.CloseTooSlow)).Inc()
		time.AfterFunc(overrunLimit, t.drop) // its writer may be stuck in a write
	})
	if !s.addTab(t) {
		t.out.close(protocol.CloseTooSlow)
	}
	t.serve(s.life, v)
	s.removeTab(t)
}

func (s *Server) addTab(t *tab) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tabs[t] = struct{}{}
	s.metrics.tabs.Inc()
	t.out.tellTrouble(concerning(t.user.Role, s.troubles.all()))
	t.out.tellDuties(s.dutiesOf(t.user))
	t.out.tellEmergency(s.emergencyFor(t.user.Locale))
	t.out.tellSettings(s.settings.get().N)
	t.out.tellBroadcasts(s.unread(s.broadcasts, t.user.ID))
	if s.draining {
		t.out.close(protocol.CloseDraining)
	}
	n := 0
	for other := range s.tabs {
		if other.user.ID == t.user.ID {
			n++
		}
	}
	return n <= s.cfg.TabsPerUser
}

func (s *Server) removeTab(t *tab) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tabs, t)
	s.metrics.tabs.Dec()
}

func (t *tab) serve(life context.Context, v *visitor) {
	ctx, cancel := context.WithCancel(life)
	var sides sync.WaitGroup
	sides.Go(func() {
		t.write(ctx)
		t.drop() // ends the reader
	})
	sides.Go(func() { t.guard(ctx, v) })
	t.read(ctx)
	if t.desk != nil {
		t.desk.post(life, departure{t})
	}
	cancel()
	t.drop()
	sides.Wait()
}

// drop ends the connection without ceremony.
func (t *tab) drop() { _ = t.ws.Close() }

func (t *tab) read(ctx context.Context) {
	t.ws.SetReadLimit(protocol.MaxFrame + skipLimit) // beyond it the library closes with 1009
	alive := func() {
		_ = t.ws.SetReadDeadline(time.Now().Add(silenceLimit))
		select {
		case t.heard <- struct{}{}:
		default: // nobody asked
		}
	}
	_ = t.ws.SetReadDeadline(time.Now().Add(helloLimit))
	t.ws.SetPongHandler(func(string) error {
		if t.desk != nil {
			alive()
		}
		return nil
	})
	for {
		kind, frame, err := t.next()
		if err != nil {
			return
		}
		if t.desk != nil {
			alive()
		}
		t.s.metrics.frames.WithLabelValues("in").Inc()
		switch {
		case !t.pace.Allow():
			t.refuse(0, protocol.TooMany, nil)
		case len(frame) > protocol.MaxFrame:
			t.refuse(0, protocol.TooLarge, protocol.Params{"limit": protocol.MaxFrame})
		case kind != websocket.TextMessage:
			t.refuse(0, protocol.Malformed, nil)
		default:
			t.take(ctx, frame)
			if t.desk != nil {
				alive()
			}
		}
	}
}

// next reads one frame, but keeps no more of it than is needed to see that it is too large.
func (t *tab) next() (kind int, frame []byte, err error) {
	kind, r, err := t.ws.NextReader()
	if err != nil {
		return 0, nil, err
	}
	frame, err = io.ReadAll(io.LimitReader(r, protocol.MaxFrame+1))
	if err != nil {
		return 0, nil, err
	}
	if len(frame) > protocol.MaxFrame {
		_, err = io.Copy(io.Discard, r)
	}
	return kind, frame, err
}

// take decodes a frame, asks whether this person may say it, and hands it to the desk.
func (t *tab) take(ctx context.Context, frame []byte) {
	req, head, err := protocol.Decode(frame)
	switch {
	case errors.Is(err, protocol.ErrUnknownType):
		t.refuse(head.ID, protocol.UnknownType, nil)
		return
	case err != nil:
		t.refuse(head.ID, protocol.Malformed, nil)
		return
	case !t.s.commands[head.Type].allows(t.user.Role):
		t.refuse(head.ID, protocol.Forbidden, nil)
		return
	}
	hello, first := req.(protocol.Hello)
	switch {
	case first && t.desk == nil:
		t.arrive(ctx, hello)
	case first:
		t.refuse(head.ID, protocol.Malformed, nil)
	case t.desk == nil:
		t.refuse(head.ID, protocol.HelloFirst, nil)
	case !t.desk.post(ctx, request{t, req}):
		t.out.send(protocol.NewError(head.ID, protocol.Displaced, nil))
	}
}

// arrive finds the person's desk and sits down at it.
func (t *tab) arrive(ctx context.Context, hello protocol.Hello) {
	if hello.Leg != "" {
		t.s.gateways.settle(ctx) // after a start of ours we know a leg only when its gateway has spoken
	}
	for ctx.Err() == nil {
		d := t.s.openDesk(t.user, nil)
		if d == nil {
			t.out.close(protocol.CloseDraining)
			return
		}
		a := arrival{tab: t, hello: hello, taken: make(chan bool, 1)}
		if !d.post(ctx, a) {
			continue // that desk has just ended
		}
		select {
		case taken := <-a.taken:
			if taken {
				t.desk = d
			}
			return
		case <-d.done:
			select {
			case taken := <-a.taken: // answered in its last moment
				if taken {
					t.desk = d
				}
				return
			default:
			}
		case <-ctx.Done():
		}
	}
}

// refuse answers what no honest page sends, and counts it.
func (t *tab) refuse(id int64, code protocol.Code, params protocol.Params) {
	t.s.metrics.refused.WithLabelValues(string(code)).Inc()
	t.out.send(protocol.NewError(id, code, params))
	now := time.Now()
	t.mu.Lock()
	t.refused = slices.DeleteFunc(t.refused, func(at time.Time) bool { return now.Sub(at) > refusedWindow })
	t.refused = append(t.refused, now)
	n := len(t.refused)
	t.mu.Unlock()
	if n >= refusedLimit {
		t.out.close(protocol.ClosePolicy)
	}
}

// probe asks the browser for a sign of life. False: none came; the websocket is half open, as after a change of network.
func (t *tab) probe(ctx context.Context) bool {
	select {
	case <-t.heard: // an old sign
	default:
	}
	if t.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(probeLimit)) != nil {
		return false
	}
	wait := time.NewTimer(probeLimit)
	defer wait.Stop()
	select {
	case <-t.heard:
		return true
	case <-wait.C:
	case <-ctx.Done():
	}
	return false
}

// displaced tells the browser that the person is elsewhere now.
func (t *tab) displaced() {
	t.out.send(protocol.Notice{Type: protocol.TypeDisplaced})
	t.out.close(protocol.CloseDisplaced)
}

func (t *tab) write(ctx context.Context) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		if !t.flush() {
			return
		}
		select {
		case <-t.out.wake:
		case <-ping.C:
			if t.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeLimit)) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// flush writes what waits. False: the websocket is over.
func (t *tab) flush() bool {
	frames, code, err := t.out.take(time.Now())
	if err != nil {
		t.s.log.Error("a message could not be encoded", "agent", t.user.ID, "error", err)
		return false
	}
	for _, f := range frames {
		_ = t.ws.SetWriteDeadline(time.Now().Add(writeLimit))
		if t.ws.WriteMessage(websocket.TextMessage, f) != nil {
			return false
		}
		t.s.metrics.frames.WithLabelValues("out").Inc()
	}
	if code == 0 {
		return true
	}
	if code != protocol.CloseTooSlow { // counted when it happened
		t.s.metrics.closed.WithLabelValues(closeName(code)).Inc()
	}
	_ = t.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(writeLimit))
	return false
}

func closeName(code int) string {
	switch code {
	case protocol.CloseDisplaced:
		return "displaced"
	case protocol.CloseSignedOut:
		return "signed_out"
	case protocol.CloseDraining:
		return "draining"
	case protocol.CloseTooSlow:
		return "too_slow"
	}
	return "policy"
}

// guard ends the desk when the sign-in ends, covers the page when it locks, and counts an open websocket as use of it. A call is never cut: it asks
// again until it is over.
func (t *tab) guard(ctx context.Context, v *visitor) {
	tick := time.NewTicker(t.s.cfg.SessionLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-t.look:
		}
		on, err := t.s.renewVisitor(ctx, v)
		if err != nil {
			continue // a database that is away signs nobody out
		}
		if on && !unfinished(v.next) && v.User.Role == t.user.Role {
			t.cover(ctx, v.next == protocol.NextUnlock)
			continue
		}
		if code := t.s.endVisit(ctx, t.user.ID, t.key); code == protocol.InCall || code == protocol.DispositionMissing {
			tick.Reset(min(afterCall, t.s.cfg.SessionLook))
			continue
		}
		t.out.close(protocol.CloseSignedOut)
	}
}

// cover hides the site's rows from the browser, or shows them again.
func (t *tab) cover(ctx context.Context, on bool) {
	if t.locked.Swap(on) == on {
		return
	}
	if d := t.s.findDesk(t.user.ID); d != nil {
		d.post(ctx, covered{})
	}
}
