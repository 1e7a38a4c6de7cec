package agentui

import (
	"context"
	"errors"
	"slices"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/incidents"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/phonebook"
	"hotline/crisis"
	"hotline/queue"
)

// outsideCall is a call into which the person may bring somebody from outside: the own one, or that of an open incident in which they have a part or may lead
// (helps): while the counsellor talks, another dials. It has refused when it returns false.
func (d *desk) outsideCall(r protocol.Request, id string) (c board.Call, helps, ok bool) {
	c, there := d.s.board.Call(queue.CallID(id))
	in, open := d.s.incidents.ofCall(queue.CallID(id))
	leads := d.user.Role == users.Supervisor || incidents.HasPart(in, string(d.user.ID))
	if there && open && leads && taken(c) && c.Agent != d.user.ID {
		return c, true, true
	}
	c, ok = d.ownCall(r, id)
	return c, false, ok
}

// askedOutside has an entry of the phonebook called into a talk. The controller is told whose call it was, so that nobody is dialled into another's.
func askedOutside(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.Outside)
	c, helps, ok := d.outsideCall(r, m.Call)
	if !ok {
		return
	}
	if _, busy := board.OutsideOf(c.Call); busy || !withAgent(c) {
		d.refuse(m.ID, protocol.WrongState)
		return
	}
	cmd := queue.Command{Verb: "outside", Call: c.ID, Arg: m.Contact}
	if helps {
		cmd.Agent = c.Agent
	}
	_, err := ask(ctx, func(ctx context.Context) (phonebook.Entry, error) { return d.s.deps.Phonebook.Get(ctx, m.Contact) })
	switch {
	case errors.Is(err, phonebook.ErrNotFound), errors.Is(err, phonebook.ErrOver):
		d.refuse(m.ID, protocol.NotFound)
	case err != nil:
		d.answer(r, err)
	default:
		d.order(ctx, r, ActionCallOutside, cmd)
	}
}

// ringing is whom of outside the person has called into a talk while it rings: they may stop it, whoever talks.
func (d *desk) ringing(call queue.CallID) string {
	c, there := d.s.board.Call(call)
	if p, outside := board.OutsideOf(c.Call); there && outside && p.By == d.user.ID && p.State == queue.PartyInvited {
		return p.Contact
	}
	return ""
}

// askedOutsideDrop ends a third party's part: its counsellor's to say once it is in the talk; who asked for it may end the attempt.
func askedOutsideDrop(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.OutsideDrop)
	c, there := d.s.board.Call(queue.CallID(m.Call))
	p, outside := board.OutsideOf(c.Call)
	if asked := there && outside && p.By == d.user.ID && p.State == queue.PartyInvited; !asked {
		if c, there = d.ownCall(r, m.Call); !there {
			return
		}
	}
	if !outside {
		d.refuse(m.ID, protocol.NotParty)
		return
	}
	err := d.wish(ctx, queue.Command{Verb: "outside_drop", Call: c.ID})
	if err == nil {
		d.record(ActionCallOutsideDrop, callObject(c.ID, ""))
	}
	if err == nil && p.State == queue.PartyInvited {
		d.s.takenBack(c.ID, p, d.user.ID)
	}
	d.answer(r, err)
}

// askedOtherwise is how long before it rang a service was asked, at least, when it was not by this ring: the clocks of two hosts differ.
const askedOtherwise = 5 * time.Second

// takenBack has the open incident of a call say that a service which still rang was not reached, beside what happens else: nobody is owed its answer any more.
// One that answered in that very moment is seen on the board, and stands as having come.
func (s *Server) takenBack(call queue.CallID, p queue.Party, by queue.AgentID) {
	in, open := s.incidents.ofCall(call)
	known := slices.IndexFunc(in.Services, func(one crisis.Service) bool { return one.Contact == p.Contact })
	if known >= 0 && in.Services[known].Failed.IsZero() && in.Services[known].Asked.Before(p.Since.Add(-askedOtherwise)) {
		return // it was asked in another way before it rang: that stands
	}
	if !open || !s.begin() {
		return
	}
	go func() {
		defer s.running.Done()
		ctx, cancel := context.WithTimeout(s.life, incidentsWithin)
		defer cancel()
		store := s.deps.Crisis.Incidents
		// Also when nobody has written yet that it was asked: written later, it would wait for ever.
		_, err := store.ServiceAsked(ctx, in.ID, partyAct(in, p, "asked", p.By), p.Contact)
		if err == nil {
			_, err = store.ServiceFailed(ctx, in.ID, partyAct(in, p, "failed", by), p.Contact)
		}
		if err != nil {
			s.log.Warn("an incident does not say that a call to a service was taken back", "incident", in.ID, "error", err)
			return
		}
		s.incidentsChanged()
	}()
}
