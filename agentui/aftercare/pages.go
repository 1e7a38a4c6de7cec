// Package aftercare is how the console keeps what comes after a call: follow-ups, referrals, and the cases that one shift gives to the next.
package aftercare

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/agentui/versions"
	"hotline/casework"
	casefiles "hotline/casework/files"
	"hotline/casework/followups"
	"hotline/casework/referrals"
	"hotline/casework/shiftover"
	"hotline/crisis"
	"hotline/queue"
)

// Actions of the audit trail about what comes after a call.
const (
	ActionFollowUpView   = "followup.view"
	ActionFollowUpPlan   = "followup.plan"
	ActionFollowUpCall   = "followup.call"
	ActionFollowUpMove   = "followup.move" // with the reason
	ActionFollowUpAssign = "followup.assign"
	ActionFollowUpFinish = "followup.finish" // with how it ended
	ActionWishSave       = "followup.wish"   // with the consent
	ActionReferralList   = "referral.list"
	ActionReferralView   = "referral.view"
	ActionReferralSend   = "referral.send"
	ActionReferralTell   = "referral.tell" // with the state
	ActionShiftOffer     = "shift.offer"
	ActionShiftAccept    = "shift.accept"
	ActionShiftDecline   = "shift.decline" // with the reason
	ActionShiftWithdraw  = "shift.withdraw"
)

// Stores keep what comes after a call.
type Stores struct {
	FollowUps *followups.Store
	Referrals *referrals.Store
	Shiftover *shiftover.Store
	Files     files
}

type files interface {
	OfCall(ctx context.Context, call string) (casefiles.File, bool, error)
	OnLine(ctx context.Context, call string) (casefiles.File, casefiles.Role, bool, error)
	Get(ctx context.Context, file string) (casefiles.File, error)
	Calls(ctx context.Context, file string, limit int) ([]casefiles.Link, error)
}

// Missing tells whether one was not opened.
func (s Stores) Missing() bool {
	return s.FollowUps == nil || s.Referrals == nil || s.Shiftover == nil || s.Files == nil
}

type contacts interface {
	Caller(ctx context.Context, call string) (casework.Caller, error)
}

type floor interface {
	Call(id queue.CallID) (board.Call, bool)
	Agent(id queue.AgentID) (board.Agent, bool)
}

// Pages are those of what comes after a call.
type Pages struct {
	part.Clerk
	Stores
	Documents versions.Clerk
	Contacts  contacts                                  // casework.Contacts
	Board     floor                                     // *board.Board
	People    func() []users.User                       // in no order
	Account   func(id queue.AgentID) (users.User, bool) // what was last read of a person
	Person    func(id string) string                    // the name of a person
	Doer      func(by string) string                    // the name of who did something
	Line      func(id, locale string) string            // the name of a line
	Shown     func(line string) string                  // the number that who is called by a line sees; empty: none
	Zone      func() *time.Location                     // of the site
	NoTrunk   bool                                      // nobody can be called
}

// Endpoints are what can be asked of it, and of the directory of referrals.
func (p *Pages) Endpoints() []page.Endpoint {
	return append(versions.Endpoints[referrals.Directory](p.Documents, "services", p.Referrals.Versions), []page.Endpoint{
		{Pattern: "GET /api/followups", Access: page.Serving, Serve: p.listFollowUps},
		{Pattern: "GET /api/followups/{id}", Access: page.Serving, Serve: p.showFollowUp},
		{Pattern: "POST /api/followups/{id}/call", Access: page.Serving, Serve: p.callFollowUp},
		{Pattern: "POST /api/followups/{id}/move", Access: page.Serving, Serve: p.moveFollowUp},
		{Pattern: "POST /api/followups/{id}/assign", Access: page.Serving, Serve: p.assignFollowUp},
		{Pattern: "POST /api/followups/{id}/finish", Access: page.Serving, Serve: p.finishFollowUp},
		{Pattern: "PUT /api/followups/{id}/wish", Access: page.Serving, Serve: p.saveFollowUpWish},
		{Pattern: "GET /api/calls/{id}/followups", Access: page.Serving, Serve: p.callFollowUps},
		{Pattern: "POST /api/calls/{id}/followups", Access: page.Serving, Serve: p.planFollowUp},
		{Pattern: "PUT /api/calls/{id}/wish", Access: page.Serving, Serve: p.saveCallWish},
		{Pattern: "GET /api/services", Access: page.Serving, Serve: p.findServices},
		{Pattern: "GET /api/referrals", Access: page.Serving, Serve: p.listReferrals},
		{Pattern: "GET /api/referrals/{id}", Access: page.Serving, Serve: p.showReferral},
		{Pattern: "POST /api/referrals/{id}/tell", Access: page.Serving, Serve: p.tellReferral},
		{Pattern: "GET /api/calls/{id}/referrals", Access: page.Serving, Serve: p.callReferrals},
		{Pattern: "POST /api/calls/{id}/referrals", Access: page.Serving, Serve: p.sendReferral},
		{Pattern: "GET /api/shift/cases", Access: page.Serving, Serve: p.listShiftCases},
		{Pattern: "POST /api/shift/cases", Access: page.Serving, Serve: p.offerCase},
		{Pattern: "POST /api/shift/offers/{id}/accept", Access: page.Serving, Serve: p.acceptCase},
		{Pattern: "POST /api/shift/offers/{id}/decline", Access: page.Serving, Serve: p.declineCase},
		{Pattern: "POST /api/shift/offers/{id}/withdraw", Access: page.Serving, Serve: p.withdrawCase},
	}...)
}

