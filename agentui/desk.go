package agentui

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

const (
	deskInbox    = 64
	deskRetry    = 500 * time.Millisecond // after a request that the queue did not answer
	leaveRetry   = 2 * time.Second        // after a sign-out that does not fit
	snapshotWait = 2 * time.Second        // for the board to show a sign-in; then the snapshot goes as things are
)

// desk is one person's session. It outlives websockets, so that a refresh or a closed lid ends nothing. Its goroutine alone acts for the
// person at the queue and at the gateways; everything else reaches it through its inbox or through the board.
type desk struct {
	s     *Server
	user  users.User
	log   *slog.Logger
	inbox chan any
	done  chan struct{}
	watch *board.Watcher

	// What follows belongs to run.

	tab    *tab      // the websocket, nil while the browser is away
	awayAt time.Time // since when it is away

	session  string // our name at the queue; each browser's coming takes a new one, which fences the earlier
	member   bool   // this person answers calls: must be in the index
	signed   bool   // the queue took the session
	seen     bool   // the board shows the session
	stumbled bool   // a sign-in failed: the queue may have lost the row
	refused  bool   // what we last wanted of the queue by ourselves was not done

	leg        deskLeg
	making     string // the leg that a gateway is making
	mediaLost  bool   // the last leg ended by itself
	wantsReady bool
	muted      bool
	help       *helpWanted  // a call for help that the queue has yet to take
	risk       riskWatch    // what a call at risk asks of this person
	sealed     queue.CallID // whose form was sealed last for the browser to keep, until it has it

	acted    string    // the row on which we acted last, so that one state is acted on once
	retryAt  time.Time // when to act again on what failed
	due      time.Time // when run must look again, zero: when something happens
	snapshot time.Time // a snapshot is owed, at the latest then; zero: none
	lostLegs []protocol.LegLost
	lastSelf string    // JSON of the self that the browser has
	entered  entered   // to which lines the person is let in
	board    changed   // rows of the board that the browser has yet to get
	shown    time.Time // when it last got some
	covered  bool      // the browser was told to hide everything
	over     bool
}

// deskLeg is the headset of a desk.
type deskLeg struct {
	id      string
	gateway Gateway
}

// What reaches a desk beside news of the board.
type (
	arrival struct {
		tab   *tab
		hello protocol.Hello
		taken chan bool // whether the desk has the tab now; buffered
	}
	probed struct {
		arrival
		old   *tab
		alive bool
	}
	departure struct{ tab *tab }
	request   struct {
		tab *tab
		req protocol.Request
	}
	legMade struct {
		tab    *tab
		id     int64
		leg    string
		via    Gateway
		answer string
		err    error
	}
	leaving struct { // the sign-in with that key ends
		key    string
		answer chan protocol.Code
	}
	drained struct{}
	covered struct{} // the page was locked, or unlocked
)

// openDesk returns the person's desk, a new one when there is none. orphan is the row that an earlier life of this console left. Nil: the
// server drains.
func (s *Server) openDesk(u users.User, orphan *queue.Agent) *desk {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.desks[u.ID]; d != nil {
		return d
	}
	if s.draining {
		return nil
	}
	s.directory.learn(u)
	d := &desk{
		s: s, user: u, log: s.log.With("agent", u.ID), inbox: make(chan any, deskInbox), done: make(chan struct{}),
		watch: s.board.Watch(u.ID, u.Role.SeesBoard()), awayAt: time.Now(), member: u.Role == users.Agent,
	}
	if orphan != nil {
		d.session, d.member, d.signed = orphan.Session, true, true
		if a, ok := s.board.Agent(u.ID); ok && a.Leg != nil {
			d.leg = deskLeg{id: a.Leg.ID, gateway: s.gateways.clients[a.Leg.Gateway]}
		}
	}
	s.desks[u.ID] = d
	s.metrics.desks.Inc()
	s.running.Add(1)
	go d.run(s.life)
	return d
}

func (s *Server) findDesk(id queue.AgentID) *desk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.desks[id]
}

func (s *Server) closeDesk(d *desk) {
	d.watch.Close()
	s.mu.Lock()
	delete(s.desks, d.user.ID)
	s.mu.Unlock()
	s.metrics.desks.Dec()
	close(d.done)
	s.running.Done()
}

// post hands something to the desk. False: the desk is over, or ctx ended before there was room.
func (d *desk) post(ctx context.Context, m any) bool {
	select {
	case d.inbox <- m:
		return true
	case <-d.done:
		return false
	case <-ctx.Done():
		return false
	}
}

func (d *desk) run(ctx context.Context) {
	defer d.s.closeDesk(d)
	wake := time.NewTimer(0)
	defer wake.Stop()
	for !d.over {
		select {
		case m := <-d.inbox:
			d.take(ctx, m)
		case <-d.watch.Wake():
			d.news(d.watch.Take())
		case <-wake.C:
		case <-ctx.Done():
			return
		}
		d.due = time.Time{}
		d.reconcile(ctx, time.Now())
		d.show(time.Now())
		wake.Stop()
		if !d.due.IsZero() {
			wake.Reset(max(0, time.Until(d.due)))
		}
	}
	d.refuseRest()
}

