// Package modeltest drives a queue with seeded chance: arrivals, declines, expiries, abandons, losses of Redis, clock jumps, duplicated and
// delayed requests. It drives the model and checks what must always hold; a test may do the same steps on a real Redis.
package modeltest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"hotline/queue"
	"hotline/queue/model"
)

const (
	callers = 7
	agents  = 4
)

// Step is one thing that happened.
type Step struct {
	Now  time.Time
	Op   model.Op
	Lost bool // the index was lost before Op
	Err  error
}

func (s Step) String() string {
	lost := ""
	if s.Lost {
		lost = "(index lost) "
	}
	o := s.Op
	return fmt.Sprintf("%s %s%s %s call=%s agent=%s/%s fence=%d tier=%s flag=%v state=%s why=%s span=%s to=%s needs=%s@%d relax=%v prefer=%s until=%s -> %v",
		s.Now.Format("15:04:05.000"), lost, o.Verb, o.Req, o.Call.ID, o.Agent.ID, o.Agent.Session, o.Fence, cmp.Or(o.Tier, o.Call.Tier), o.Flag,
		cmp.Or(string(o.State), string(o.Call.State), string(o.Agent.State)), o.Why, o.Span, o.To, o.Call.Needs.Text(), o.Call.Groups, o.Call.Relax, o.Call.Preferred,
		o.Call.PreferUntil.Format("15:04:05"), s.Err)
}

// World is one seeded run.
type World struct {
	M   *model.Queue
	Log []Step

	cfg   queue.Config
	rnd   *rand.Rand
	now   time.Time
	swept time.Time // when the last sweep was; never after now
	n     int
	past  []model.Op // for duplicates
	later []model.Op // delayed
	first []model.Op // restores after a loss
	here  map[queue.CallID]bool
}

// Config is the configuration of a seed.
func Config(seed uint64) queue.Config {
	c := queue.Config{MissLimit: 1 + int(seed%2), Patience: 2 * time.Minute, FormWait: 2 * time.Minute, Journal: true}
	if seed%3 > 0 {
		c.Exposure = queue.Exposure{Window: 3 * time.Minute, Limit: int(seed % 3), Break: 2 * time.Minute}
	}
	return c
}

// New begins the run of a seed.
func New(seed uint64) (*World, error) {
	m, err := model.New(Config(seed))
	w := &World{
		M: m, cfg: Config(seed).WithDefaults(), rnd: rand.New(rand.NewPCG(seed, 3)), now: time.UnixMilli(1_800_000_000_000).UTC(), here: map[queue.CallID]bool{},
	}
	for i := range agents { // a shift begins
		a := queue.Agent{ID: queue.AgentID(fmt.Sprintf("a%d", i)), Session: "s1", Skills: w.skills(2, 4), Group: w.rnd.IntN(2)}
		w.first = append(w.first, model.Op{Verb: model.SignIn, Agent: a}, model.Op{Verb: model.Ready, Agent: a})
	}
	for i := range w.first {
		w.first[i].Req = queue.RequestID(fmt.Sprintf("first%d", i))
	}
	return w, err
}

// Step lets one thing happen and reports what must not be.
func (w *World) Step() (Step, error) {
	w.pass()
	s := Step{Op: w.next()}
	if len(w.first) == 0 && w.rnd.IntN(120) == 0 {
		s.Lost = true
		w.lose()
	}
	s.Now = w.now
	return w.do(s)
}

func (w *World) do(s Step) (Step, error) {
	before := len(w.M.Calls)
	s.Err = w.M.Do(s.Now, s.Op)
	w.Log = append(w.Log, s)
	if s.Op.Verb == model.Sweep || w.now.Before(w.swept) {
		w.swept = w.now
	}
	if s.Err == nil {
		switch s.Op.Verb {
		case model.Arrive, model.Restore:
			if w.M.Calls[s.Op.Call.ID] != nil {
				w.here[s.Op.Call.ID] = true
			}
		case model.End:
			if len(w.M.Calls) < before {
				delete(w.here, s.Op.Call.ID)
			}
		}
	}
	return s, w.check()
}

// pass moves the clock: mostly a little, sometimes far, sometimes back.
func (w *World) pass() {
	w.now = w.now.Add(time.Duration(w.rnd.IntN(4000)) * time.Millisecond)
	switch w.rnd.IntN(40) {
	case 0, 1:
		w.now = w.now.Add(time.Duration(15+w.rnd.IntN(70)) * time.Second)
	case 2:
		w.now = w.now.Add(-time.Duration(w.rnd.IntN(5000)) * time.Millisecond)
	case 3:
		w.now = w.now.Add(time.Duration(w.rnd.IntN(3)) * 2 * time.Minute)
	}
}

