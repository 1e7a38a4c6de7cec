package robots

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	pion "github.com/pion/webrtc/v4"

	"hotline/agentui/protocol"
)

// robot is one counsellor. Its state belongs to mu: the websocket's reader changes it, and Ready.
type robot struct {
	fleet       *Fleet
	index       int
	link        *link
	certificate []pion.Certificate
	cookie      *http.Cookie
	http        http.Client

	mu      sync.Mutex
	wanted  bool // to be available
	state   string
	offer   string // taken last
	call    string // of that offer
	acted   string // the state on which it acted last
	leave   *time.Timer
	headset *headset
	closing bool

	pendingMu sync.Mutex
	requests  int64
	pending   map[int64]chan reply

	ended chan struct{} // closed when the reader has
}

// reply is the console's answer to one request.
type reply struct {
	result json.RawMessage
	code   protocol.Code
}

// requestTime bounds an answer of the console; making a headset takes the longest.
const requestTime = 20 * time.Second

func (r *robot) open(ctx context.Context, a Account) error {
	cookie, err := SignIn(ctx, r.fleet.cfg.Console, r.index, a)
	if err != nil {
		return fmt.Errorf("robots: robot %d: %w", r.index, err)
	}
	if r.link, err = dial(ctx, r.fleet.cfg.Console, r.index, cookie); err != nil {
		return fmt.Errorf("robots: robot %d: %w", r.index, err)
	}
	r.cookie = cookie
	r.http = http.Client{Timeout: requestTime, Transport: &http.Transport{DialContext: Home(r.index).DialContext}}
	r.ended = make(chan struct{})
	go r.read()
	if _, err := r.ask(ctx, func(h protocol.Head) any {
		return protocol.Hello{Head: h, Takeover: true}
	}, protocol.TypeHello); err != nil {
		return err
	}
	return r.putOn(ctx)
}

// putOn makes a headset.
func (r *robot) putOn(ctx context.Context) error {
	h, offer, err := newHeadset(ctx, r.certificate, r.fleet.cfg.Hears, func(mark uint64, at time.Time) {
		r.fleet.cfg.Watch(Event{Robot: r.index, Kind: Joined, At: at, Mark: mark})
	})
	if err != nil {
		return fmt.Errorf("robots: robot %d: headset: %w", r.index, err)
	}
	raw, err := r.ask(ctx, func(head protocol.Head) any { return protocol.Leg{Head: head, Offer: offer} }, protocol.TypeLeg)
	if err != nil {
		h.close()
		return err
	}
	var made protocol.LegResult
	if err := json.Unmarshal(raw, &made); err != nil {
		h.close()
		return fmt.Errorf("robots: robot %d: leg: %w", r.index, err)
	}
	if err := h.connect(made.Answer); err != nil {
		h.close()
		return fmt.Errorf("robots: robot %d: leg: %w", r.index, err)
	}
	r.mu.Lock()
	old := r.headset
	r.headset = h
	closing := r.closing
	r.mu.Unlock()
	if old != nil {
		old.close()
	}
	if closing {
		h.close()
		return nil
	}
	r.fleet.voices.set(r.index, h.track, r.fleet.cfg.Voice(r.index))
	return nil
}

