// Package simulation runs a shift of a hotline on the rules of package model: who waits, who is answered in time, who gives up. Discrete events, a clock of its own,
// and chance only in what it is given: the same input gives the same result, so two plans can be compared with the same callers.
package simulation

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline/queue"
	"hotline/queue/model"
)

// Caller is one caller to come. All times are from the beginning of the run.
type Caller struct {
	At       time.Duration
	Line     queue.LineID
	Tier     queue.Tier // "" = normal
	Needs    queue.Skills
	Relax    []queue.Relaxation
	Patience time.Duration // gives up after waiting so long; 0 = never
	Talk     time.Duration
}

// Seat is one agent at work from a time to a time. A talk that goes on at the end is finished.
type Seat struct {
	From, To time.Duration
	Skills   queue.Skills
	Group    int
}

// Plan is what is simulated.
type Plan struct {
	Config  queue.Config
	Callers []Caller
	Seats   []Seat
	Span    time.Duration // of the run; who waits at its end is neither answered nor lost
	Answer  time.Duration // between the offer and the answer
	Target  time.Duration // an answer within it is in time
}

// start is the time of the beginning in the model: any, but a whole hour.
const start = 1_800_000_000_000

const (
	evArrive = iota
	evGiveUp
	evAnswer
	evEnd
	evSweep
	evComes
	evGoes
	evBack
)

// event is something that will happen to a caller or to a seat.
type event struct {
	at    int64 // ms from the start
	seq   int   // order among events at the same time
	kind  int
	who   int   // index of the caller or the seat
	fence int64 // of an answer
}

type calendar []event

func (c calendar) Len() int { return len(c) }
func (c calendar) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(c[i].at, c[j].at), cmp.Compare(c[i].seq, c[j].seq)) < 0
}
func (c calendar) Swap(i, j int) { c[i], c[j] = c[j], c[i] }

// Push implements heap.Interface.
func (c *calendar) Push(x any) { *c = append(*c, x.(event)) }

// Pop implements heap.Interface.
func (c *calendar) Pop() any {
	old := *c
	last := old[len(old)-1]
	*c = old[:len(old)-1]
	return last
}

// run is a simulation under way.
type run struct {
	plan    Plan
	q       *model.Queue
	events  calendar
	seq     int
	now     int64
	callers []progress
	leaving []bool // seats whose time is over
	busy    []int64
	result  *Result
}

// progress is what became of a caller.
type progress struct {
	low, high time.Duration
	told      bool
}

// Run simulates a plan.
func Run(p Plan) (*Result, error) {
	if p.Span <= 0 || p.Answer < 0 || p.Target < 0 {
		return nil, errors.New("simulation: a span and times that are not negative are needed")
	}
	q, err := model.New(p.Config)
	if err != nil {
		return nil, err
	}
	p.Config = p.Config.WithDefaults()
	r := &run{plan: p, q: q, callers: make([]progress, len(p.Callers)), leaving: make([]bool, len(p.Seats)), busy: make([]int64, len(p.Seats))}
	r.result = newResult(p)
	for i, s := range p.Seats {
		if s.From < p.Span && s.To > s.From {
			r.at(s.From.Milliseconds(), event{kind: evComes, who: i})
			r.at(s.To.Milliseconds(), event{kind: evGoes, who: i})
		}
	}
	for i, c := range p.Callers {
		if c.At < p.Span {
			r.at(c.At.Milliseconds(), event{kind: evArrive, who: i})
		}
	}
	for len(r.events) > 0 {
		e := heap.Pop(&r.events).(event)
		if e.at > p.Span.Milliseconds() {
			break
		}
		r.now = e.at
		if err := r.happen(e); err != nil {
			return nil, fmt.Errorf("simulation: after %s: %w", time.Duration(r.now)*time.Millisecond, err)
		}
	}
	r.close()
	return r.result, nil
}

func (r *run) at(ms int64, e event) {
	r.seq++
	e.at, e.seq = ms, r.seq
	heap.Push(&r.events, e)
}

func callID(i int) queue.CallID   { return queue.CallID(fmt.Sprintf("c%07d", i)) }
func agentID(i int) queue.AgentID { return queue.AgentID(fmt.Sprintf("a%05d", i)) }

func (r *run) time() time.Time { return time.UnixMilli(start + r.now).UTC() }

// do makes a change and notes the offers that came of it: they will be answered.
func (r *run) do(op model.Op) error {
	err := r.q.Do(r.time(), op)
	for _, o := range r.q.Made {
		r.at(r.now+r.plan.Answer.Milliseconds(), event{kind: evAnswer, fence: o.Fence})
	}
	return err
}

