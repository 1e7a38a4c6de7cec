package agentui

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
)

const checkTimeout = 2 * time.Second

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request, _ *page.Visitor) {
	s.clerk.Reply(w, http.StatusOK, protocol.Health{Status: "ok"})
}

// readyz tells whether browsers should be sent here: every check of Deps passes, the index was read, and we are not draining.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
	defer cancel()
	failed := map[string]string{}
	type result struct {
		name string
		err  error
	}
	results := make(chan result, len(s.deps.Checks))
	for name, check := range s.deps.Checks {
		go func() { results <- result{name, check(ctx)} }()
	}
	for range s.deps.Checks {
		if res := <-results; res.err != nil {
			s.log.Warn("a readiness check failed", "check", res.name, "error", res.err)
			failed[res.name] = healthWord(res.err) // the error itself may name hosts
		}
	}
	if !s.board.Loaded() {
		failed["index"] = "not read yet"
	}
	s.mu.Lock()
	if s.draining {
		failed["console"] = "draining"
	}
	s.mu.Unlock()
	if len(failed) > 0 {
		s.clerk.Reply(w, http.StatusServiceUnavailable, protocol.Health{Status: "unready", Checks: failed})
		return
	}
	s.clerk.Reply(w, http.StatusOK, protocol.Health{Status: "ok"})
}

func healthWord(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer"
	}
	return "failed"
}
