// Package lines is how the administrator keeps the lines of the site (queue/lines), and who leads switches emergency mode.
package lines

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/agentui/versions"
	"hotline/queue/lines"
)

// Actions of the audit trail about lines.
const (
	ActionLinesSave    = "lines.save"
	ActionLinesRestore = "lines.restore"
	ActionEmergencyOn  = "emergency.on"
	ActionEmergencyOff = "emergency.off"
)

const (
	bodyMost     = lines.MaxDocument + 8<<10
	versionsMost = 100 // of one page of the history
	switchesMost = 50
	noteMost     = 500 // characters
)

// Store is what the console asks of the lines; *lines.Store is one.
type Store interface {
	Current(ctx context.Context) (lines.Version, error)
	Get(ctx context.Context, n int) (lines.Version, error)
	History(ctx context.Context, before, limit int) ([]lines.Version, error)
	Save(ctx context.Context, base int, p lines.Policy, by, note string) (lines.Version, error)
	Restore(ctx context.Context, base, n int, by, note string) (lines.Version, error)
	Emergency(ctx context.Context) (lines.Mode, error)
	SetEmergency(ctx context.Context, on bool, by, reason string) (lines.Mode, error)
	Emergencies(ctx context.Context, limit int) ([]lines.Mode, error)
	Site() lines.Site
}

var _ Store = (*lines.Store)(nil)

type people interface {
	List(ctx context.Context) ([]users.User, error)
}

// Pages are those of the lines.
type Pages struct {
	versions.Clerk
	Store  Store
	People people // *users.Store
}

// Endpoints are what can be asked of the lines and of emergency mode.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/lines", Access: page.Administrator, Serve: p.show},
		{Pattern: "PUT /api/lines", Access: page.Administrator, Serve: p.save, Body: bodyMost},
		{Pattern: "GET /api/lines/versions", Access: page.Administrator, Serve: p.list},
		{Pattern: "GET /api/lines/versions/{n}", Access: page.Administrator, Serve: p.one},
		{Pattern: "POST /api/lines/versions/{n}/restore", Access: page.Administrator, Serve: p.restore},
		{Pattern: "GET /api/emergency", Access: page.Leading, Serve: p.listEmergencies},
		{Pattern: "POST /api/emergency", Access: page.Leading, Serve: p.setEmergency},
	}
}

// Emergency tells of emergency mode, but not what callers hear then.
func Emergency(m lines.Mode, doer func(by string) string) protocol.Emergency {
	return protocol.Emergency{On: m.On, Since: protocol.Millis(m.Since), By: m.By, ByName: doer(m.By), Reason: m.Reason}
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	v, err := p.Store.Current(r.Context())
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	people, err := p.People.List(r.Context())
	if err != nil {
		p.Unavailable(w, r, err)
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
	site := p.Store.Site()
	p.Reply(w, http.StatusOK, protocol.Lines{
		Current: p.wire(v, true), Trunks: site.Trunks, Languages: site.Languages, DangerKey: site.DangerKey, Skills: slices.Sorted(maps.Keys(skills)),
	})
}

func (p *Pages) wire(v lines.Version, whole bool) protocol.LinesVersion {
	out := protocol.LinesVersion{
		Version: v.N, At: protocol.Millis(v.At), By: v.By, ByName: p.Doer(v.By), Note: v.Note, Origin: string(v.Origin), Restored: v.Restored,
	}
	if whole {
		out.Policy = &v.Policy
	}
	return out
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	before := 0
	if text := r.URL.Query().Get("before"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
			return
		}
		before = n
	}
	all, err := p.Store.History(r.Context(), before, versionsMost)
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	out := protocol.LinesHistory{Versions: []protocol.LinesVersion{}}
	for _, v := range all {
		out.Versions = append(out.Versions, p.wire(v, false))
	}
	p.Reply(w, http.StatusOK, out)
}

func (p *Pages) one(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	if v, ok := p.version(w, r); ok {
		p.Reply(w, http.StatusOK, p.wire(v, true))
	}
}

