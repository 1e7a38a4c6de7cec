package agentui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/queue/lines"
)

// policies is what the console asks of the lines; *lines.Store is one.
type policies interface {
	Current(ctx context.Context) (lines.Version, error)
	Get(ctx context.Context, n int) (lines.Version, error)
	History(ctx context.Context, before, limit int) ([]lines.Version, error)
	Save(ctx context.Context, base int, p lines.Policy, by, note string) (lines.Version, error)
	Restore(ctx context.Context, base, n int, by, note string) (lines.Version, error)
	Emergency(ctx context.Context) (lines.Mode, error)
	SetEmergency(ctx context.Context, on bool, by, reason string) (lines.Mode, error)
	Emergencies(ctx context.Context, limit int) ([]lines.Mode, error)
	Site() lines.Site
	// Watch tells what is in force and each change of it until ctx ends.
	Watch(ctx context.Context, tell func(lines.Version, lines.Mode)) error
}

var _ policies = (*lines.Store)(nil)

const (
	linesBody   = lines.MaxDocument + 8<<10
	versionsMax = 100
	switchesMax = 50
	noteMost    = 500
)

func (s *Server) showLines(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	v, err := s.deps.Lines.Current(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	people, err := s.deps.Users.List(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	skills := map[string]bool{}
	for _, u := range people {
		for name := range u.Skills {
			skills[name] = true
		}
	}
	for _, l := range v.Policy.Lines {
		for name := range l.Needs {
			skills[name] = true
		}
		for _, c := range l.Menu {
			for name := range c.Needs {
				skills[name] = true
			}
		}
	}
	site := s.deps.Lines.Site()
	s.clerk.Reply(w, http.StatusOK, protocol.Lines{
		Current: s.linesVersion(v, true), Trunks: site.Trunks, Languages: site.Languages, DangerKey: site.DangerKey, Skills: slices.Sorted(maps.Keys(skills)),
	})
}

func (s *Server) linesVersion(v lines.Version, whole bool) protocol.LinesVersion {
	out := protocol.LinesVersion{
		Version: v.N, At: protocol.Millis(v.At), By: v.By, ByName: s.doer(v.By), Note: v.Note, Origin: string(v.Origin), Restored: v.Restored,
	}
	if whole {
		out.Policy = &v.Policy
	}
	return out
}

func (s *Server) listLines(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	before := 0
	if text := r.URL.Query().Get("before"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
			return
		}
		before = n
	}
	all, err := s.deps.Lines.History(r.Context(), before, versionsMax)
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	out := protocol.LinesHistory{Versions: []protocol.LinesVersion{}}
	for _, v := range all {
		out.Versions = append(out.Versions, s.linesVersion(v, false))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

func (s *Server) oneLines(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	if v, ok := s.version(w, r); ok {
		s.clerk.Reply(w, http.StatusOK, s.linesVersion(v, true))
	}
}

// version is the one that the path names; it has answered when it returns false.
func (s *Server) version(w http.ResponseWriter, r *http.Request) (lines.Version, bool) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 {
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return lines.Version{}, false
	}
	v, err := s.deps.Lines.Get(r.Context(), n)
	switch {
	case errors.Is(err, lines.ErrNone):
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return v, false
	case err != nil:
		s.clerk.Unavailable(w, r, err)
		return v, false
	}
	return v, true
}

func (s *Server) saveLines(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SaveLines
	if !s.clerk.Read(w, r, &body) {
		return
	}
	p, err := lines.Decode(body.Policy)
	if err != nil {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	s.changeLines(w, r, v, ActionLinesSave, body.Base, body.Note, p, func(ctx context.Context) (lines.Version, error) {
		return s.deps.Lines.Save(ctx, body.Base, p, string(v.User.ID), body.Note)
	})
}

func (s *Server) restoreLines(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RestoreLines
	if !s.clerk.Read(w, r, &body) {
		return
	}
	old, ok := s.version(w, r)
	if !ok {
		return
	}
	s.changeLines(w, r, v, ActionLinesRestore, body.Base, body.Note, old.Policy, func(ctx context.Context) (lines.Version, error) {
		return s.deps.Lines.Restore(ctx, body.Base, old.N, string(v.User.ID), body.Note)
	})
}

// changeLines makes a new version. What would be refused is refused before the audit: a row says what was done.
func (s *Server) changeLines(w http.ResponseWriter, r *http.Request, v *page.Visitor, action string, base int, note string, p lines.Policy, change func(context.Context) (lines.Version, error)) {
	err := p.ValidateFor(s.deps.Lines.Site())
	if utf8.RuneCountInString(note) > noteMost {
		err = lines.ErrNote
	}
	if err == nil {
		now, look := s.deps.Lines.Current(r.Context())
		if err = look; look == nil && now.N != base {
			err = &lines.Stale{Current: now}
		}
	}
	if err == nil {
		err = s.deps.Audit.Append(r.Context(), page.Entry{
			At: time.Now(), Actor: v.User.ID, Role: v.User.Role, Action: action, Object: fmt.Sprintf("lines:%d", base+1), Reason: strings.TrimSpace(note),
			Remote: s.cfg.TrustedProxies.Remote(r).String(),
		})
	}
	var made lines.Version
	if err == nil {
		made, err = change(r.Context())
	}
	if err != nil {
		s.refuseLines(w, r, err)
		return
	}
	s.clerk.Reply(w, http.StatusOK, s.linesVersion(made, true))
}

func (s *Server) refuseLines(w http.ResponseWriter, r *http.Request, err error) {
	if faults, ok := errors.AsType[lines.Faults](err); ok {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.InvalidLines, protocol.Params{"faults": faults})
	} else if stale, ok := errors.AsType[*lines.Stale](err); ok {
		now := stale.Current
		s.clerk.Fail(w, http.StatusConflict, protocol.Stale, protocol.Params{"version": now.N, "at": protocol.Millis(now.At), "by_name": s.doer(now.By)})
	} else if errors.Is(err, lines.ErrNote) {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadNote, protocol.Params{"most": noteMost})
	} else {
		s.clerk.Unavailable(w, r, err)
	}
}

func (s *Server) listEmergencies(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := s.deps.Lines.Emergencies(r.Context(), switchesMax)
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	out := protocol.EmergencyLog{Switches: []protocol.Emergency{}}
	for _, m := range all {
		out.Switches = append(out.Switches, s.emergency(m))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

func (s *Server) setEmergency(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SetEmergency
	if !s.clerk.Read(w, r, &body) {
		return
	}
	reason := strings.TrimSpace(body.Reason)
	if n := utf8.RuneCountInString(reason); n < page.ReasonLeast || n > page.ReasonMost {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadReason, protocol.Params{"least": page.ReasonLeast, "most": page.ReasonMost})
		return
	}
	now, err := s.deps.Lines.Emergency(r.Context())
	if err == nil && now.On != body.On {
		action := ActionEmergencyOff
		if body.On {
			action = ActionEmergencyOn
		}
		err = s.deps.Audit.Append(r.Context(), page.Entry{
			At: time.Now(), Actor: v.User.ID, Role: v.User.Role, Action: action, Reason: reason, Remote: s.cfg.TrustedProxies.Remote(r).String(),
		})
		if err == nil {
			now, err = s.deps.Lines.SetEmergency(r.Context(), body.On, string(v.User.ID), reason)
		}
	}
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	s.clerk.Reply(w, http.StatusOK, s.emergency(now))
}