func (w *World) next() model.Op {
	if len(w.first) > 0 {
		op := w.first[0]
		w.first = w.first[1:]
		return op
	}
	if len(w.later) > 0 && w.rnd.IntN(5) == 0 {
		op := w.later[0]
		w.later = w.later[1:]
		return op
	}
	if len(w.past) > 0 && w.rnd.IntN(12) == 0 {
		return w.past[len(w.past)-1-w.rnd.IntN(min(8, len(w.past)))]
	}
	op := w.pick()
	switch w.rnd.IntN(16) {
	case 0, 1, 2, 3:
		op = w.beside()
	case 4, 5, 6:
		op = w.risk()
	}
	w.n++
	if op.Verb != model.Sweep {
		op.Req = queue.RequestID(fmt.Sprintf("r%d", w.n))
		w.past = append(w.past, op)
		if w.rnd.IntN(15) == 0 {
			w.later = append(w.later, op)
			return model.Op{Verb: model.Sweep}
		}
	}
	return op
}

func (w *World) pick() model.Op {
	call := queue.Call{ID: queue.CallID(fmt.Sprintf("c%d", w.rnd.IntN(callers)))}
	desk := queue.Agent{ID: w.someAgent(), Session: w.session()}
	tier := w.tier()
	if len(w.M.Offers) > 0 && w.rnd.IntN(3) == 0 { // else there would be few talks
		fence, a := w.ringing()
		return model.Op{Verb: model.Accept, Fence: fence, Agent: a}
	}
	switch n := w.rnd.IntN(100); {
	case n < 15:
		return model.Op{Verb: model.Arrive, Call: w.caller(call.ID, tier)}
	case n < 33:
		call.ID = w.where(call.ID, queue.CallGreeting, queue.CallHeld)
		return model.Op{Verb: model.Enqueue, Call: call, Flag: w.rnd.IntN(3) == 0}
	case n < 35:
		call.ID = w.where(call.ID, queue.CallGreeting, queue.CallWaiting)
		return model.Op{Verb: model.Require, Call: w.caller(call.ID, tier)}
	case n < 39:
		return model.Op{Verb: model.Raise, Call: call, Tier: tier, Flag: w.rnd.IntN(2) == 0}
	case n < 50:
		fence, a := w.ringing()
		return model.Op{Verb: model.Accept, Fence: fence, Agent: a}
	case n < 53:
		fence, a := w.ringing()
		return model.Op{Verb: model.Decline, Fence: fence, Agent: a}
	case n < 56:
		return model.Op{Verb: model.Mark, Call: call, State: []queue.CallState{queue.CallTalking, queue.CallHeld}[w.rnd.IntN(2)], Why: "agent_away"}
	case n < 67:
		call.ID = w.where(call.ID, queue.CallTalking)
		return model.Op{Verb: model.End, Call: call, Why: string(queue.EndAnswered)}
	case n < 70:
		desk.Skills, desk.Group, desk.Console = w.skills(2, 4), w.rnd.IntN(3), "console-1"
		return model.Op{Verb: model.SignIn, Agent: desk}
	case n < 84:
		desk = w.resting(desk)
		return model.Op{Verb: model.Ready, Agent: desk}
	case n < 86:
		return model.Op{Verb: model.NotReady, Agent: desk, Why: "break"}
	case n < 88:
		return model.Op{Verb: model.Away, Agent: desk}
	case n < 90:
		return model.Op{Verb: model.SignOut, Agent: desk}
	case n < 93:
		return model.Op{Verb: model.Hold, Agent: desk, Span: time.Duration(w.rnd.IntN(4)) * time.Minute}
	default:
		return model.Op{Verb: model.Sweep}
	}
}

