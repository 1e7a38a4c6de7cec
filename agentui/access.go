package agentui

import (
	"context"
	"net/http"
	"slices"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/page"
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
		enrolled, err := s.deps.Factors.Enrolled(ctx, v.User.ID)
		switch {
		case err != nil:
			return protocol.NextFactor, err
		case enrolled:
			return protocol.NextFactor, nil
		case s.factorRequired(v.User.Role):
			return protocol.NextEnrol, nil
		}
	}
	if v.User.Change && !v.signIn.ByProvider {
		return protocol.NextPassword, nil
	}
	idle := now.Sub(v.signIn.Input)
	if v.signIn.Locked.IsZero() && idle <= s.cfg.IdleLock {
		return protocol.NextNothing, nil
	}
	if !s.busy(v.User.ID) {
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
	if roles := e.Access.Roles(); len(roles) > 0 && !slices.Contains(roles, v.User.Role) {
		s.clerk.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
		return false
	}
	if v.next != protocol.NextNothing && !slices.Contains(e.Early, v.next) {
		status, code := tooEarly(v.next)
		s.clerk.Fail(w, status, code, nil)
		return false
	}
	if e.Fresh && !v.signIn.Factor.IsZero() && time.Since(v.signIn.Factor) > freshFor {
		s.clerk.Fail(w, http.StatusForbidden, protocol.FreshFactorNeeded, nil)
		return false
	}
	return true
}

// signInEndpoints are those that deal with the sign-in of who asks.
func (s *Server) signInEndpoints() []endpoint {
	row := func(pattern string, serve func(http.ResponseWriter, *http.Request, *visitor), early ...protocol.Next) endpoint {
		return endpoint{page.Endpoint{Pattern: pattern, Access: page.SignedIn, Early: early}, serve}
	}
	codes := row("POST /api/account/factor/codes", s.renewCodes)
	codes.Fresh = true
	others := row("GET /api/people/{id}/sign-ins", s.listSignIns)
	others.Access = page.Security
	return []endpoint{
		row("POST /api/logout", s.logout, anyStanding()...),
		row("GET /api/me", s.me, anyStanding()...),
		row("GET /ws", s.serveSocket, protocol.NextUnlock),
		row("POST /api/login/code", s.loginCode, protocol.NextFactor),
		row("GET /api/account", s.showAccount),
		row("POST /api/account/factor", s.beginFactor, protocol.NextEnrol),
		row("POST /api/account/factor/confirm", s.confirmFactor, protocol.NextEnrol),
		row("POST /api/account/factor/remove", s.removeFactor),
		codes,
		row("POST /api/account/prove", s.prove),
		row("POST /api/account/password", s.changePassword, protocol.NextPassword),
		row("POST /api/account/sign-ins/revoke", s.revokeOwn),
		row("POST /api/account/active", s.active),
		row("POST /api/account/lock", s.lock),
		row("POST /api/account/unlock", s.unlock, protocol.NextUnlock),
		others,
	}
}

// securityEndpoints are those of coming in, and of putting others out.
func (s *Server) securityEndpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "POST /api/login", Access: page.Anyone, Serve: s.login},
		{Pattern: "GET /api/provider/start", Access: page.Anyone, Serve: s.startProvider},
		{Pattern: "GET /api/provider/callback", Access: page.Anyone, Serve: s.finishProvider},

		{Pattern: "POST /api/people/{id}/sign-ins/revoke", Access: page.Security, Serve: s.revokeSignIns, Fresh: true},
	}
}
