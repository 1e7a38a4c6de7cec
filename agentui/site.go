package agentui

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	office "hotline/agentui/lines"
	"hotline/agentui/protocol"
	"hotline/casework/figures"
	"hotline/queue"
	"hotline/queue/lines"
)

// policies is what the console asks of the lines; *lines.Store is one.
type policies interface {
	office.Store
	// Watch tells what is in force and each change of it until ctx ends.
	Watch(ctx context.Context, tell func(lines.Version, lines.Mode)) error
}

var _ policies = (*lines.Store)(nil)

// siteView is what of the site's policy pages show all the time: the names of lines, and whether emergency mode is on.
type siteView struct {
	mu    sync.Mutex
	names map[queue.LineID]lines.Words
	order []string          // ids of the lines in force
	shows map[string]string // the number that who is called back sees, by line
	place *time.Location    // the site's zone
	goals []figures.Goal
	mode  lines.Mode
	words lines.Words // of the emergency
}

func (v *siteView) lineNames(id queue.LineID) lines.Words {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.names[id]
}

func (v *siteView) set(p lines.Version, m lines.Mode) {
	names := map[queue.LineID]lines.Words{}
	for _, l := range append(p.Retired, p.Policy.Lines...) { // somebody may still be on a retired one
		names[queue.LineID(l.ID)] = l.Names
	}
	order, shows := make([]string, 0, len(p.Policy.Lines)), map[string]string{}
	for _, l := range p.Policy.Lines {
		order = append(order, l.ID)
		shows[l.ID] = p.Policy.Effective(l, false).Callback.CallerID
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.names, v.mode, v.words = names, m, p.Policy.EmergencyMessage
	v.order, v.goals, v.shows, v.place = order, goalsOf(p.Policy), shows, p.Policy.Place()
}

// shown is the number that a person who is called by a line sees; empty: none.
func (v *siteView) shown(line string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.shows[line]
}

// zone is where the site is; until the lines are known, where a site is whose lines say nothing.
func (v *siteView) zone() *time.Location {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.place == nil {
		return lines.Policy{}.Place()
	}
	return v.place
}

func (v *siteView) lineIDs() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.order)
}

// promised are the goals of service in force: the standards alone until the policy is known.
func (v *siteView) promised() []figures.Goal {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.goals == nil {
		return figures.Standards()
	}
	return v.goals
}

// goalsOf are the standards, the site's own targets and those of its lines.
func goalsOf(p lines.Policy) []figures.Goal {
	goals := figures.Standards()
	for _, t := range p.Targets {
		goals = append(goals, figures.Goal{ID: figures.GoalSite, Within: time.Duration(t.Within), Share: t.Share})
	}
	for _, l := range p.Lines {
		if l.Target != (lines.Target{}) {
			goals = append(goals, figures.Goal{ID: figures.GoalLine, Line: l.ID, Within: time.Duration(l.Target.Within), Share: l.Target.Share})
		}
	}
	return goals
}

// followSite keeps the view equal to what is in force until ctx ends, and tells every page.
func (s *Server) followSite(ctx context.Context) {
	err := s.deps.Lines.Watch(ctx, func(v lines.Version, m lines.Mode) {
		s.site.set(v, m)
		s.board.Relabelled()
		s.tellEmergency()
	})
	if err != nil && ctx.Err() == nil {
		s.log.Error("changes of the lines are not followed any more", "error", err)
	}
}

// tellEmergency brings every page up to date; see tellTrouble.
func (s *Server) tellEmergency() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.tabs {
		t.out.tellEmergency(s.emergencyFor(t.user.Locale))
	}
}

func (s *Server) emergencyFor(locale string) protocol.Emergency {
	s.site.mu.Lock()
	m, words := s.site.mode, s.site.words
	s.site.mu.Unlock()
	e := office.Emergency(m, s.doer)
	if m.On {
		if e.Message = words[locale]; e.Message == "" {
			e.Message = words[s.cfg.Locale]
		}
	}
	return e
}

// doer is the name of who changed something: a person's, or what stands for the file and the command line.
func (s *Server) doer(by string) string {
	if strings.HasPrefix(by, "u-") {
		return s.directory.name(queue.AgentID(by))
	}
	return by
}

// lineName is the line's name in a language, else in the console's, else its id.
func (s *Server) lineName(id queue.LineID, locale string) string {
	names := s.site.lineNames(id)
	for _, l := range []string{locale, s.cfg.Locale} {
		if name := names[l]; name != "" {
			return name
		}
	}
	return string(id)
}

// nameOf is the name of a person of the house; "" stays "".
func (s *Server) nameOf(user string) string { return s.directory.name(queue.AgentID(user)) }

// lineOf is lineName for who has no types of the queue.
func (s *Server) lineOf(line, locale string) string { return s.lineName(queue.LineID(line), locale) }
