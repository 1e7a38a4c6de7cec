package modeltest

import (
	"fmt"
	"time"

	"hotline/queue"
	"hotline/queue/model"
)

// beside is one of the changes of those who take part beside an agent, and of the floor; mostly one that could be made.
func (w *World) beside() model.Op {
	talk := w.where(queue.CallID(fmt.Sprintf("c%d", w.rnd.IntN(callers))), queue.CallTalking, queue.CallHeld)
	wait := w.where(queue.CallID(fmt.Sprintf("c%d", w.rnd.IntN(callers))), queue.CallWaiting, queue.CallOffered)
	one, other := w.someAgent(), w.someAgent()
	from := one
	if c := w.M.Calls[talk]; c != nil && c.Agent != "" && w.rnd.IntN(8) > 0 {
		from = c.Agent
	}
	for i := range agents {
		if a := w.M.Agents[queue.AgentID(fmt.Sprintf("a%d", i))]; a != nil && a.State == queue.AgentWrapUp && w.rnd.IntN(2) == 0 {
			one = a.ID
		}
	}
	desk := queue.Agent{ID: one, Session: w.session()}
	if a := w.M.Agents[one]; a != nil && w.rnd.IntN(6) > 0 {
		desk.Session = a.Session
	}
	switch n := w.rnd.IntN(100); {
	case n < 22:
		return model.Op{Verb: model.Assist, Call: queue.Call{ID: talk}, Agent: queue.Agent{ID: other}}
	case n < 32:
		if a := w.M.Agents[one]; a != nil && a.Assist != "" {
			talk = a.Assist
		}
		return model.Op{Verb: model.EndAssist, Call: queue.Call{ID: talk}, Agent: queue.Agent{ID: one}}
	case n < 38:
		return model.Op{Verb: model.SetParties, Call: queue.Call{ID: talk, Parties: w.parties(), Pause: w.pause()}}
	case n < 48:
		return model.Op{Verb: model.Transfer, Call: queue.Call{ID: talk}, Agent: queue.Agent{ID: from}, To: other}
	case n < 55:
		return model.Op{Verb: model.Requeue, Call: queue.Call{ID: talk}, Agent: queue.Agent{ID: from}, To: w.maybe(other)}
	case n < 67:
		return model.Op{Verb: model.Assign, Call: queue.Call{ID: wait}, To: w.maybe(other), By: "boss"}
	case n < 73:
		return model.Op{Verb: model.MoveUp, Call: queue.Call{ID: wait}, By: "boss"}
	case n < 80:
		state := []queue.AgentState{queue.AgentAvailable, queue.AgentNotReady}[w.rnd.IntN(2)]
		return model.Op{Verb: model.Force, Agent: queue.Agent{ID: one, State: state}, By: "boss"}
	case n < 87:
		return model.Op{Verb: model.SOS, Agent: desk, Call: queue.Call{ID: talk}}
	case n < 90:
		return model.Op{Verb: model.AckSOS, Agent: queue.Agent{ID: one}, By: "boss"}
	case n < 94:
		return model.Op{Verb: model.EndSOS, Agent: queue.Agent{ID: one}, By: "boss"}
	default:
		return model.Op{Verb: model.Extend, Agent: desk, Span: time.Duration(1+w.rnd.IntN(12)) * time.Minute}
	}
}

// maybe is an agent, or nobody.
func (w *World) maybe(a queue.AgentID) queue.AgentID {
	if w.rnd.IntN(5) == 0 {
		return ""
	}
	return a
}

func (w *World) parties() []queue.Party {
	var list []queue.Party
	for range w.rnd.IntN(3) {
		list = append(list, queue.Party{Agent: w.someAgent(), Role: queue.PartyConsult, State: queue.PartyIn, By: w.someAgent(), Since: w.now, Note: "note"})
	}
	if w.rnd.IntN(3) == 0 {
		list = append(list, queue.Party{Role: queue.PartyOutside, State: queue.PartyFailed, Contact: "police", Why: queue.WhyBusy})
	}
	return list
}

// pause is one of the recording, or none.
func (w *World) pause() queue.Pause {
	if w.rnd.IntN(3) > 0 {
		return queue.Pause{}
	}
	p := queue.Pause{By: w.someAgent(), Code: "personal", Since: w.now, Until: w.now.Add(time.Minute), Asked: w.now}
	switch w.rnd.IntN(3) {
	case 0:
		p.Taken = p.Until
	case 1:
		p.Over = w.now
	}
	return p
}
