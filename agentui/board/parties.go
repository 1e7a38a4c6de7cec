package board

import (
	"hotline/queue"
)

// besides tells in which calls people take part beside the agent, or are asked to: who looks at the own row needs no search through every call.
type besides map[queue.AgentID]map[queue.CallID]struct{}

func (b besides) put(c queue.Call) {
	for _, p := range c.Parties {
		if p.Agent == "" {
			continue
		}
		if b[p.Agent] == nil {
			b[p.Agent] = map[queue.CallID]struct{}{}
		}
		b[p.Agent][c.ID] = struct{}{}
	}
}

func (b besides) remove(c queue.Call) {
	for _, p := range c.Parties {
		delete(b[p.Agent], c.ID)
		if len(b[p.Agent]) == 0 {
			delete(b, p.Agent)
		}
	}
}

// Beside returns the call in which a person takes part beside its agent (invited false), or into which they are asked (invited true: the newest
// invitation), and their own part in it. Who has become the agent of a call is not beside it, whatever the list still says.
func (b *Board) Beside(id queue.AgentID, invited bool) (found Call, part queue.Party, ok bool) {
	want := queue.PartyIn
	if invited {
		want = queue.PartyInvited
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for call := range b.besides[id] {
		c, _ := b.call(call)
		if p, in := PartyOf(c.Call, id); in && c.Agent != id && p.State == want && (!ok || p.Since.After(part.Since)) {
			found, part, ok = c, p, true
		}
	}
	return found, part, ok
}

// PartyOf is a person's present part in a call: in or invited.
func PartyOf(c queue.Call, id queue.AgentID) (queue.Party, bool) {
	for _, p := range c.Parties {
		if p.Agent == id && p.State != queue.PartyFailed {
			return p, true
		}
	}
	return queue.Party{}, false
}

// OutsideOf is the party outside of a call: in it or ringing.
func OutsideOf(c queue.Call) (queue.Party, bool) {
	for _, p := range c.Parties {
		if p.Role == queue.PartyOutside && p.State != queue.PartyFailed {
			return p, true
		}
	}
	return queue.Party{}, false
}