func (w *World) caller(id queue.CallID, tier queue.Tier) queue.Call {
	c := queue.Call{
		ID: id, Line: "12355", Node: "node-1", Owner: "controller-1", Tier: tier, Needs: w.skills(1, 3),
		Arrived: w.now.Add(-time.Duration(w.rnd.IntN(60)) * time.Second),
		Groups:  []int{0, 1, queue.EveryGroup, queue.EveryGroup}[w.rnd.IntN(4)], Callback: w.rnd.IntN(8) == 0, History: w.rnd.IntN(3),
	}
	for i := range w.rnd.IntN(4) {
		c.Relax = append(c.Relax, queue.Relaxation{
			After: time.Duration(5+i*20+w.rnd.IntN(20)) * time.Second, Skill: skillNames()[w.rnd.IntN(3)], By: w.rnd.IntN(2), To: w.rnd.IntN(2),
		})
	}
	if w.rnd.IntN(3) == 0 { // of a call that was cut off
		c.Again = queue.CallID(fmt.Sprintf("c%d", w.rnd.IntN(callers)))
		for i := range agents {
			if a := w.M.Agents[queue.AgentID(fmt.Sprintf("a%d", i))]; a != nil && a.Keeps != "" {
				c.Again = a.Keeps
			}
		}
	}
	if w.rnd.IntN(2) == 0 {
		c.Preferred, c.PreferUntil = w.someAgent(), w.now.Add(time.Duration(w.rnd.IntN(180))*time.Second)
	}
	return c
}

func skillNames() []string { return []string{"crisis", "mandarin", "youth"} }

// skills has each skill with a chance of n in 3.
func (w *World) skills(n, level int) queue.Skills {
	s := queue.Skills{}
	for _, name := range skillNames() {
		if w.rnd.IntN(3) < n {
			s[name] = 1 + w.rnd.IntN(level)
		}
	}
	return s
}

// where is mostly a call in one of the states, if there is one.
func (w *World) where(id queue.CallID, states ...queue.CallState) queue.CallID {
	if w.rnd.IntN(5) == 0 {
		return id
	}
	for i := range callers {
		c := w.M.Calls[queue.CallID(fmt.Sprintf("c%d", i))]
		if c != nil && slices.Contains(states, c.State) {
			return c.ID
		}
	}
	return id
}

// resting is mostly an agent who could be ready, in the session that counts.
func (w *World) resting(desk queue.Agent) queue.Agent {
	for i := range agents {
		a := w.M.Agents[queue.AgentID(fmt.Sprintf("a%d", i))]
		if a != nil && (a.State == queue.AgentNotReady || a.State == queue.AgentWrapUp) && w.rnd.IntN(2) == 0 {
			return queue.Agent{ID: a.ID, Session: a.Session}
		}
	}
	if a := w.M.Agents[desk.ID]; a != nil {
		desk.Session = a.Session
	}
	return desk
}

func tiers() []queue.Tier {
	return []queue.Tier{queue.TierRed, queue.TierReturning, queue.TierFollowUp, queue.TierNormal, queue.TierNuisance}
}

func (w *World) tier() queue.Tier { return tiers()[max(0, w.rnd.IntN(7)-2)] }

func (w *World) someAgent() queue.AgentID {
	return queue.AgentID(fmt.Sprintf("a%d", w.rnd.IntN(agents)))
}

func (w *World) session() string {
	if w.rnd.IntN(6) == 0 {
		return "s2"
	}
	return "s1"
}

// ringing is mostly an offer that rings, with its agent.
func (w *World) ringing() (int64, queue.Agent) {
	var fences []int64
	for f := range w.M.Offers {
		fences = append(fences, f)
	}
	slices.Sort(fences)
	if len(fences) == 0 || w.rnd.IntN(10) == 0 {
		return 7, queue.Agent{ID: w.someAgent(), Session: w.session()}
	}
	f := fences[w.rnd.IntN(len(fences))]
	id := w.M.Offers[f].Agent
	return f, queue.Agent{ID: id, Session: w.M.Agents[id].Session}
}

// lose empties the index and lets its owners restore what they know, in any order, some of it missing. The step that finds the loss is a sweep.
func (w *World) lose() {
	var ops []model.Op
	for i := range callers {
		id := queue.CallID(fmt.Sprintf("c%d", i))
		if c := w.M.Calls[id]; c != nil && w.rnd.IntN(10) > 0 {
			ops = append(ops, model.Op{Verb: model.Restore, Call: w.M.View(c)})
		}
	}
	for i := range agents {
		id := queue.AgentID(fmt.Sprintf("a%d", i))
		if a := w.M.Agents[id]; a != nil && w.rnd.IntN(10) > 0 {
			ops = append(ops, model.Op{Verb: model.RestoreAgent, Agent: w.M.DeskView(a)})
		}
	}
	w.rnd.Shuffle(len(ops), func(i, j int) { ops[i], ops[j] = ops[j], ops[i] })
	for i := range ops {
		w.n++
		ops[i].Req = queue.RequestID(fmt.Sprintf("r%d", w.n))
	}
	w.first = ops
	w.M.Lose()
	clear(w.here)
}
