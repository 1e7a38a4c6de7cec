package agentui

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/settings"
	"hotline/agentui/versions"
)

// settingsStore is what the console asks of the settings; *settings.Store is one.
type settingsStore interface {
	versions.Store[settings.Settings]
	Watch(ctx context.Context, tell func(settings.Version), away func(error))
}

var _ settingsStore = (*settings.Store)(nil)

// settingsView is what is in force, as this console saw it last.
type settingsView struct {
	mu  sync.Mutex
	now settings.Version
}

func (v *settingsView) get() settings.Version {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

func (v *settingsView) set(now settings.Version) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = now
}

// rules are the settings in force, as this console saw them last.
func (s *Server) rules() settings.Settings { return s.settings.get().Doc }

// pauses tells whether it is a reason of NotReady. Until the database answered for the first time, those of the configuration are.
func (s *Server) pauses(reason string) bool {
	now := s.settings.get()
	if now.Origin == "" {
		return slices.Contains(s.cfg.Reasons, reason)
	}
	return now.Doc.HasReason(reason)
}

func (s *Server) settingsEndpoints() []page.Endpoint {
	return append(versions.Endpoints[settings.Settings](s.versions(), "settings", s.deps.Settings),
		page.Endpoint{Pattern: "GET /api/settings", Access: page.SignedIn, Serve: s.showSettings})
}

// showSettings reads anew: the page asks because it was told that they changed.
func (s *Server) showSettings(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	v, err := s.deps.Settings.Current(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	s.clerk.Reply(w, http.StatusOK, protocol.Settings{Version: v.N, Settings: v.Doc})
}

// followSettings keeps what is in force until ctx ends, and tells every page the number of the version.
func (s *Server) followSettings(ctx context.Context) {
	s.deps.Settings.Watch(ctx, func(v settings.Version) {
		shown := s.settings.get().Doc.Supervised
		s.settings.set(v)
		if v.Doc.Supervised != shown {
			s.board.Relabelled() // who listens shows now, or no longer
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for t := range s.tabs {
			t.out.tellSettings(v.N)
		}
	}, func(err error) {
		if err != nil {
			s.log.Warn("the settings cannot be read; what was in force stays", "error", err)
		} else {
			s.log.Info("the settings can be read again")
		}
	})
}
