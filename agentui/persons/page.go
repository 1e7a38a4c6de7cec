package persons

import (
	"context"
	"net/http"
	"slices"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/files"
)

// openFile answers with everything about a person. It is written down who opened it, and why, before anything is shown.
func (p *Pages) openFile(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.PersonSeek
	if !p.Read(w, r, &body) {
		return
	}
	f, err := p.seek(r, v, body)
	if !p.filed(w, r, err) {
		return
	}
	grant := ""
	switch err := p.mayFile(r.Context(), v, f.ID, ""); {
	case err == errReasonNeeded: //nolint:errorlint // made by mayFile
		var ok bool
		if body.Reason, ok = p.Reason(w, body.Reason); !ok {
			return
		}
		grant = page.NewGrant(v.Grants, personGrant(f.ID), time.Now().Add(fileGrant))
	case !p.filed(w, r, err):
		return
	}
	out := protocol.FilePage{Grant: grant}
	if p.filed(w, r, p.Audited(r, v, ActionFileView, "file:"+f.ID, body.Reason, func(ctx context.Context) (err error) {
		out, err = p.filePage(ctx, v, f)
		out.Grant = grant
		return err
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}

// seek finds the file that is asked for.
func (p *Pages) seek(r *http.Request, v *page.Visitor, body protocol.PersonSeek) (f files.File, err error) {
	ctx, store := r.Context(), p.Files
	switch {
	case body.File != "":
		return store.Get(ctx, body.File)
	case body.Code != "":
		return store.ByCode(ctx, body.Code)
	case body.Call != "":
		f, ok, err := store.OfCall(ctx, body.Call)
		if err == nil && !ok {
			err = files.ErrNotFound
		}
		return f, err
	case body.Phrase != "":
		err = p.Audited(r, v, ActionFileSeek, "", "", func(ctx context.Context) (err error) {
			f, err = store.ByPhrase(ctx, body.Phrase, string(v.User.ID))
			return err
		})
		return f, err
	}
	return f, files.ErrInvalid
}

// filePage gathers what is known of a person.
func (p *Pages) filePage(ctx context.Context, v *page.Visitor, f files.File) (protocol.FilePage, error) {
	store := p.Stores
	out := protocol.FilePage{
		Person: p.personFile(f), Parts: []protocol.PersonFile{}, Contacts: []protocol.FileContact{}, Acts: []protocol.FileAct{}, Reports: []protocol.MinorReport{},
		Incidents: []protocol.FileIncident{}, FollowUps: []protocol.FileFollowUp{}, MayMerge: v.User.Role == users.Supervisor, Safety: p.noSafety(),
	}
	var err error
	if out.Phrase, err = store.Files.HasPhrase(ctx, f.ID); err != nil {
		return out, err
	}
	parts, err := p.partsOf(ctx, f.ID)
	if err != nil {
		return out, err
	}
	for _, id := range parts[1:] {
		other, err := store.Files.Part(ctx, id)
		if err != nil {
			return out, err
		}
		out.Parts = append(out.Parts, p.personFile(other))
	}
	if out.Contacts, err = p.fileContacts(ctx, v, f.ID); err != nil {
		return out, err
	}
	if out.Acts, err = p.fileActs(ctx, f.ID); err != nil {
		return out, err
	}
	plan, err := store.Records.Safety(ctx, parts)
	if err != nil {
		return out, err
	}
	out.Safety = p.safety(plan)
	about, err := store.Reports.OfFiles(ctx, parts)
	if err != nil {
		return out, err
	}
	for _, one := range about {
		out.Reports = append(out.Reports, p.minorReport(ctx, one, v.User.Locale))
	}
	if len(out.Contacts) > 0 {
		if out.Plan, err = p.planOf(ctx, out.Contacts[0].Call); err != nil {
			return out, err
		}
	}
	return out, p.lifeOf(ctx, f.ID, parts, &out)
}

// planOf is the plan of who called, by the newest call that the person made.
func (p *Pages) planOf(ctx context.Context, call string) (protocol.Plan, error) {
	caller, err := p.Contacts.Caller(ctx, call)
	if err != nil || caller.Withheld {
		return protocol.Plan{}, ignoreMissing(err)
	}
	plan, err := p.Plans.Of(ctx, caller.Refs)
	return p.Plan(plan), err
}

// lifeOf adds what other parts know of a person.
func (p *Pages) lifeOf(ctx context.Context, file string, parts []string, out *protocol.FilePage) error {
	life := p.Life
	if life == nil {
		return nil
	}
	incidents, err := life.Incidents(ctx, parts)
	if err != nil {
		return err
	}
	for _, i := range incidents {
		out.Incidents = append(out.Incidents, protocol.FileIncident{
			Incident: i.ID, Level: i.Level, State: i.State, At: protocol.Millis(i.Opened), ClosedAt: protocol.Millis(i.Closed), Outcome: i.Outcome,
		})
	}
	owed, err := life.FollowUps(ctx, file)
	for _, o := range owed {
		out.FollowUps = append(out.FollowUps, protocol.FileFollowUp{
			FollowUp: o.ID, Rule: o.Rule, State: o.State, DueAt: protocol.Millis(o.Due), EndedAt: protocol.Millis(o.Ended), Outcome: o.Outcome,
		})
	}
	if err != nil {
		return err
	}
	calls := make([]string, 0, len(out.Contacts))
	for _, c := range out.Contacts {
		calls = append(calls, c.Call)
	}
	levels, err := life.Levels(ctx, calls)
	for i, c := range out.Contacts {
		out.Contacts[i].Level = levels[c.Call]
	}
	return err
}

func (p *Pages) fileContacts(ctx context.Context, v *page.Visitor, file string) ([]protocol.FileContact, error) {
	links, err := p.Files.Calls(ctx, file, fileCalls)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(links))
	for i, l := range links {
		ids[i] = l.Call
	}
	rows, err := p.Contacts.Calls(ctx, ids)
	if err != nil {
		return nil, err
	}
	filed, err := p.Filed.Have(ctx, ids)
	if err != nil {
		return nil, err
	}
	heads, err := p.Records.Heads(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]protocol.FileContact, 0, len(links))
	for _, l := range links {
		one := protocol.FileContact{Call: l.Call, At: protocol.Millis(l.At), Role: string(l.Role), Part: l.Part, Records: []protocol.RecordHead{}, Filed: filed[l.Call]}
		if row, ok := rows[l.Call]; ok {
			c := p.Earlier(row, v)
			one.Line, one.LineName, one.TalkMs, one.Outcome, one.AtRisk, one.Yours, one.AgentName = c.Line, c.LineName, c.TalkMs, c.Outcome, c.AtRisk, c.Yours, c.AgentName
		}
		for _, h := range heads {
			if h.Call == l.Call && !slices.ContainsFunc(one.Records, func(r protocol.RecordHead) bool { return r.Form == h.Form }) {
				one.Records = append(one.Records, protocol.RecordHead{Form: h.Form, At: protocol.Millis(h.At), ByName: p.Person(h.Author)})
			}
		}
		out = append(out, one)
	}
	return out, nil
}

func (p *Pages) fileActs(ctx context.Context, file string) ([]protocol.FileAct, error) {
	acts, err := p.Files.History(ctx, file, fileActs)
	if err != nil {
		return nil, err
	}
	codes := map[string]string{"": ""}
	out := make([]protocol.FileAct, 0, len(acts))
	for _, a := range acts {
		for _, id := range []string{a.File, a.Other} {
			if _, known := codes[id]; known {
				continue
			}
			part, err := p.Files.Part(ctx, id)
			if err != nil {
				return nil, err
			}
			codes[id] = part.Code
		}
		out = append(out, protocol.FileAct{
			Act: a.ID, Kind: a.Kind, File: a.File, Code: codes[a.File], Other: a.Other, OtherTo: codes[a.Other], Call: a.Call, At: protocol.Millis(a.At), ByName: p.Doer(a.By),
			Detail: detailOf(a), Reason: a.Reason, UndoneAt: protocol.Millis(a.Undone), UndoneBy: p.Doer(a.UndoBy), Undoable: a.Undoable(),
		})
	}
	return out, nil
}

// detailOf is what of an act's detail is for people: of a third party it is an id of ours.
func detailOf(a files.Act) string {
	if a.Kind == files.ActThirdParty {
		return ""
	}
	return a.Detail
}

func (p *Pages) listFiles(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out := protocol.FileList{Files: []protocol.PersonFile{}}
	if p.Answered(w, r, p.Audited(r, v, ActionFileList, "", "", func(ctx context.Context) error {
		all, err := p.Files.AtHighRisk(ctx, highShown)
		for _, f := range all {
			out.Files = append(out.Files, p.personFile(f))
		}
		return err
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}