// after says what went wrong with what comes after a call; true when nothing did.
func (p *Pages) after(w http.ResponseWriter, r *http.Request, err error) bool {
	if late, ok := errors.AsType[*followups.NotNow](err); ok {
		p.Fail(w, http.StatusConflict, protocol.NotNow, protocol.Params{"next_at": protocol.Millis(late.Next)})
		return false
	}
	return p.Answered(w, r, err,
		page.Refusal{Err: followups.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: followups.ErrClosed, Status: http.StatusConflict, Code: protocol.AlreadyClosed},
		page.Refusal{Err: followups.ErrBusy, Status: http.StatusConflict, Code: protocol.TaskBusy},
		page.Refusal{Err: followups.ErrRefused, Status: http.StatusConflict, Code: protocol.RefusesCall},
		page.Refusal{Err: followups.ErrUnusable, Status: http.StatusConflict, Code: protocol.NotCallable},
		page.Refusal{Err: followups.ErrStale, Status: http.StatusConflict, Code: protocol.Stale},
		page.Refusal{Err: followups.ErrInvalid, Status: http.StatusBadRequest, Code: protocol.BadRequest},
		page.Refusal{Err: referrals.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: referrals.ErrService, Status: http.StatusConflict, Code: protocol.NoService},
		page.Refusal{Err: referrals.ErrInvalid, Status: http.StatusBadRequest, Code: protocol.BadRequest},
		page.Refusal{Err: shiftover.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: shiftover.ErrNotYours, Status: http.StatusForbidden, Code: protocol.NotYourCase},
		page.Refusal{Err: shiftover.ErrSelf, Status: http.StatusConflict, Code: protocol.NotYourCase},
		page.Refusal{Err: shiftover.ErrOver, Status: http.StatusConflict, Code: protocol.OfferOver},
		page.Refusal{Err: shiftover.ErrInvalid, Status: http.StatusBadRequest, Code: protocol.BadRequest})
}

// person is whom a call is about: the person at risk when somebody else called for them. A file of theirs without a pseudonym says that they did not call.
func (p *Pages) person(ctx context.Context, call string) (who followups.Who, line, masked string, err error) {
	who.Call = call
	caller, err := p.Contacts.Caller(ctx, call)
	if err != nil {
		return who, "", "", err
	}
	file, known, err := p.Files.OfCall(ctx, call)
	if err != nil {
		return who, "", "", err
	}
	line = caller.Call.Line
	if row, live := p.Board.Call(queue.CallID(call)); live && line == "" {
		line = string(row.Line)
	}
	if known {
		who.File = file.ID
		_, role, found, err := p.Files.OnLine(ctx, call)
		if err != nil {
			return who, "", "", err
		}
		if found && role == casefiles.RoleReporter {
			return who, line, "", nil
		}
	}
	who.Refs = caller.Refs
	return who, line, caller.Masked, nil
}

// levelOf is how much danger a person saw in a call; high in any case when the caller said so, or it was treated so.
func (p *Pages) levelOf(ctx context.Context, call string) string {
	row, live := p.Board.Call(queue.CallID(call))
	if live && row.Level != "" {
		return string(row.Level)
	}
	if live && (row.Danger || row.Tier == queue.TierRed) {
		return string(crisis.LevelHigh)
	}
	if caller, err := p.Contacts.Caller(ctx, call); err == nil && caller.Call.AtRisk() {
		return string(crisis.LevelHigh)
	}
	return ""
}

// code is the short pseudonym of a file; empty when there is none.
func (p *Pages) code(ctx context.Context, file string) string {
	if file == "" {
		return ""
	}
	f, err := p.Files.Get(ctx, file)
	if err != nil {
		return ""
	}
	return f.Code
}
