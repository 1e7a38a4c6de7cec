package agentui

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"hotline/agentui/figures"
	"hotline/agentui/page"
	"hotline/agentui/passes"
	"hotline/agentui/protocol"
	"hotline/agentui/walls"
	"hotline/queue"
)

// linked tells whether a request comes by a link in force for a purpose; it has answered when it returns false. The secret comes in a header, which no log
// of addresses keeps. Who has a link for something else hears so, and needs no supervisor to find out why the page stays empty.
func (s *Server) linked(w http.ResponseWriter, r *http.Request, purpose passes.Purpose) bool {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	err := walls.ErrNotFound
	if ok && secret != "" {
		_, err = s.deps.Walls.Known(r.Context(), time.Now(), secret, purpose)
	}
	switch {
	case errors.Is(err, walls.ErrNotFound):
		s.clerk.Fail(w, http.StatusUnauthorized, protocol.SignedOut, nil)
	case errors.Is(err, walls.ErrOther):
		s.clerk.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
	case err != nil:
		s.clerk.Unavailable(w, r, err)
	}
	return err == nil
}

// showWall answers GET /api/wall. It names nobody, and goes on with what is known when a part of the site is away: a dark display helps nobody.
func (s *Server) showWall(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	emergency := s.emergencyFor(s.cfg.Locale)
	out := protocol.Wall{
		At: time.Now().UnixMilli(), Locale: s.cfg.Locale, Waiting: map[string]int{}, Agents: map[string]int{}, Standings: []protocol.Standing{},
		Trouble: s.troubles.queueAway(), Emergency: emergency.On, Message: emergency.Message,
	}
	for _, t := range []queue.Tier{queue.TierRed, queue.TierReturning, queue.TierFollowUp, queue.TierNormal, queue.TierNuisance} {
		out.Waiting[string(t)] = 0
	}
	for _, st := range []queue.AgentState{queue.AgentAvailable, queue.AgentReserved, queue.AgentTalking, queue.AgentWrapUp, queue.AgentNotReady} {
		out.Agents[string(st)] = 0
	}
	for _, c := range s.board.Calls() {
		if c.State == queue.CallTalking || c.State == queue.CallHeld {
			out.Talking++
			continue
		}
		if c.Callback {
			continue // nobody is on the line
		}
		tier := c.Tier
		if c.Danger {
			tier = queue.TierRed
		}
		out.Waiting[string(tier)]++
		if at := protocol.Millis(c.Arrived); out.WaitingSince == 0 || at < out.WaitingSince {
			out.WaitingSince = at
		}
	}
	for _, a := range s.board.Agents() {
		if a.State != queue.AgentOffline {
			out.Agents[string(a.State)]++
		}
	}
	if c, err := s.figures.OfDay(r.Context()); err != nil {
		out.Stale = true
	} else {
		out.Today, out.Standings = figures.Served(c.Today()), c.Standings(nil)
	}
	s.clerk.Reply(w, http.StatusOK, out)
}
