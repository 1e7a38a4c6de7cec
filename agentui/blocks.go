package agentui

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

func (s *Server) listBlocks(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	rows, err := s.deps.Blocks.List(r.Context(), listMost)
	if !s.answered(w, r, err) {
		return
	}
	out := protocol.Blocks{Blocks: []protocol.Block{}}
	for _, b := range rows {
		out.Blocks = append(out.Blocks, s.block(b, time.Now(), v.User.Locale))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// proposeBlock takes a counsellor's proposal about a caller of their own; a supervisor may propose about any.
func (s *Server) proposeBlock(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.BlockProposal
	if !s.clerk.Read(w, r, &body) {
		return
	}
	kind := casework.BlockKind(body.Kind)
	if _, err := ulid.ParseStrict(body.Call); err != nil || !slices.Contains(casework.BlockKinds(), kind) {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	reason, ok := s.clerk.Reason(w, body.Reason)
	if !ok || !s.mayPropose(w, r, v, body.Call) {
		return
	}
	var made casework.Block
	done := s.audited(w, r, v, ActionBlockPropose, "call:"+body.Call, body.Kind+": "+reason, func(ctx context.Context) (err error) {
		made, err = s.deps.Blocks.Propose(ctx, body.Call, kind, reason, string(v.User.ID))
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, s.block(made, time.Now(), v.User.Locale))
	}
}

// mayPropose answers when it returns false.
func (s *Server) mayPropose(w http.ResponseWriter, r *http.Request, v *page.Visitor, call string) bool {
	if v.User.Role == users.Supervisor {
		return true
	}
	if c, ok := s.board.Call(queue.CallID(call)); ok && c.Agent == v.User.ID {
		return true // in progress: the ledger learns at the end who talked
	}
	served, err := s.deps.Blocks.Served(r.Context(), call, string(v.User.ID))
	if err == nil && !served {
		s.clerk.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
		return false
	}
	return s.answered(w, r, err)
}

func (s *Server) approveBlock(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	var body protocol.BlockApproval
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	span := time.Duration(body.Hours) * time.Hour
	if body.Hours < 1 || span > casework.BlockMost {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	s.decideBlock(w, r, v, id, ActionBlockApprove, span.String(), func(ctx context.Context) (casework.Block, error) {
		return s.deps.Blocks.Approve(ctx, id, string(v.User.ID), span)
	})
}

func (s *Server) refuseBlock(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.endBlock(w, r, v, ActionBlockRefuse, s.deps.Blocks.Refuse)
}

func (s *Server) liftBlock(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	s.endBlock(w, r, v, ActionBlockLift, s.deps.Blocks.Lift)
}

func (s *Server) endBlock(w http.ResponseWriter, r *http.Request, v *page.Visitor, action string, do func(context.Context, string, string) (casework.Block, error)) {
	id, ok := s.clerk.ID(w, r)
	var body protocol.Why
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	reason, ok := s.clerk.Reason(w, body.Reason)
	if !ok {
		return
	}
	s.decideBlock(w, r, v, id, action, reason, func(ctx context.Context) (casework.Block, error) { return do(ctx, id, string(v.User.ID)) })
}

func (s *Server) decideBlock(w http.ResponseWriter, r *http.Request, v *page.Visitor, id, action, reason string, do func(context.Context) (casework.Block, error)) {
	var now casework.Block
	done := s.audited(w, r, v, action, id, reason, func(ctx context.Context) (err error) {
		now, err = do(ctx)
		return err
	})
	if done {
		s.clerk.Reply(w, http.StatusOK, s.block(now, time.Now(), v.User.Locale))
	}
}

// blockExpired is an approved block whose time is over, as a browser sees it.
const blockExpired = "expired"

// block is a block as a browser gets it. Who the caller is stays in the database.
func (s *Server) block(b casework.Block, now time.Time, locale string) protocol.Block {
	state := string(b.State)
	if b.State == casework.BlockApproved && !b.InForce(now) {
		state = blockExpired
	}
	return protocol.Block{
		Block: b.ID, Call: b.Call, Line: b.Line, LineName: s.lineName(queue.LineID(b.Line), locale), Kind: string(b.Kind), Reason: b.Reason, State: state,
		ProposedAt: protocol.Millis(b.Proposed), By: b.By, ByName: s.directory.name(queue.AgentID(b.By)), DecidedAt: protocol.Millis(b.Decided),
		DecidedByName: s.directory.name(queue.AgentID(b.DecidedBy)), ExpiresAt: protocol.Millis(b.Expires), LiftedAt: protocol.Millis(b.Lifted),
		LiftedByName: s.directory.name(queue.AgentID(b.LiftedBy)),
	}
}
