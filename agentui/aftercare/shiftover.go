package aftercare

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
func (p *Pages) listShiftCases(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	me, leads := string(v.User.ID), v.User.Role == users.Supervisor
	store := p.Shiftover
	cases, err := store.Cases(r.Context())
	if err != nil && len(cases) == 0 {
		p.after(w, r, err)
		return
	}
	if err != nil {
		p.Log.Warn("not all cases could be read", "error", err)
	}
	offers, err := store.Open(r.Context(), time.Now().Add(-24*time.Hour))
	if !p.after(w, r, err) {
		return
	}
	out := protocol.ShiftCases{Cases: []protocol.ShiftCase{}, People: p.shiftPeople(), Recent: []protocol.ShiftOffer{}}
	for _, c := range cases {
		row := p.shiftCase(c, v.User.Locale)
		for _, o := range offers {
			if o.State == shiftover.Offered && o.Kind == c.Kind && o.Case == c.ID {
				row.Offer = new(p.shiftOffer(o))
			}
		}
		if leads || c.Owner == me || row.Offer != nil && row.Offer.Taker == me {
			out.Cases = append(out.Cases, row)
		}
	}
	for _, o := range offers {
		if o.State != shiftover.Offered && (leads || o.Giver == me || o.Taker == me) {
			out.Recent = append(out.Recent, p.shiftOffer(o))
		}
	}
	slices.SortStableFunc(out.Cases, func(a, b protocol.ShiftCase) int {
		return cmp.Or(cmp.Compare(rankCase(a, me), rankCase(b, me)), cmp.Compare(a.DueAt, b.DueAt))
	})
	p.Reply(w, http.StatusOK, out)
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

func (p *Pages) shiftCase(c shiftover.Case, locale string) protocol.ShiftCase {
	return protocol.ShiftCase{
		Kind: string(c.Kind), Case: c.ID, Owner: c.Owner, OwnerName: p.Person(c.Owner), Here: p.here(c.Owner), Call: c.Call, Line: c.Line,
		LineName: p.Line(c.Line, locale), What: c.What, SinceAt: protocol.Millis(c.Since), DueAt: protocol.Millis(c.Due),
	}
}

func (p *Pages) shiftOffer(o shiftover.Offer) protocol.ShiftOffer {
	return protocol.ShiftOffer{
		Offer: o.ID, Giver: o.Giver, GiverName: p.Person(o.Giver), Taker: o.Taker, TakerName: p.Person(o.Taker),
		Note: o.Note, State: string(o.State), At: protocol.Millis(o.At), Climbed: o.Climbed, DecidedAt: protocol.Millis(o.Decided), Reason: o.Reason,
	}
}

// here tells whether a person is at a console.
func (p *Pages) here(user string) bool {
	a, known := p.Board.Agent(queue.AgentID(user))
	return known && a.State != queue.AgentOffline
}

func (p *Pages) shiftPeople() []protocol.ShiftPerson {
	out := []protocol.ShiftPerson{}
	for _, u := range p.People() {
		if u.Role.Serves() && !u.Disabled {
			out = append(out, protocol.ShiftPerson{User: string(u.ID), Name: u.Name, Role: string(u.Role), Here: p.here(string(u.ID))})
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

func (p *Pages) offerCase(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.OfferCase
	if !p.Read(w, r, &body) || !p.serves(w, body.To) {
		return
	}
	if to, _ := p.Account(queue.AgentID(body.To)); leadsPart(body) && to.Role != users.Supervisor {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil) // who takes calls cannot answer for an incident, nor its alarms
		return
	}
	p.changeOffer(w, r, v, ActionShiftOffer, body.Kind+":"+body.Case, "agent:"+body.To, func(ctx context.Context) (shiftover.Offer, error) {
		return p.Shiftover.Offer(ctx, shiftover.Kind(body.Kind), body.Case, body.To, string(v.User.ID), body.Note, v.User.Role == users.Supervisor)
	})
}

// leadsPart tells whether a case is the supervisor's part in an incident.
func leadsPart(c protocol.OfferCase) bool {
	return c.Kind == string(shiftover.Incident) && strings.HasSuffix(c.Case, ":supervisor")
}

func (p *Pages) acceptCase(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if id, ok := p.ID(w, r); ok {
		p.changeOffer(w, r, v, ActionShiftAccept, "offer:"+id, "", func(ctx context.Context) (shiftover.Offer, error) {
			return p.Shiftover.Accept(ctx, id, string(v.User.ID))
		})
	}
}

func (p *Pages) declineCase(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	var body protocol.Why
	if !ok || !p.Read(w, r, &body) {
		return
	}
	reason, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	p.changeOffer(w, r, v, ActionShiftDecline, "offer:"+id, reason, func(ctx context.Context) (shiftover.Offer, error) {
		return p.Shiftover.Decline(ctx, id, string(v.User.ID), reason)
	})
}

func (p *Pages) withdrawCase(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if id, ok := p.ID(w, r); ok {
		p.changeOffer(w, r, v, ActionShiftWithdraw, "offer:"+id, "", func(ctx context.Context) (shiftover.Offer, error) {
			return p.Shiftover.Withdraw(ctx, id, string(v.User.ID))
		})
	}
}

func (p *Pages) changeOffer(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, object, reason string, do func(ctx context.Context) (shiftover.Offer, error)) {
	var out protocol.ShiftOffer
	done := p.afterAudit(w, r, v, action, object, reason, func(ctx context.Context) error {
		o, err := do(ctx)
		out = p.shiftOffer(o)
		return err
	})
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}
