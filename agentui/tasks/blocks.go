package tasks

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/queue"
)

func (p *Pages) listBlocks(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	rows, err := p.Blocks.List(r.Context(), Most)
	if !p.Answered(w, r, err) {
		return
	}
	out := protocol.Blocks{Blocks: []protocol.Block{}}
	for _, b := range rows {
		out.Blocks = append(out.Blocks, p.Block(b, time.Now(), v.User.Locale))
	}
	p.Reply(w, http.StatusOK, out)
}

// proposeBlock takes a counsellor's proposal about a caller of their own; a supervisor may propose about any.
func (p *Pages) proposeBlock(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.BlockProposal
	if !p.Read(w, r, &body) {
		return
	}
	kind := casework.BlockKind(body.Kind)
	if _, err := ulid.ParseStrict(body.Call); err != nil || !slices.Contains(casework.BlockKinds(), kind) {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	reason, ok := p.Reason(w, body.Reason)
	if !ok || !p.mayPropose(w, r, v, body.Call) {
		return
	}
	var made casework.Block
	done := p.Answered(w, r, p.Audited(r, v, ActionBlockPropose, "call:"+body.Call, body.Kind+": "+reason, func(ctx context.Context) (err error) {
		made, err = p.Blocks.Propose(ctx, body.Call, kind, reason, string(v.User.ID))
		return err
	}))
	if done {
		p.Reply(w, http.StatusOK, p.Block(made, time.Now(), v.User.Locale))
	}
}

// mayPropose answers when it returns false.
func (p *Pages) mayPropose(w http.ResponseWriter, r *http.Request, v *page.Visitor, call string) bool {
	if v.User.Role == users.Supervisor {
		return true
	}
	if c, ok := p.Board.Call(queue.CallID(call)); ok && c.Agent == v.User.ID {
		return true // in progress: the ledger learns at the end who talked
	}
	served, err := p.Blocks.Served(r.Context(), call, string(v.User.ID))
	if err == nil && !served {
		p.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
		return false
	}
	return p.Answered(w, r, err)
}

func (p *Pages) approveBlock(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	var body protocol.BlockApproval
	if !ok || !p.Read(w, r, &body) {
		return
	}
	span := time.Duration(body.Hours) * time.Hour
	if body.Hours < 1 || span > casework.BlockMost {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	p.decideBlock(w, r, v, id, ActionBlockApprove, span.String(), func(ctx context.Context) (casework.Block, error) {
		return p.Blocks.Approve(ctx, id, string(v.User.ID), span)
	})
}

func (p *Pages) refuseBlock(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.endBlock(w, r, v, ActionBlockRefuse, p.Blocks.Refuse)
}

func (p *Pages) liftBlock(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.endBlock(w, r, v, ActionBlockLift, p.Blocks.Lift)
}

func (p *Pages) endBlock(w http.ResponseWriter, r *http.Request, v *page.Visitor, action string, do func(context.Context, string, string) (casework.Block, error)) {
	id, ok := p.ID(w, r)
	var body protocol.Why
	if !ok || !p.Read(w, r, &body) {
		return
	}
	reason, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	p.decideBlock(w, r, v, id, action, reason, func(ctx context.Context) (casework.Block, error) { return do(ctx, id, string(v.User.ID)) })
}

func (p *Pages) decideBlock(w http.ResponseWriter, r *http.Request, v *page.Visitor, id, action, reason string, do func(context.Context) (casework.Block, error)) {
	var now casework.Block
	done := p.Answered(w, r, p.Audited(r, v, action, id, reason, func(ctx context.Context) (err error) {
		now, err = do(ctx)
		return err
	}))
	if done {
		p.Reply(w, http.StatusOK, p.Block(now, time.Now(), v.User.Locale))
	}
}

// blockExpired is an approved block whose time is over, as a browser sees it.
const blockExpired = "expired"

// Block is a block as a browser gets it. Who the caller is stays in the database.
func (p *Pages) Block(b casework.Block, now time.Time, locale string) protocol.Block {
	state := string(b.State)
	if b.State == casework.BlockApproved && !b.InForce(now) {
		state = blockExpired
	}
	return protocol.Block{
		Block: b.ID, Call: b.Call, Line: b.Line, LineName: p.Line(b.Line, locale), Kind: string(b.Kind), Reason: b.Reason, State: state,
		ProposedAt: protocol.Millis(b.Proposed), By: b.By, ByName: p.Person(b.By), DecidedAt: protocol.Millis(b.Decided),
		DecidedByName: p.Person(b.DecidedBy), ExpiresAt: protocol.Millis(b.Expires), LiftedAt: protocol.Millis(b.Lifted),
		LiftedByName: p.Person(b.LiftedBy),
	}
}
