package agentui

import (
	"context"
	"net/http"
	"slices"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

const (
	finishWithin = 15 * time.Minute // to finish a sign-in that was begun
	freshFor     = 15 * time.Minute // that a second factor counts as proved lately
	usedEvery    = 30 * time.Second // how exactly it is known when a sign-in was last used
	overtime     = 2 * time.Minute  // how long a sign-in whose time is over goes on within a call; moved on as long as that lasts
)

// anyStanding is for what may be asked whatever has to come next.
func anyStanding() []protocol.Next {
	return []protocol.Next{protocol.NextFactor, protocol.NextEnrol, protocol.NextPassword, protocol.NextUnlock}
}

// unfinished tells whether the person was never wholly signed in.
func unfinished(n protocol.Next) bool { return n != protocol.NextNothing && n != protocol.NextUnlock }

// factorRequired tells whether people in a role must have a second factor: those who see more than their own calls.
func (s *Server) factorRequired(r users.Role) bool { return !s.cfg.FactorOptional && r != users.Agent }

// nextOf tells what a sign-in must do before anything else.
func (s *Server) nextOf(ctx context.Context, v *visitor, now time.Time) (protocol.Next, error) {
	if v.signIn.Factor.IsZero() {
		enrolled, err := s.deps.Factors.Enrolled(ctx, v.user.ID)
		switch {
		case err != nil:
			return protocol.NextFactor, err
		case enrolled:
			return protocol.NextFactor, nil
		case s.factorRequired(v.user.Role):
			return protocol.NextEnrol, nil
		}
	}
	if v.user.Change && !v.signIn.ByProvider {
		return protocol.NextPassword, nil
	}
	idle := now.Sub(v.signIn.Input)
	if v.signIn.Locked.IsZero() && idle <= s.cfg.IdleLock {
		return protocol.NextNothing, nil
	}
	if !s.busy(v.user.ID) {
		return protocol.NextUnlock, nil
	}
	// Within a call nothing is locked, and who talks for an hour is not idle when it ends.
	if v.signIn.Locked.IsZero() {
		return protocol.NextNothing, s.deps.Users.Sessions().Active(ctx, v.token)
	}
	return protocol.NextNothing, nil
}

// busy tells whether a person talks, takes part in a talk, is offered a call, or is kept or waited for by a caller at risk: then nothing may stand between
// the two.
func (s *Server) busy(id queue.AgentID) bool {
	a, ok := s.board.Agent(id)
	return ok && (a.State == queue.AgentTalking || a.State == queue.AgentReserved || a.Assist != "" || a.Keeps != "" || s.vanished(a))
}

// atWork tells whether a call, an offer or the wrap-up of a call has the person.
func (s *Server) atWork(id queue.AgentID) bool {
	a, ok := s.board.Agent(id)
	return s.busy(id) || ok && a.State == queue.AgentWrapUp
}

// vanished tells whether a caller at risk waits whom this person lost a moment ago, and would have again.
func (s *Server) vanished(a board.Agent) bool {
	if a.Reason != queue.ReasonConnectionLost {
		return false
	}
	for _, c := range s.board.Calls() {
		if c.LostBy == a.ID {
			return true
		}
	}
	return false
}

// tooEarly names the refusal of what comes before its turn.
func tooEarly(n protocol.Next) (status int, code protocol.Code) {
	switch n {
	case protocol.NextFactor:
		return http.StatusForbidden, protocol.FactorNeeded
	case protocol.NextEnrol:
		return http.StatusForbidden, protocol.EnrolmentNeeded
	case protocol.NextPassword:
		return http.StatusForbidden, protocol.PasswordNeeded
	}
	return http.StatusLocked, protocol.IsLocked
}

// mayCome tells whether somebody who is signed in may use an endpoint; it has answered when it returns false.
func (s *Server) mayCome(w http.ResponseWriter, e endpoint, v *visitor) bool {
	if roles := e.access.roles(); len(roles) > 0 && !slices.Contains(roles, v.user.Role) {
		s.fail(w, http.StatusForbidden, protocol.Forbidden, nil)
		return false
	}
	if v.next != protocol.NextNothing && !slices.Contains(e.early, v.next) {
		status, code := tooEarly(v.next)
		s.fail(w, status, code, nil)
		return false
	}
	if e.fresh && !v.signIn.Factor.IsZero() && time.Since(v.signIn.Factor) > freshFor {
		s.fail(w, http.StatusForbidden, protocol.FreshFactorNeeded, nil)
		return false
	}
	return true
}

// safetyEndpoints are those of signing in, of people and of the audit trail.
func (s *Server) safetyEndpoints() []endpoint {
	factor, enrol := []protocol.Next{protocol.NextFactor}, []protocol.Next{protocol.NextEnrol}
	return []endpoint{
		{pattern: "POST /api/login/code", access: accessSignedIn, serve: s.loginCode, early: factor},
		{pattern: "GET /api/provider/start", access: accessAnyone, serve: s.startProvider},
		{pattern: "GET /api/provider/callback", access: accessAnyone, serve: s.finishProvider},
		{pattern: "GET /api/account", access: accessSignedIn, serve: s.showAccount},
		{pattern: "POST /api/account/factor", access: accessSignedIn, serve: s.beginFactor, early: enrol},
		{pattern: "POST /api/account/factor/confirm", access: accessSignedIn, serve: s.confirmFactor, early: enrol},
		{pattern: "POST /api/account/factor/remove", access: accessSignedIn, serve: s.removeFactor},
		{pattern: "POST /api/account/factor/codes", access: accessSignedIn, serve: s.renewCodes, fresh: true},
		{pattern: "POST /api/account/prove", access: accessSignedIn, serve: s.prove},
		{pattern: "POST /api/account/password", access: accessSignedIn, serve: s.changePassword, early: []protocol.Next{protocol.NextPassword}},
		{pattern: "POST /api/account/sign-ins/revoke", access: accessSignedIn, serve: s.revokeOwn},
		{pattern: "POST /api/account/active", access: accessSignedIn, serve: s.active},
		{pattern: "POST /api/account/lock", access: accessSignedIn, serve: s.lock},
		{pattern: "POST /api/account/unlock", access: accessSignedIn, serve: s.unlock, early: []protocol.Next{protocol.NextUnlock}},

		{pattern: "GET /api/people", access: accessSecurity, serve: s.listPeople},
		{pattern: "POST /api/people", access: accessSecurity, serve: s.addPerson, fresh: true},
		{pattern: "PUT /api/people/{id}", access: accessSecurity, serve: s.savePerson, fresh: true},
		{pattern: "GET /api/people/{id}/history", access: accessSecurity, serve: s.personHistory},
		{pattern: "POST /api/people/{id}/restore", access: accessSecurity, serve: s.restorePerson, fresh: true},
		{pattern: "POST /api/people/{id}/password", access: accessSecurity, serve: s.givePassword, fresh: true},
		{pattern: "POST /api/people/{id}/factor/reset", access: accessSecurity, serve: s.resetFactor, fresh: true},
		{pattern: "POST /api/people/{id}/unlock", access: accessSecurity, serve: s.unlockPerson},
		{pattern: "POST /api/people/{id}/unlink", access: accessSecurity, serve: s.unlinkPerson, fresh: true},
		{pattern: "GET /api/people/{id}/sign-ins", access: accessSecurity, serve: s.listSignIns},
		{pattern: "POST /api/people/{id}/sign-ins/revoke", access: accessSecurity, serve: s.revokeSignIns, fresh: true},
		{pattern: "GET /api/doors", access: accessSecurity, serve: s.listDoors},
		{pattern: "POST /api/doors/open", access: accessSecurity, serve: s.openDoor},
		{pattern: "GET /api/work", access: accessLeading, serve: s.listWork},
		{pattern: "GET /api/people/{id}/work", access: accessLeading, serve: s.workHistory},
		{pattern: "PUT /api/people/{id}/work", access: accessLeading, serve: s.saveWork},

		{pattern: "GET /api/audit", access: accessAuditor, serve: s.searchAudit},
		{pattern: "GET /api/audit/export", access: accessAuditor, serve: s.exportAudit},
	}
}
