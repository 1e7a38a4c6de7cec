package agentui

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/queue"
)

func (s *Server) listBlocks(w http.ResponseWriter, r *http.Request, v *visitor) {
	rows, err := s.deps.Blocks.List(r.Context(), listMost)
	if !s.answered(w, r, err) {
		return
	}
	out := protocol.Blocks{Blocks: []protocol.Block{}}
	for _, b := range rows {
		out.Blocks = append(out.Blocks, s.block(b, time.Now(), v.user.Locale))
	}
	s.reply(w, http.StatusOK, out)
}

// proposeBlock takes a counsellor's proposal about a caller of their own; a supervisor may propose about any.
func (s *Server) proposeBlock(w http.ResponseWriter, r *http.Request, v *visitor) {
	var body protocol.BlockProposal
	if !s.read(w, r, &body) {
		return
	}
	kind := casework.BlockKind(body.Kind)
	if _, err := ulid.ParseStrict(body.Call); err != nil || !slices.Contains(casework.BlockKinds(), kind) {
		s.fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	reason, ok := s.reason(w, body.Reason)
	if !ok || !s.mayPropose(w, r, v, body.Call) {
		return
	}
	var made casework.Block
	done := s.audited(w, r, v, ActionBlockPropose, "call:"+body.Call, body.Kind+": "+reason, func(ctx context.Context) (err error) {
		made, err = s.deps.Blocks.Propose(ctx, body.Call, kind, reason, string(v.user.ID))
		return err
	})
	if done {
		s.reply(w, http.StatusOK, s.block(made, time.Now(), v.user.Locale))
	}
}

// mayPropose answers when it returns false.
func (s *Server) mayPropose(w http.ResponseWriter, r *http.Request, v *visitor, call string) bool {
	if v.user.Role == users.Supervisor {
		return true
	}
	if c, ok := s.board.Call(queue.CallID(call)); ok && c.Agent == v.user.ID {
		return true // in progress: the ledger learns at the end who talked
	}
	served, err := s.deps.Blocks.Served(r.Context(), call, string(v.user.ID))
	if err == nil && !served {
		s.fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
		return false
	}
	return s.answered(w, r, err)
}

func (s *Server) approveBlock(w http.ResponseWriter, r *http.Request, v *visitor) {
	id, ok := s.objectID(w, r)
	var body protocol.BlockApproval
	if !ok || !s.read(w, r, &body) {
		return
	}
	span := time.Duration(body.Hours) * time.Hour
	if body.Hours < 1 || span > casework.BlockMost {
		s.fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	s.decideBlock(w, r, v, id, ActionBlockApprove, span.String(), func(ctx context.Context) (casework.Block, error) {
		return s.deps.Blocks.Approve(ctx, id, string(v.user.ID), span)
	})
}

func (s *Server) refuseBlock(w http.ResponseWriter, r *http.Request, v *visitor) {
	s.endBlock(w, r, v, ActionBlockRefuse, s.deps.Blocks.Refuse)
}

func (s *Server) liftBlock(w http.ResponseWriter, r *http.Request, v *visitor) {
	s.endBlock(w, r, v, ActionBlockLift, s.deps.Blocks.Lift)
}

func (s *Server) endBlock(w http.ResponseWriter, r *http.Request, v *visitor, action string, do func(context.Context, string, string) (casework.Block, error)) {
	id, ok := s.objectID(w, r)
	var body protocol.Why
	if !ok || !s.read(w, r, &body) {
		return
	}
	reason, ok := s.reason(w, body.Reason)
	if !ok {
		return
	}
	s.decideBlock(w, r, v, id, action, reason, func(ctx context.Context) (casework.Block, error) { return do(ctx, id, string(v.user.ID)) })
}

func (s *Server) decideBlock(w http.ResponseWriter, r *http.Request, v *visitor, id, action, reason string, do func(context.Context) (casework.Block, error)) {
	var now casework.Block
	done := s.audited(w, r, v, action, id, reason, func(ctx context.Context) (err error) {
		now, err = do(ctx)
		return err
	})
	if done {
		s.reply(w, http.StatusOK, s.block(now, time.Now(), v.user.Locale))
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
		ProposedAt: millis(b.Proposed), By: b.By, ByName: s.directory.name(queue.AgentID(b.By)), DecidedAt: millis(b.Decided),
		DecidedByName: s.directory.name(queue.AgentID(b.DecidedBy)), ExpiresAt: millis(b.Expires), LiftedAt: millis(b.Lifted),
		LiftedByName: s.directory.name(queue.AgentID(b.LiftedBy)),
	}
}