// version is the one that the path names; it has answered when it returns false.
func (p *Pages) version(w http.ResponseWriter, r *http.Request) (lines.Version, bool) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 {
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return lines.Version{}, false
	}
	v, err := p.Store.Get(r.Context(), n)
	switch {
	case errors.Is(err, lines.ErrNone):
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return v, false
	case err != nil:
		p.Unavailable(w, r, err)
		return v, false
	}
	return v, true
}

func (p *Pages) save(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SaveLines
	if !p.Read(w, r, &body) {
		return
	}
	policy, err := lines.Decode(body.Policy)
	if err != nil {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	p.change(w, r, v, ActionLinesSave, body.Base, body.Note, policy, func(ctx context.Context) (lines.Version, error) {
		return p.Store.Save(ctx, body.Base, policy, string(v.User.ID), body.Note)
	})
}

func (p *Pages) restore(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RestoreLines
	if !p.Read(w, r, &body) {
		return
	}
	old, ok := p.version(w, r)
	if !ok {
		return
	}
	p.change(w, r, v, ActionLinesRestore, body.Base, body.Note, old.Policy, func(ctx context.Context) (lines.Version, error) {
		return p.Store.Restore(ctx, body.Base, old.N, string(v.User.ID), body.Note)
	})
}

// change makes a new version. What would be refused is refused before the audit: a row says what was done.
func (p *Pages) change(w http.ResponseWriter, r *http.Request, v *page.Visitor, action string, base int, note string, policy lines.Policy, do func(context.Context) (lines.Version, error)) {
	err := policy.ValidateFor(p.Store.Site())
	if utf8.RuneCountInString(note) > noteMost {
		err = lines.ErrNote
	}
	if err == nil {
		now, look := p.Store.Current(r.Context())
		if err = look; look == nil && now.N != base {
			err = &lines.Stale{Current: now}
		}
	}
	if err == nil {
		err = p.Note(r, v, action, fmt.Sprintf("lines:%d", base+1), strings.TrimSpace(note))
	}
	var made lines.Version
	if err == nil {
		made, err = do(r.Context())
	}
	if err != nil {
		p.Refuse(w, r, err)
		return
	}
	p.Reply(w, http.StatusOK, p.wire(made, true))
}

// Refuse says what is wrong with a change of the lines.
func (p *Pages) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	if faults, ok := errors.AsType[lines.Faults](err); ok {
		p.Fail(w, http.StatusBadRequest, protocol.InvalidLines, protocol.Params{"faults": faults})
	} else if stale, ok := errors.AsType[*lines.Stale](err); ok {
		now := stale.Current
		p.Fail(w, http.StatusConflict, protocol.Stale, protocol.Params{"version": now.N, "at": protocol.Millis(now.At), "by_name": p.Doer(now.By)})
	} else {
		p.Answered(w, r, err, page.Refusal{Err: lines.ErrNote, Status: http.StatusBadRequest, Code: protocol.BadNote, Params: protocol.Params{"most": noteMost}})
	}
}

func (p *Pages) listEmergencies(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := p.Store.Emergencies(r.Context(), switchesMost)
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	out := protocol.EmergencyLog{Switches: []protocol.Emergency{}}
	for _, m := range all {
		out.Switches = append(out.Switches, Emergency(m, p.Doer))
	}
	p.Reply(w, http.StatusOK, out)
}

func (p *Pages) setEmergency(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SetEmergency
	if !p.Read(w, r, &body) {
		return
	}
	reason, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	now, err := p.Store.Emergency(r.Context())
	if err == nil && now.On != body.On {
		action := ActionEmergencyOff
		if body.On {
			action = ActionEmergencyOn
		}
		err = p.Note(r, v, action, "", reason)
		if err == nil {
			now, err = p.Store.SetEmergency(r.Context(), body.On, string(v.User.ID), reason)
		}
	}
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	p.Reply(w, http.StatusOK, Emergency(now, p.Doer))
}