func (r *run) happen(e event) error {
	switch e.kind {
	case evArrive:
		return r.arrive(e.who)
	case evGiveUp:
		if c := r.q.Calls[callID(e.who)]; c != nil && (c.State == queue.CallWaiting || c.State == queue.CallOffered) {
			r.result.gaveUp(r.plan.Callers[e.who])
			return r.do(model.Op{Verb: model.End, Call: queue.Call{ID: c.ID}, Why: string(queue.EndAbandoned)})
		}
	case evAnswer:
		return r.answer(e.fence)
	case evEnd:
		return r.end(e.who)
	case evSweep:
		return r.do(model.Op{Verb: model.Sweep})
	case evComes:
		s := r.plan.Seats[e.who]
		desk := queue.Agent{ID: agentID(e.who), Session: "s", Skills: s.Skills, Group: s.Group}
		if err := r.do(model.Op{Verb: model.SignIn, Agent: desk}); err != nil {
			return err
		}
		return r.do(model.Op{Verb: model.Ready, Agent: desk})
	case evGoes:
		r.leaving[e.who] = true
		return r.goHome(e.who)
	case evBack:
		err := r.do(model.Op{Verb: model.Ready, Agent: queue.Agent{ID: agentID(e.who), Session: "s"}})
		if errors.Is(err, queue.ErrNoAgent) {
			return nil // went home
		}
		return err
	}
	return nil
}

func (r *run) arrive(i int) error {
	c := r.plan.Callers[i]
	r.result.arrived(c)
	err := r.do(model.Op{Verb: model.Arrive, Call: queue.Call{
		ID: callID(i), Line: c.Line, Tier: c.Tier, Needs: c.Needs, Relax: c.Relax, Arrived: r.time(), Groups: queue.EveryGroup,
	}})
	if err == nil {
		err = r.do(model.Op{Verb: model.Enqueue, Call: queue.Call{ID: callID(i)}})
	}
	if err != nil {
		return err
	}
	if c.Patience > 0 {
		r.at(r.now+c.Patience.Milliseconds(), event{kind: evGiveUp, who: i})
	}
	for _, s := range c.Relax {
		r.at(r.now+s.After.Milliseconds(), event{kind: evSweep})
	}
	if o, err := r.q.Outlook(callID(i)); err == nil && o.Position > 0 {
		r.callers[i] = progress{low: o.Low, high: o.High, told: o.Known}
		r.result.announced(o.Known)
	}
	return nil
}

func index(id string) (i int) {
	for _, d := range id[1:] {
		i = i*10 + int(d-'0')
	}
	return i
}

func (r *run) answer(fence int64) error {
	o := r.q.Offers[fence]
	if o == nil {
		return nil // the caller gave up while it rang
	}
	i, seat := index(string(o.Call)), index(string(o.Agent))
	if err := r.do(model.Op{Verb: model.Accept, Fence: fence, Agent: queue.Agent{ID: o.Agent, Session: "s"}}); err != nil {
		return err
	}
	c := r.plan.Callers[i]
	waited := time.Duration(r.now)*time.Millisecond - c.At
	r.result.answered(c, waited)
	if p := r.callers[i]; p.told {
		r.result.held(waited >= p.low && waited <= p.high)
	}
	r.busy[seat] = r.now
	r.at(r.now+max(1, c.Talk.Milliseconds()), event{kind: evEnd, who: i})
	return nil
}

func (r *run) end(i int) error {
	seat := index(string(r.q.Calls[callID(i)].Agent))
	// The time of a form is in the wrap-up's.
	if err := r.do(model.Op{Verb: model.Filed, Call: queue.Call{ID: callID(i)}}); err != nil {
		return err
	}
	if err := r.do(model.Op{Verb: model.End, Call: queue.Call{ID: callID(i)}, Why: string(queue.EndAnswered)}); err != nil {
		return err
	}
	a := r.q.Agents[agentID(seat)]
	ends := a.Ends - start
	r.result.worked(r.busy[seat], min(ends, r.plan.Span.Milliseconds()))
	r.busy[seat] = 0
	if r.leaving[seat] {
		return r.goHome(seat)
	}
	r.at(ends, event{kind: evSweep})
	if x := r.plan.Config.Exposure; x.Limit > 0 {
		r.at(ends+x.Break.Milliseconds()+1, event{kind: evBack, who: seat}) // in case the sweep sends them to a break
	}
	return nil
}

// goHome signs a seat out, unless it talks: then at the end of the talk.
func (r *run) goHome(i int) error {
	err := r.do(model.Op{Verb: model.SignOut, Agent: queue.Agent{ID: agentID(i), Session: "s"}})
	if errors.Is(err, queue.ErrAgentBusy) {
		return nil
	}
	return err
}

// close accounts for who is still talking and still there.
func (r *run) close() {
	span := r.plan.Span.Milliseconds()
	for i, since := range r.busy {
		if since > 0 || r.q.Agents[agentID(i)] != nil && r.q.Agents[agentID(i)].State == queue.AgentTalking {
			r.result.worked(since, span)
		}
	}
	for _, s := range r.plan.Seats {
		r.result.staffed(s.From.Milliseconds(), min(s.To.Milliseconds(), span))
	}
	for _, c := range r.q.Calls {
		if c.State == queue.CallWaiting || c.State == queue.CallOffered {
			r.result.Left++
		}
	}
	for i := range r.result.Hours {
		slices.Sort(r.result.Hours[i].Waits)
	}
}
