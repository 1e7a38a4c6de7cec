package agentui

import (
	"context"
	"errors"
	"net/http"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/versions"
	"hotline/casework/files"
	"hotline/casework/followups"
	"hotline/casework/referrals"
	"hotline/casework/reviews"
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

// Aftercare is what the console stands on for what comes after a call.
type Aftercare struct {
	FollowUps *followups.Store
	Referrals *referrals.Store
	Shiftover *shiftover.Store
	Files     personFiles
}

type personFiles interface {
	OfCall(ctx context.Context, call string) (files.File, bool, error)
	OnLine(ctx context.Context, call string) (files.File, files.Role, bool, error)
	Get(ctx context.Context, file string) (files.File, error)
}

func (a Aftercare) missing() bool {
	return a.FollowUps == nil || a.Referrals == nil || a.Shiftover == nil || a.Files == nil
}

func (s *Server) aftercareEndpoints() []page.Endpoint {
	return append(versions.Endpoints[referrals.Directory](s.versions(), "services", s.deps.Aftercare.Referrals.Versions), []page.Endpoint{
		{Pattern: "GET /api/followups", Access: page.Serving, Serve: s.listFollowUps},
		{Pattern: "GET /api/followups/{id}", Access: page.Serving, Serve: s.showFollowUp},
		{Pattern: "POST /api/followups/{id}/call", Access: page.Serving, Serve: s.callFollowUp},
		{Pattern: "POST /api/followups/{id}/move", Access: page.Serving, Serve: s.moveFollowUp},
		{Pattern: "POST /api/followups/{id}/assign", Access: page.Serving, Serve: s.assignFollowUp},
		{Pattern: "POST /api/followups/{id}/finish", Access: page.Serving, Serve: s.finishFollowUp},
		{Pattern: "PUT /api/followups/{id}/wish", Access: page.Serving, Serve: s.saveFollowUpWish},
		{Pattern: "GET /api/calls/{id}/followups", Access: page.Serving, Serve: s.callFollowUps},
		{Pattern: "POST /api/calls/{id}/followups", Access: page.Serving, Serve: s.planFollowUp},
		{Pattern: "PUT /api/calls/{id}/wish", Access: page.Serving, Serve: s.saveCallWish},
		{Pattern: "GET /api/services", Access: page.Serving, Serve: s.findServices},
		{Pattern: "GET /api/referrals", Access: page.Serving, Serve: s.listReferrals},
		{Pattern: "GET /api/referrals/{id}", Access: page.Serving, Serve: s.showReferral},
		{Pattern: "POST /api/referrals/{id}/tell", Access: page.Serving, Serve: s.tellReferral},
		{Pattern: "GET /api/calls/{id}/referrals", Access: page.Serving, Serve: s.callReferrals},
		{Pattern: "POST /api/calls/{id}/referrals", Access: page.Serving, Serve: s.sendReferral},
		{Pattern: "GET /api/shift/cases", Access: page.Serving, Serve: s.listShiftCases},
		{Pattern: "POST /api/shift/cases", Access: page.Serving, Serve: s.offerCase},
		{Pattern: "POST /api/shift/offers/{id}/accept", Access: page.Serving, Serve: s.acceptCase},
		{Pattern: "POST /api/shift/offers/{id}/decline", Access: page.Serving, Serve: s.declineCase},
		{Pattern: "POST /api/shift/offers/{id}/withdraw", Access: page.Serving, Serve: s.withdrawCase},
	}...)
}

// after says what went wrong with what comes after a call; true when nothing did.
func (s *Server) after(w http.ResponseWriter, r *http.Request, err error) bool {
	if late, ok := errors.AsType[*followups.NotNow](err); ok {
		s.clerk.Fail(w, http.StatusConflict, protocol.NotNow, protocol.Params{"next_at": protocol.Millis(late.Next)})
		return false
	}
	for _, known := range []struct {
		err    error
		status int
		code   protocol.Code
	}{
		{followups.ErrNotFound, http.StatusNotFound, protocol.NotFound}, {followups.ErrClosed, http.StatusConflict, protocol.AlreadyClosed},
		{followups.ErrBusy, http.StatusConflict, protocol.TaskBusy}, {followups.ErrRefused, http.StatusConflict, protocol.RefusesCall},
		{followups.ErrUnusable, http.StatusConflict, protocol.NotCallable}, {followups.ErrStale, http.StatusConflict, protocol.Stale},
		{followups.ErrInvalid, http.StatusBadRequest, protocol.BadRequest}, {referrals.ErrNotFound, http.StatusNotFound, protocol.NotFound},
		{referrals.ErrService, http.StatusConflict, protocol.NoService}, {referrals.ErrInvalid, http.StatusBadRequest, protocol.BadRequest},
		{shiftover.ErrNotFound, http.StatusNotFound, protocol.NotFound}, {shiftover.ErrNotYours, http.StatusForbidden, protocol.NotYourCase},
		{shiftover.ErrSelf, http.StatusConflict, protocol.NotYourCase}, {shiftover.ErrOver, http.StatusConflict, protocol.OfferOver},
		{shiftover.ErrInvalid, http.StatusBadRequest, protocol.BadRequest},
	} {
		if errors.Is(err, known.err) {
			s.clerk.Fail(w, known.status, known.code, nil)
			return false
		}
	}
	return s.answered(w, r, err)
}

// person is whom a call is about: the person at risk when somebody else called for them. A file of theirs without a pseudonym says that they did not call.
func (s *Server) person(ctx context.Context, call string) (who followups.Who, line, masked string, err error) {
	who.Call = call
	caller, err := s.deps.Care.Contacts.Caller(ctx, call)
	if err != nil {
		return who, "", "", err
	}
	file, known, err := s.deps.Aftercare.Files.OfCall(ctx, call)
	if err != nil {
		return who, "", "", err
	}
	line = caller.Call.Line
	if row, live := s.board.Call(queue.CallID(call)); live && line == "" {
		line = string(row.Line)
	}
	if known {
		who.File = file.ID
		_, role, found, err := s.deps.Aftercare.Files.OnLine(ctx, call)
		if err != nil {
			return who, "", "", err
		}
		if found && role == files.RoleReporter {
			return who, line, "", nil
		}
	}
	who.Refs = caller.Refs
	return who, line, caller.Masked, nil
}

// levelOf is how much danger a person saw in a call; high in any case when the caller said so, or it was treated so.
func (s *Server) levelOf(ctx context.Context, call string) string {
	row, live := s.board.Call(queue.CallID(call))
	if live && row.Level != "" {
		return string(row.Level)
	}
	if live && (row.Danger || row.Tier == queue.TierRed) {
		return string(crisis.LevelHigh)
	}
	if caller, err := s.deps.Care.Contacts.Caller(ctx, call); err == nil && atRisk(caller.Call) {
		return string(crisis.LevelHigh)
	}
	return ""
}

// code is the short pseudonym of a file; empty when there is none.
func (s *Server) code(ctx context.Context, file string) string {
	if file == "" {
		return ""
	}
	f, err := s.deps.Aftercare.Files.Get(ctx, file)
	if err != nil {
		return ""
	}
	return f.Code
}

// ownDuties is what of it waits for one person.
type ownDuties struct {
	followUps, referrals, handovers int
	reviews                         reviews.OwnOwed
}

// lookAfter looks at what waits after calls.
func (s *Server) lookAfter(ctx context.Context, d *protocol.Duties) (own map[string]ownDuties, change int64, err error) {
	a := s.deps.Aftercare
	follow, err1 := a.FollowUps.Owed(ctx)
	ask, err2 := a.Referrals.Owed(ctx)
	shift, err3 := a.Shiftover.Waiting(ctx)
	review, err4 := s.deps.Staff.Reviews.Owed(ctx)
	own = map[string]ownDuties{}
	for who, n := range follow.Due {
		o := own[who]
		o.followUps = n
		own[who] = o
	}
	for who, n := range ask.Due {
		o := own[who]
		o.referrals = n
		own[who] = o
	}
	for who, n := range shift.For {
		o := own[who]
		o.handovers = n
		own[who] = o
	}
	for who, waits := range review.Own {
		o := own[who]
		o.reviews = waits
		own[who] = o
	}
	d.FollowUpsLate, d.HandoversLate = follow.Late, shift.Climbed
	d.Reviews, d.ReviewsLate = review.Open, review.Late
	return own, follow.Changed*31 + ask.Changed*17 + shift.Change, errors.Join(err1, err2, err3, err4)
}
