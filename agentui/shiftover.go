package agentui

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/shiftover"
	"hotline/queue"
)

// listShiftCases shows a person the own cases and those that are offered to them; a supervisor all, those of people who are not here first.
func (s *Server) listShiftCases(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	me, leads := string(v.User.ID), v.User.Role == users.Supervisor
	store := s.deps.Aftercare.Shiftover
	cases, err := store.Cases(r.Context())
	if err != nil && len(cases) == 0 {
		s.after(w, r, err)
		return
	}
	if err != nil {
		s.log.Warn("not all cases could be read", "error", err)
	}
	offers, err := store.Open(r.Context(), time.Now().Add(-24*time.Hour))
	if !s.after(w, r, err) {
		return
	}
	out := protocol.ShiftCases{Cases: []protocol.ShiftCase{}, People: s.shiftPeople(), Recent: []protocol.ShiftOffer{}}
	for _, c := range cases {
		row := s.shiftCase(c, v.User.Locale)
		for _, o := range offers {
			if o.State == shiftover.Offered && o.Kind == c.Kind && o.Case == c.ID {
				row.Offer = new(s.shiftOffer(o))
			}
		}
		if leads || c.Owner == me || row.Offer != nil && row.Offer.Taker == me {
			out.Cases = append(out.Cases, row)
		}
	}
	for _, o := range offers {
		if o.State != shiftover.Offered && (leads || o.Giver == me || o.Taker == me) {
			out.Recent = append(out.Recent, s.shiftOffer(o))
		}
	}
	slices.SortStableFunc(out.Cases, func(a, b protocol.ShiftCase) int {
		return cmp.Or(cmp.Compare(rankCase(a, me), rankCase(b, me)), cmp.Compare(a.DueAt, b.DueAt))
	})
	s.clerk.Reply(w, http.StatusOK, out)
}

// rankCase orders cases: what waits for one's answer, what somebody left, one's own, the others.
func rankCase(c protocol.ShiftCase, me string) int {
	switch {
	case c.Offer != nil && c.Offer.Taker == me:
		return 0
	case !c.Here:
		return 1
	case c.Owner == me:
		return 2
	}
	return 3
}

func (s *Server) shiftCase(c shiftover.Case, locale string) protocol.ShiftCase {
	return protocol.ShiftCase{
		Kind: string(c.Kind), Case: c.ID, Owner: c.Owner, OwnerName: s.directory.name(queue.AgentID(c.Owner)), Here: s.here(c.Owner), Call: c.Call, Line: c.Line,
		LineName: s.lineName(queue.LineID(c.Line), locale), What: c.What, SinceAt: protocol.Millis(c.Since), DueAt: protocol.Millis(c.Due),
	}
}

func (s *Server) shiftOffer(o shiftover.Offer) protocol.ShiftOffer {
	return protocol.ShiftOffer{
		Offer: o.ID, Giver: o.Giver, GiverName: s.directory.name(queue.AgentID(o.Giver)), Taker: o.Taker, TakerName: s.directory.name(queue.AgentID(o.Taker)),
		Note: o.Note, State: string(o.State), At: protocol.Millis(o.At), Climbed: o.Climbed, DecidedAt: protocol.Millis(o.Decided), Reason: o.Reason,
	}
}

// here tells whether a person is at a console.
func (s *Server) here(user string) bool {
	a, known := s.board.Agent(queue.AgentID(user))
	return known && a.State != queue.AgentOffline
}

func (s *Server) shiftPeople() []protocol.ShiftPerson {
	out := []protocol.ShiftPerson{}
	for _, u := range s.directory.people() {
		if u.Role.Serves() && !u.Disabled {
			out = append(out, protocol.ShiftPerson{User: string(u.ID), Name: u.Name, Role: string(u.Role), Here: s.here(string(u.ID))})
		}
	}
	slices.SortFunc(out, func(a, b protocol.ShiftPerson) int {
		if a.Here != b.Here {
			return map[bool]int{true: -1, false: 1}[a.Here]
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

func (s *Server) offerCase(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.OfferCase
	if !s.clerk.Read(w, r, &body) || !s.serves(w, body.To) {
		return
	}
	if to, _ := s.directory.person(queue.AgentID(body.To)); leadsPart(body) && to.Role != users.Supervisor {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil) // who takes calls cannot answer for an incident, nor its alarms
		return
	}
	s.changeOffer(w, r, v, ActionShiftOffer, body.Kind+":"+body.Case, "agent:"+body.To, func(ctx context.Context) (shiftover.Offer, error) {
		return s.deps.Aftercare.Shiftover.Offer(ctx, shiftover.Kind(body.Kind), body.Case, body.To, string(v.User.ID), body.Note, v.User.Role == users.Supervisor)
	})
}

// leadsPart tells whether a case is the supervisor's part in an incident.
func leadsPart(c protocol.OfferCase) bool {
	return c.Kind == string(shiftover.Incident) && strings.HasSuffix(c.Case, ":supervisor")
}

func (s *Server) acceptCase(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if id, ok := s.clerk.ID(w, r); ok {
		s.changeOffer(w, r, v, ActionShiftAccept, "offer:"+id, "", func(ctx context.Context) (shiftover.Offer, error) {
			return s.deps.Aftercare.Shiftover.Accept(ctx, id, string(v.User.ID))
		})
	}
}

func (s *Server) declineCase(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	var body protocol.Why
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	reason, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	s.changeOffer(w, r, v, ActionShiftDecline, "offer:"+id, reason, func(ctx context.Context) (shiftover.Offer, error) {
		return s.deps.Aftercare.Shiftover.Decline(ctx, id, string(v.User.ID), reason)
	})
}

func (s *Server) withdrawCase(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if id, ok := s.clerk.ID(w, r); ok {
		s.changeOffer(w, r, v, ActionShiftWithdraw, "offer:"+id, "", func(ctx context.Context) (shiftover.Offer, error) {
			return s.deps.Aftercare.Shiftover.Withdraw(ctx, id, string(v.User.ID))
		})
	}
}

func (s *Server) changeOffer(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, object, reason string, do func(ctx context.Context) (shiftover.Offer, error)) {
	var out protocol.ShiftOffer
	done := s.afterAudit(w, r, v, action, object, reason, func(ctx context.Context) error {
		o, err := do(ctx)
		out = s.shiftOffer(o)
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}
