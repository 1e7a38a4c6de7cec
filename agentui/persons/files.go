package persons

import (
	"context"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/casework/files"
	"hotline/casework/records"
	"hotline/casework/reports"
	"hotline/queue"
)

const (
	fileCalls  = 100 // contacts of a person that are shown
	fileActs   = 100
	fileOthers = 5
	safetyBody = 64 << 10
	fileGrant  = 2 * time.Hour
	highShown  = 200
)

// showPeople tells who is on the line and about whom the call is. While the call is somebody's own it makes the file when there is none; a call that
// rings changes nothing.
func (p *Pages) showPeople(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := p.ID(w, r)
	if !ok || !p.Takes(w, r, v, call, part.Offered, part.Serving, part.Served) {
		return
	}
	have, err := p.In(r.Context(), v.User.ID, call)
	if !p.Answered(w, r, err) {
		return
	}
	var out protocol.CallPeople
	if p.filed(w, r, p.Audited(r, v, ActionFileView, "call:"+call, "", func(ctx context.Context) (err error) {
		if have == part.Serving || have == part.Served {
			if _, err := p.Files.Ensure(ctx, call, string(v.User.ID)); err != nil {
				return err
			}
		}
		out, err = p.callPeople(ctx, v, call)
		return err
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) callPeople(ctx context.Context, v *page.Visitor, call string) (protocol.CallPeople, error) {
	store := p.Files
	out := protocol.CallPeople{Call: call, People: []protocol.CallPerson{}, Others: []protocol.PersonFile{}, Reports: []protocol.MinorReport{}, Safety: p.noSafety()}
	caller, err := p.Contacts.Caller(ctx, call)
	if err != nil {
		return out, err
	}
	out.Withheld = caller.Withheld
	links, err := store.Links(ctx, call)
	if err != nil {
		return out, err
	}
	shown, about := map[string]bool{}, files.File{}
	for _, l := range links {
		f, err := store.Get(ctx, l.File)
		if err != nil {
			return out, err
		}
		one, err := p.callPerson(ctx, f, l.Role)
		if err != nil {
			return out, err
		}
		if out.People = append(out.People, one); about.ID == "" || l.Role == files.RoleAtRisk {
			about = f
		}
		shown[f.ID] = true
		if err := p.askOfMinor(ctx, f, call, caller.Call.Line, v.User.ID); err != nil {
			return out, err
		}
	}
	others, err := store.OfRefs(ctx, caller.Refs)
	if err != nil {
		return out, err
	}
	for _, f := range others {
		if !shown[f.ID] && len(out.Others) < fileOthers {
			out.Others = append(out.Others, p.personFile(f))
		}
	}
	if f, ok, err := store.Returning(ctx, call); err != nil {
		return out, err
	} else if ok {
		one := p.personFile(f)
		if out.Returning = &one; about.ID == "" {
			about = f
		}
	}
	if out.Reports, err = p.minorReportsOf(ctx, v, call); err != nil || about.ID == "" {
		return out, err
	}
	parts, err := p.partsOf(ctx, about.ID)
	if err != nil {
		return out, err
	}
	plan, err := p.Records.Safety(ctx, parts)
	out.Safety = p.safety(plan)
	return out, err
}

func (p *Pages) callPerson(ctx context.Context, f files.File, role files.Role) (one protocol.CallPerson, err error) {
	one = protocol.CallPerson{Role: string(role), Person: p.personFile(f)}
	calls, err := p.Files.Calls(ctx, f.ID, fileCalls)
	if err != nil {
		return one, err
	}
	one.Calls = len(calls)
	one.Phrase, err = p.Files.HasPhrase(ctx, f.ID)
	return one, err
}

// askOfMinor opens the task that asks about harm, for a person who is or may be under 18.
func (p *Pages) askOfMinor(ctx context.Context, f files.File, call, line string, by queue.AgentID) error {
	now := time.Now()
	if !f.Minor(now) {
		return nil
	}
	_, err := p.Reports.Ask(ctx, reports.Minor{Call: call, File: f.ID, Line: line, Child: f.Child(now), By: string(by)})
	return err
}

// partsOf are the files that stand for a person, the one that was asked for first. files.ErrNotFound: there is no such file.
func (p *Pages) partsOf(ctx context.Context, file string) ([]string, error) {
	all, err := p.Files.Parts(ctx, file)
	if err == nil && len(all) == 0 {
		err = files.ErrNotFound
	}
	out := []string{file}
	for _, id := range all {
		if id != file {
			out = append(out, id)
		}
	}
	return out, err
}

// personFile is a file as a browser gets it.
func (p *Pages) personFile(f files.File) protocol.PersonFile {
	now := time.Now()
	return protocol.PersonFile{
		File: f.ID, Code: f.Code, CalledAs: f.CalledAs, BirthYear: f.BirthYear, AgeBand: f.Band(now), Sex: f.Sex, Region: f.Region, Minor: f.Minor(now), Child: f.Child(now),
		Level: f.Level, LevelAt: protocol.Millis(f.LevelAt), LevelByName: p.Doer(f.LevelBy), LevelVersion: f.LevelVersion, CreatedAt: protocol.Millis(f.Created),
	}
}

// linkPerson says that the person on the line is another one.
func (p *Pages) linkPerson(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.PersonLink
	p.changePeople(w, r, v, &body, ActionFileLink, func(ctx context.Context, call string) error {
		if body.Code == "" {
			_, err := p.Files.NewPerson(ctx, call, string(v.User.ID))
			return err
		}
		f, err := p.Files.ByCode(ctx, body.Code)
		if err != nil {
			return err
		}
		_, role, ok, err := p.Files.OnLine(ctx, call)
		if err != nil {
			return err
		}
		if !ok {
			role = files.RoleCaller
		}
		_, err = p.Files.Link(ctx, call, f.ID, role, string(v.User.ID))
		return err
	})
}

// sayThirdParty says that a call is about somebody else, or that it is not.
func (p *Pages) sayThirdParty(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.ThirdParty
	p.changePeople(w, r, v, &body, ActionThirdParty, func(ctx context.Context, call string) error {
		if !body.On {
			return p.Files.NoThirdParty(ctx, call, string(v.User.ID))
		}
		about := ""
		if body.Code != "" {
			f, err := p.Files.ByCode(ctx, body.Code)
			if err != nil {
				return err
			}
			about = f.ID
		}
		_, err := p.Files.ThirdParty(ctx, call, about, string(v.User.ID))
		return err
	})
}

// changePeople does something to the people of a call and answers with them.
func (p *Pages) changePeople(w http.ResponseWriter, r *http.Request, v *page.Visitor, body any, action string, do func(ctx context.Context, call string) error) {
	call, ok := p.ID(w, r)
	if !ok || !p.Read(w, r, body) || !p.Takes(w, r, v, call, part.Serving, part.Served) {
		return
	}
	var out protocol.CallPeople
	if p.filed(w, r, p.Audited(r, v, action, "call:"+call, "", func(ctx context.Context) (err error) {
		if err := do(ctx, call); err != nil {
			return err
		}
		out, err = p.callPeople(ctx, v, call)
		return err
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}

// mayFile says whether a person may see and change a file: supervisors, who takes part in a call of the person, and who opened it for a reason.
// errReasonNeeded: only with one.
func (p *Pages) mayFile(ctx context.Context, v *page.Visitor, file, grant string) error {
	if v.User.Role == users.Supervisor || page.ValidGrant(v.Grants, grant, personGrant(file), time.Now()) {
		return nil
	}
	links, err := p.Files.Calls(ctx, file, fileCalls)
	if err != nil {
		return err
	}
	for _, l := range links {
		switch have, err := p.In(ctx, v.User.ID, l.Call); {
		case err != nil:
			return err
		case have == part.Serving || have == part.Served || have == part.Offered:
			return nil
		}
	}
	return errReasonNeeded
}

func personGrant(file string) string { return "file:" + file }

// filed answers what files refuse; true when nothing was refused.
func (p *Pages) filed(w http.ResponseWriter, r *http.Request, err error, known ...page.Refusal) bool {
	return p.Answered(w, r, err, append(known,
		page.Refusal{Err: files.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: files.ErrSame, Status: http.StatusConflict, Code: protocol.SameFile},
		page.Refusal{Err: files.ErrRole, Status: http.StatusConflict, Code: protocol.CallTogether},
		page.Refusal{Err: files.ErrLater, Status: http.StatusConflict, Code: protocol.LaterChange},
		page.Refusal{Err: files.ErrHeld, Status: http.StatusConflict, Code: protocol.FileOnHold},
		page.Refusal{Err: files.ErrUndone, Status: http.StatusConflict, Code: protocol.AlreadyClosed},
		page.Refusal{Err: files.ErrInvalid, Status: http.StatusBadRequest, Code: protocol.BadRequest},
		page.Refusal{Err: files.ErrWeak, Status: http.StatusBadRequest, Code: protocol.WeakPhrase},
		page.Refusal{Err: files.ErrTaken, Status: http.StatusConflict, Code: protocol.PhraseTaken},
		page.Refusal{Err: files.ErrTries, Status: http.StatusTooManyRequests, Code: protocol.TooMany},
		page.Refusal{Err: errReasonNeeded, Status: http.StatusForbidden, Code: protocol.GrantExpired},
		page.Refusal{Err: records.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		page.Refusal{Err: casework.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound})...)
}
