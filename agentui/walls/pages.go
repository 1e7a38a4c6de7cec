package walls

import (
	"context"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/passes"
	"hotline/agentui/protocol"
)

// Actions of the audit trail about links.
const (
	ActionWallMake   = "wall.make"
	ActionWallRevoke = "wall.revoke"
)

// Pages let who leads make links and take them back.
type Pages struct {
	*page.Clerk
	Store  *Store
	Person func(id string) string // the name of a person
}

// Endpoints are what can be asked of links.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/walls", Access: page.Leading, Serve: p.listWalls},
		{Pattern: "POST /api/walls", Access: page.Leading, Serve: p.makeWall},
		{Pattern: "POST /api/walls/{id}/revoke", Access: page.Leading, Serve: p.revokeWall},
	}
}

func (p *Pages) row(d Display) protocol.WallDisplay {
	return protocol.WallDisplay{
		Display: d.ID, Name: d.Name, Purpose: string(d.Purpose), MadeAt: protocol.Millis(d.Made), ByName: p.Person(d.By), RevokedAt: protocol.Millis(d.Revoked),
		RevokedByName: p.Person(d.RevokedBy), SeenAt: protocol.Millis(d.Seen),
	}
}

func (p *Pages) listWalls(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := p.Store.List(r.Context())
	if !p.answered(w, r, err) {
		return
	}
	out := protocol.WallDisplays{Displays: []protocol.WallDisplay{}}
	for _, d := range all {
		out.Displays = append(out.Displays, p.row(d))
	}
	p.Reply(w, http.StatusOK, out)
}

// makeWall makes a link for one purpose; its secret is told this once.
func (p *Pages) makeWall(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.MakeWall
	if !p.Read(w, r, &body) {
		return
	}
	purpose := passes.Purpose(body.Purpose)
	if purpose != Wall && purpose != Public {
		p.answered(w, r, ErrPurpose)
		return
	}
	var out protocol.WallMade
	done := p.answered(w, r, p.Audited(r, v, ActionWallMake, "purpose:"+body.Purpose, "", func(ctx context.Context) error {
		made, secret, err := p.Store.Make(ctx, time.Now(), body.Name, purpose, string(v.User.ID))
		out = protocol.WallMade{WallDisplay: p.row(made), Secret: secret}
		return err
	}))
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

// revokeWall takes a link back: a display is dark within seconds, and the public is shown nothing more.
func (p *Pages) revokeWall(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	done := p.answered(w, r, p.Audited(r, v, ActionWallRevoke, "wall:"+id, "", func(ctx context.Context) error {
		return p.Store.Revoke(ctx, time.Now(), id, string(v.User.ID))
	}))
	if done {
		p.Reply(w, http.StatusOK, struct{}{})
	}
}

// answered says what went wrong; true when nothing did.
func (p *Pages) answered(w http.ResponseWriter, r *http.Request, err error) bool {
	return p.Answered(w, r, err,
		page.Refusal{Err: ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: ErrName, Status: http.StatusBadRequest, Code: protocol.BadText},
		page.Refusal{Err: ErrPurpose, Status: http.StatusBadRequest, Code: protocol.BadRequest},
		page.Refusal{Err: ErrTooMany, Status: http.StatusConflict, Code: protocol.TooManyWalls})
}