// refuseRest answers those who wrote while the desk was ending. An arrival is not answered: its tab sees the end and opens a new desk.
func (d *desk) refuseRest() {
	for {
		select {
		case m := <-d.inbox:
			if m, ok := m.(leaving); ok {
				m.answer <- ""
			}
		default:
			return
		}
	}
}

func (d *desk) take(ctx context.Context, m any) {
	switch m := m.(type) {
	case arrival:
		d.arrive(ctx, m)
	case probed:
		d.probed(m)
	case departure:
		if m.tab == d.tab {
			d.depart()
		}
	case request:
		if m.tab != d.tab {
			m.tab.out.send(protocol.NewError(m.req.Header().ID, protocol.Displaced, nil))
			return
		}
		if d.isCovered() && !whileCovered(m.req.Header().Type) {
			d.refuse(m.req.Header().ID, protocol.IsLocked)
			return
		}
		d.s.commands[m.req.Header().Type].run(ctx, d, m.req)
	case legMade:
		d.legMade(m)
	case leaving:
		m.answer <- d.leave(ctx, m)
	case drained:
		d.drain(ctx)
	}
}

// arrive takes a browser's websocket. It is refused when another tab is here and alive, unless it takes over or is plainly the same page: one
// that names the leg of this desk.
func (d *desk) arrive(ctx context.Context, a arrival) {
	same := a.hello.Leg != "" && a.hello.Leg == d.leg.id
	if d.tab == nil || a.hello.Takeover || same {
		d.seat(a)
		return
	}
	old := d.tab
	d.aside(func(wait context.Context) {
		d.post(ctx, probed{arrival: a, old: old, alive: old.probe(wait)})
	})
}

func (d *desk) probed(p probed) {
	if d.tab != nil && (d.tab != p.old || p.alive) {
		p.tab.out.send(protocol.NewError(p.hello.ID, protocol.SecondSession, nil))
		p.taken <- false
		return
	}
	d.seat(p.arrival)
}

// seat gives the desk to a browser.
func (d *desk) seat(a arrival) {
	if d.tab != nil {
		d.tab.displaced()
	}
	d.tab, d.awayAt, d.lastSelf, d.board, d.covered = a.tab, time.Time{}, "", changed{}, false
	d.session, d.signed, d.seen, d.acted, d.retryAt = newID(), false, false, "", time.Time{}
	d.user = a.tab.user
	d.resumeLeg(a.hello.Leg)
	a.tab.out.send(protocol.NewAck(a.hello.ID, nil))
	d.snapshot = time.Now().Add(snapshotWait)
	a.taken <- true
}

func (d *desk) depart() {
	d.tab, d.awayAt, d.snapshot, d.acted = nil, time.Now(), time.Time{}, ""
	if d.leg.id != "" {
		d.errand(func(ctx context.Context, g Gateway, leg string) error { return g.Suspect(ctx, leg) })
	}
}

// leave ends the person's sign-in, except within a call.
func (d *desk) leave(ctx context.Context, m leaving) protocol.Code {
	if d.tab != nil && d.tab.key != m.key {
		return "" // the person is here by another sign-in, which goes on
	}
	if row, ok := d.s.board.Agent(d.user.ID); ok && row.State == queue.AgentTalking {
		return protocol.InCall
	}
	if code := d.signOut(ctx); code != "" {
		return code
	}
	if d.tab != nil {
		d.tab.out.send(protocol.Notice{Type: protocol.TypeSignedOut})
		d.tab.out.close(protocol.CloseSignedOut)
	}
	d.over = true
	return ""
}

// drain ends the desk and leaves its row to the next console, or, when the browser was away already, ends the row too.
func (d *desk) drain(ctx context.Context) {
	if d.tab == nil && d.signed {
		d.signOut(ctx)
	}
	d.over = true
}

// signOut removes the person from the index and closes the headset. Only a call, or the form of one at risk, stops it: a queue that is away must keep nobody
// at work, and the row ends by another console's or a later life's care.
func (d *desk) signOut(ctx context.Context) protocol.Code {
	if d.signed {
		_, err := ask(ctx, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, d.s.deps.Queue.SignOut(ctx, queue.RequestID(newID()), d.user.ID, d.session)
		})
		if code := codeOf(err); code == protocol.InCall || code == protocol.DispositionMissing {
			return code
		}
		if err != nil {
			d.log.Warn("sign-out did not reach the queue", "error", err)
		}
	}
	d.member, d.signed, d.wantsReady = false, false, false
	d.dropLeg()
	return ""
}

// encoded compares what a browser has with what it should have.
func encoded(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "" // our own plain types always encode
	}
	return string(b)
}
