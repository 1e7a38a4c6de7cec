package broadcast

import (
	"context"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
)

const shown = 50 // of the list

// Actions of the audit trail about broadcasts.
const (
	ActionBroadcastWrite = "broadcast.write"
	ActionBroadcastEnd   = "broadcast.end"
)

// Pages let who leads tell every console something, and everybody read it.
type Pages struct {
	*page.Clerk
	Store   *Store
	Changed func()                 // has the console look at once what is to be shown
	Person  func(id string) string // the name of a person
}

// Endpoints are what can be asked of broadcasts.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/broadcasts", Access: page.Leading, Serve: p.listBroadcasts},
		{Pattern: "POST /api/broadcasts", Access: page.Leading, Serve: p.writeBroadcast},
		{Pattern: "POST /api/broadcasts/{id}/end", Access: page.Leading, Serve: p.endBroadcast},
		{Pattern: "POST /api/broadcasts/{id}/read", Access: page.SignedIn, Serve: p.readBroadcast},
	}
}

// Told is a message as every page shows it.
func Told(m Message, person func(id string) string) protocol.Broadcast {
	return protocol.Broadcast{
		Broadcast: m.ID, At: protocol.Millis(m.At), ByName: person(m.By), Urgent: m.Urgent, Text: m.Text, ExpiresAt: protocol.Millis(m.Expires),
	}
}

func (p *Pages) row(m Message) protocol.BroadcastRow {
	row := protocol.BroadcastRow{
		Broadcast: Told(m, p.Person), EndedAt: protocol.Millis(m.Ended), EndedByName: p.Person(m.EndedBy), Reads: []protocol.BroadcastRead{},
	}
	for _, r := range m.Reads {
		row.Reads = append(row.Reads, protocol.BroadcastRead{User: r.User, Name: p.Person(r.User), At: protocol.Millis(r.At)})
	}
	return row
}

// listBroadcasts answers who was told what, and who has read it.
func (p *Pages) listBroadcasts(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := p.Store.Latest(r.Context(), shown)
	if !p.answered(w, r, err) {
		return
	}
	out := protocol.BroadcastList{Broadcasts: []protocol.BroadcastRow{}}
	for _, m := range all {
		out.Broadcasts = append(out.Broadcasts, p.row(m))
	}
	p.Reply(w, http.StatusOK, out)
}

// writeBroadcast tells every console. What was said is the reason of its audit row: the trail shows it when the message is long gone.
func (p *Pages) writeBroadcast(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.WriteBroadcast
	if !p.Read(w, r, &body) {
		return
	}
	span := time.Duration(body.Minutes) * time.Minute
	if err := Check(body.Text, span); err != nil {
		p.answered(w, r, err)
		return
	}
	var made Message
	done := p.answered(w, r, p.Audited(r, v, ActionBroadcastWrite, "", body.Text, func(ctx context.Context) (err error) {
		made, err = p.Store.Write(ctx, time.Now(), string(v.User.ID), body.Text, body.Urgent, span)
		return err
	}))
	if done {
		p.Changed()
		p.Reply(w, http.StatusOK, p.row(made))
	}
}

// endBroadcast takes a message back.
func (p *Pages) endBroadcast(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	done := p.answered(w, r, p.Audited(r, v, ActionBroadcastEnd, "broadcast:"+id, "", func(ctx context.Context) error {
		return p.Store.End(ctx, time.Now(), id, string(v.User.ID))
	}))
	if done {
		p.Changed()
		p.Reply(w, http.StatusOK, struct{}{})
	}
}

// readBroadcast notes that the person has read a message, so that none of their pages shows it again.
func (p *Pages) readBroadcast(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok || !p.answered(w, r, p.Store.Read(r.Context(), time.Now(), id, string(v.User.ID))) {
		return
	}
	p.Changed()
	p.Reply(w, http.StatusOK, struct{}{})
}

// answered says what went wrong; true when nothing did.
func (p *Pages) answered(w http.ResponseWriter, r *http.Request, err error) bool {
	return p.Answered(w, r, err,
		page.Refusal{Err: ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: ErrText, Status: http.StatusBadRequest, Code: protocol.BadText},
		page.Refusal{Err: ErrSpan, Status: http.StatusBadRequest, Code: protocol.BadText})
}
