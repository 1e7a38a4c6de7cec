package modeltest

import (
	"fmt"
	"time"

	"hotline/queue"
	"hotline/queue/model"
)

// risk is one of the changes of calls at risk; mostly one that could be made.
func (w *World) risk() model.Op {
	call := w.where(queue.CallID(fmt.Sprintf("c%d", w.rnd.IntN(callers))), queue.CallTalking, queue.CallHeld)
	agent := w.someAgent()
	if c := w.M.Calls[call]; c != nil && c.Agent != "" && w.rnd.IntN(8) > 0 {
		agent = c.Agent
	}
	switch n := w.rnd.IntN(100); {
	case n < 20:
		return w.assess(call)
	case n < 40:
		return model.Op{Verb: model.Open, Call: queue.Call{ID: call}, Agent: queue.Agent{ID: agent}}
	case n < 52:
		for i := range callers {
			if c := w.M.Calls[queue.CallID(fmt.Sprintf("c%d", i))]; c != nil && c.Lost != 0 {
				call, agent = c.ID, c.LostBy
			}
		}
		if w.rnd.IntN(3) == 0 {
			agent = w.someAgent()
		}
		return model.Op{Verb: model.Reclaim, Call: queue.Call{ID: call}, Agent: queue.Agent{ID: agent}}
	case n < 70:
		return model.Op{Verb: model.Keep, Call: queue.Call{ID: call}, Agent: queue.Agent{ID: agent}, Span: time.Duration(1+w.rnd.IntN(240)) * time.Second}
	}
	for i := range agents {
		if a := w.M.Agents[queue.AgentID(fmt.Sprintf("a%d", i))]; a != nil && (a.Owes != "" || a.Keeps != "") && w.rnd.IntN(2) == 0 {
			agent = a.ID
			if a.Owes != "" {
				call = a.Owes
			}
		}
	}
	desk := queue.Agent{ID: agent, Session: w.session()}
	if a := w.M.Agents[agent]; a != nil && w.rnd.IntN(6) > 0 {
		desk.Session = a.Session
	}
	switch w.rnd.IntN(3) {
	case 0:
		return model.Op{Verb: model.Unkeep, Agent: desk}
	case 1:
		return model.Op{Verb: model.Filed, Call: queue.Call{ID: call}, Agent: queue.Agent{ID: agent}}
	}
	return model.Op{Verb: model.Lead, Agent: desk, Flag: w.rnd.IntN(4) > 0}
}

func (w *World) assess(call queue.CallID) model.Op {
	levels := []queue.Level{"", queue.LevelNone, queue.LevelLow, queue.LevelModerate, queue.LevelHigh, queue.LevelHigh}
	c := queue.Call{ID: call, Level: levels[w.rnd.IntN(len(levels))]}
	if c.Level != "" {
		c.LevelBy, c.LevelAt = w.someAgent(), w.now
	}
	tier := w.tier()
	if c.Level == queue.LevelHigh {
		tier = queue.TierRed
	}
	return model.Op{Verb: model.Assess, Call: c, Tier: tier, Flag: w.rnd.IntN(3) == 0}
}