// ask sends a request and waits for its answer.
func (r *robot) ask(ctx context.Context, message func(protocol.Head) any, kind protocol.Type) (json.RawMessage, error) {
	answer := make(chan reply, 1)
	id := r.number(answer)
	if err := r.link.send(message(protocol.Head{Type: kind, ID: id})); err != nil {
		return nil, fmt.Errorf("robots: robot %d: %s: %w", r.index, kind, err)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	select {
	case a := <-answer:
		if a.code != "" {
			return nil, fmt.Errorf("robots: robot %d: %s: refused: %s", r.index, kind, a.code)
		}
		return a.result, nil
	case <-r.ended:
		return nil, fmt.Errorf("robots: robot %d: %s: the websocket closed", r.index, kind)
	case <-ctx.Done():
		return nil, fmt.Errorf("robots: robot %d: %s: %w", r.index, kind, ctx.Err())
	}
}

// tell sends a request whose answer comes as a change of the own row.
func (r *robot) tell(message func(protocol.Head) any, kind protocol.Type) {
	if err := r.link.send(message(protocol.Head{Type: kind, ID: r.number(nil)})); err != nil {
		r.fleet.cfg.Log.Warn("a robot could not speak", "robot", r.index, "type", kind, "error", err)
	}
}

func (r *robot) number(answer chan reply) int64 {
	r.pendingMu.Lock()
	defer r.pendingMu.Unlock()
	r.requests++
	if answer != nil {
		r.pending[r.requests] = answer
	}
	return r.requests
}

func (r *robot) answered(id int64, a reply) {
	r.pendingMu.Lock()
	defer r.pendingMu.Unlock()
	if answer := r.pending[id]; answer != nil {
		delete(r.pending, id)
		answer <- a
	} else if a.code != "" && a.code != protocol.OfferGone {
		r.fleet.cfg.Log.Warn("a robot was refused", "robot", r.index, "code", a.code)
	}
}

// message is whatever the console sends.
type message struct {
	Type   protocol.Type   `json:"type"`
	ID     int64           `json:"id"`
	Result json.RawMessage `json:"result"`
	Code   protocol.Code   `json:"code"`
	Self   *protocol.Self  `json:"self"`
	Leg    string          `json:"leg"`
	Reason string          `json:"reason"`
}

func (r *robot) read() {
	defer close(r.ended)
	for {
		m, at, err := r.link.next()
		if err != nil {
			r.mu.Lock()
			closing := r.closing
			r.mu.Unlock()
			if !closing {
				r.fleet.failed(r, err)
			}
			return
		}
		switch m.Type {
		case protocol.TypeAck:
			r.answered(m.ID, reply{result: m.Result})
		case protocol.TypeError:
			r.answered(m.ID, reply{code: m.Code})
		case protocol.TypeLegLost:
			r.fleet.cfg.Log.Warn("a robot lost its headset", "robot", r.index, "reason", m.Reason)
			go r.renew()
		}
		if m.Self != nil {
			r.see(*m.Self, at)
		}
	}
}

// renew makes a new headset, as a page does.
func (r *robot) renew() {
	if err := r.putOn(context.Background()); err != nil {
		r.fleet.failed(r, err)
	}
}

// see acts on the own row, once for each state of it.
func (r *robot) see(self protocol.Self, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := r.state != self.State
	r.state = self.State
	if changed {
		defer r.fleet.news()
	}
	if self.Offer != nil && self.Offer.Offer != r.offer {
		r.take(*self.Offer, at)
		return
	}
	key := fmt.Sprintf("%s %d", self.State, self.Since)
	if r.acted == key {
		return
	}
	switch self.State {
	case "talking":
		r.acted = key
		if after, call := r.fleet.cfg.HangUp, self.Call; after > 0 && call != nil {
			r.leave = time.AfterFunc(after, func() {
				r.tell(func(h protocol.Head) any { return protocol.Hangup{Head: h, Call: call.Call} }, protocol.TypeHangup)
			})
		}
	case "wrap_up":
		r.acted = key
		r.over(at)
	case "not_ready":
		if r.wanted && !self.WantsReady {
			r.acted = key
			r.beFree(protocol.TypeReady)
		}
	case "available":
		if !r.wanted {
			r.acted = key
			r.rest()
		}
	}
}

func (r *robot) take(o protocol.Offer, at time.Time) {
	r.offer, r.call = o.Offer, o.Call
	if r.headset != nil {
		r.headset.listen()
	}
	r.fleet.voices.talk(r.index, true)
	r.fleet.cfg.Watch(Event{Robot: r.index, Kind: Offered, At: at, Call: o.Call})
	r.tell(func(h protocol.Head) any { return protocol.Accept{Head: h, Offer: o.Offer} }, protocol.TypeAccept)
}

// over: the caller left, or was sent away.
func (r *robot) over(at time.Time) {
	if r.leave != nil {
		r.leave.Stop()
		r.leave = nil
	}
	r.fleet.voices.talk(r.index, false)
	r.fleet.cfg.Watch(Event{Robot: r.index, Kind: Over, At: at, Call: r.call})
	if r.wanted {
		go r.wrapUp(r.call)
	} else {
		r.rest()
	}
}

// wrapUp says what every wrap-up asks, and is done with it.
func (r *robot) wrapUp(call string) {
	if err := denies(context.Background(), &r.http, r.fleet.cfg.Console, r.cookie, call); err != nil {
		r.fleet.cfg.Log.Warn("a robot could not say what its wrap-up asks", "robot", r.index, "error", err)
	}
	r.beFree(protocol.TypeWrapUpDone)
}

// beFree says that the next caller may come.
func (r *robot) beFree(kind protocol.Type) {
	r.fleet.cfg.Watch(Event{Robot: r.index, Kind: Free, At: time.Now()})
	r.tell(func(h protocol.Head) any {
		if kind == protocol.TypeReady {
			return protocol.Ready{Head: h}
		}
		return protocol.WrapUpDone{Head: h}
	}, kind)
}

func (r *robot) rest() {
	r.tell(func(h protocol.Head) any { return protocol.NotReady{Head: h, Reason: "break"} }, protocol.TypeNotReady)
}

// want says whether the robot is to be available.
func (r *robot) want(available bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wanted == available {
		return
	}
	r.wanted = available
	r.fleet.voices.duty(r.index, available)
	switch {
	case available && r.state == "not_ready":
		r.beFree(protocol.TypeReady)
	case !available && r.state == "available":
		r.rest()
	}
}

// settled tells whether the robot is as it is wanted.
func (r *robot) settled() (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wanted {
		return r.state, r.state == "available"
	}
	return r.state, r.state == "not_ready"
}

func (r *robot) close() {
	r.mu.Lock()
	r.closing = true
	h, leave := r.headset, r.leave
	r.mu.Unlock()
	if leave != nil {
		leave.Stop()
	}
	if r.link != nil {
		r.link.close()
		<-r.ended
	}
	r.http.CloseIdleConnections()
	if h != nil {
		h.close()
	}
}
