package agentui

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/casework/files"
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
func (s *Server) showPeople(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	if !ok || !s.parts().Takes(w, r, v, call, part.Offered, part.Serving, part.Served) {
		return
	}
	have, err := s.partIn(r.Context(), v.User.ID, call)
	if !s.answered(w, r, err) {
		return
	}
	var out protocol.CallPeople
	if s.filed(w, r, s.clerk.Audited(r, v, ActionFileView, "call:"+call, "", func(ctx context.Context) (err error) {
		if have == part.Serving || have == part.Served {
			if _, err := s.deps.Persons.Files.Ensure(ctx, call, string(v.User.ID)); err != nil {
				return err
			}
		}
		out, err = s.callPeople(ctx, v, call)
		return err
	})) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) callPeople(ctx context.Context, v *page.Visitor, call string) (protocol.CallPeople, error) {
	store := s.deps.Persons.Files
	out := protocol.CallPeople{Call: call, People: []protocol.CallPerson{}, Others: []protocol.PersonFile{}, Reports: []protocol.MinorReport{}, Safety: s.noSafety()}
	caller, err := s.deps.Care.Contacts.Caller(ctx, call)
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
		one, err := s.callPerson(ctx, f, l.Role)
		if err != nil {
			return out, err
		}
		if out.People = append(out.People, one); about.ID == "" || l.Role == files.RoleAtRisk {
			about = f
		}
		shown[f.ID] = true
		if err := s.askOfMinor(ctx, f, call, caller.Call.Line, v.User.ID); err != nil {
			return out, err
		}
	}
	others, err := store.OfRefs(ctx, caller.Refs)
	if err != nil {
		return out, err
	}
	for _, f := range others {
		if !shown[f.ID] && len(out.Others) < fileOthers {
			out.Others = append(out.Others, s.personFile(f))
		}
	}
	if f, ok, err := store.Returning(ctx, call); err != nil {
		return out, err
	} else if ok {
		one := s.personFile(f)
		if out.Returning = &one; about.ID == "" {
			about = f
		}
	}
	if out.Reports, err = s.minorReportsOf(ctx, v, call); err != nil || about.ID == "" {
		return out, err
	}
	parts, err := s.partsOf(ctx, about.ID)
	if err != nil {
		return out, err
	}
	plan, err := s.deps.Persons.Records.Safety(ctx, parts)
	out.Safety = s.safety(plan)
	return out, err
}

func (s *Server) callPerson(ctx context.Context, f files.File, role files.Role) (one protocol.CallPerson, err error) {
	one = protocol.CallPerson{Role: string(role), Person: s.personFile(f)}
	calls, err := s.deps.Persons.Files.Calls(ctx, f.ID, fileCalls)
	if err != nil {
		return one, err
	}
	one.Calls = len(calls)
	one.Phrase, err = s.deps.Persons.Files.HasPhrase(ctx, f.ID)
	return one, err
}

// askOfMinor opens the task that asks about harm, for a person who is or may be under 18.
func (s *Server) askOfMinor(ctx context.Context, f files.File, call, line string, by queue.AgentID) error {
	now := time.Now()
	if !f.Minor(now) {
		return nil
	}
	_, err := s.deps.Persons.Reports.Ask(ctx, reports.Minor{Call: call, File: f.ID, Line: line, Child: f.Child(now), By: string(by)})
	return err
}

// partsOf are the files that stand for a person, the one that stands for all first.
func (s *Server) partsOf(ctx context.Context, file string) ([]string, error) {
	all, err := s.deps.Persons.Files.Parts(ctx, file)
	out := []string{file}
	for _, id := range all {
		if id != file {
			out = append(out, id)
		}
	}
	return out, err
}

// personFile is a file as a browser gets it.
func (s *Server) personFile(f files.File) protocol.PersonFile {
	now := time.Now()
	return protocol.PersonFile{
		File: f.ID, Code: f.Code, CalledAs: f.CalledAs, BirthYear: f.BirthYear, AgeBand: f.Band(now), Sex: f.Sex, Region: f.Region, Minor: f.Minor(now), Child: f.Child(now),
		Level: f.Level, LevelAt: protocol.Millis(f.LevelAt), LevelByName: s.doer(f.LevelBy), LevelVersion: f.LevelVersion, CreatedAt: protocol.Millis(f.Created),
	}
}

// linkPerson says that the person on the line is another one.
func (s *Server) linkPerson(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.PersonLink
	s.changePeople(w, r, v, &body, ActionFileLink, func(ctx context.Context, call string) error {
		if body.Code == "" {
			_, err := s.deps.Persons.Files.NewPerson(ctx, call, string(v.User.ID))
			return err
		}
		f, err := s.deps.Persons.Files.ByCode(ctx, body.Code)
		if err != nil {
			return err
		}
		_, role, ok, err := s.deps.Persons.Files.OnLine(ctx, call)
		if err != nil {
			return err
		}
		if !ok {
			role = files.RoleCaller
		}
		_, err = s.deps.Persons.Files.Link(ctx, call, f.ID, role, string(v.User.ID))
		return err
	})
}

// sayThirdParty says that a call is about somebody else, or that it is not.
func (s *Server) sayThirdParty(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.ThirdParty
	s.changePeople(w, r, v, &body, ActionThirdParty, func(ctx context.Context, call string) error {
		if !body.On {
			return s.deps.Persons.Files.NoThirdParty(ctx, call, string(v.User.ID))
		}
		about := ""
		if body.Code != "" {
			f, err := s.deps.Persons.Files.ByCode(ctx, body.Code)
			if err != nil {
				return err
			}
			about = f.ID
		}
		_, err := s.deps.Persons.Files.ThirdParty(ctx, call, about, string(v.User.ID))
		return err
	})
}

// changePeople does something to the people of a call and answers with them.
func (s *Server) changePeople(w http.ResponseWriter, r *http.Request, v *page.Visitor, body any, action string, do func(ctx context.Context, call string) error) {
	call, ok := s.clerk.ID(w, r)
	if !ok || !s.clerk.Read(w, r, body) || !s.parts().Takes(w, r, v, call, part.Serving, part.Served) {
		return
	}
	var out protocol.CallPeople
	if s.filed(w, r, s.clerk.Audited(r, v, action, "call:"+call, "", func(ctx context.Context) (err error) {
		if err := do(ctx, call); err != nil {
			return err
		}
		out, err = s.callPeople(ctx, v, call)
		return err
	})) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// mayFile says whether a person may see and change a file: supervisors, who takes part in a call of the person, and who opened it for a reason.
// errReasonNeeded: only with one.
func (s *Server) mayFile(ctx context.Context, v *page.Visitor, file, grant string) error {
	if v.User.Role == users.Supervisor || page.ValidGrant(v.Grants, grant, personGrant(file), time.Now()) {
		return nil
	}
	links, err := s.deps.Persons.Files.Calls(ctx, file, fileCalls)
	if err != nil {
		return err
	}
	for _, l := range links {
		switch p, err := s.partIn(ctx, v.User.ID, l.Call); {
		case err != nil:
			return err
		case p == part.Serving || p == part.Served || p == part.Offered:
			return nil
		}
	}
	return errReasonNeeded
}

func personGrant(file string) string { return "file:" + file }

// filed answers what files refuse; true when nothing was refused.
func (s *Server) filed(w http.ResponseWriter, r *http.Request, err error) bool {
	for _, known := range []struct {
		err    error
		status int
		code   protocol.Code
	}{
		{files.ErrNotFound, http.StatusNotFound, protocol.NotFound},
		{files.ErrSame, http.StatusConflict, protocol.SameFile},
		{files.ErrRole, http.StatusConflict, protocol.CallTogether},
		{files.ErrLater, http.StatusConflict, protocol.LaterChange},
		{files.ErrUndone, http.StatusConflict, protocol.AlreadyClosed},
		{files.ErrInvalid, http.StatusBadRequest, protocol.BadRequest},
		{files.ErrWeak, http.StatusBadRequest, protocol.WeakPhrase},
		{files.ErrTaken, http.StatusConflict, protocol.PhraseTaken},
		{files.ErrTries, http.StatusTooManyRequests, protocol.TooMany},
		{errReasonNeeded, http.StatusForbidden, protocol.GrantExpired},
		{casework.ErrNotFound, http.StatusNotFound, protocol.NotFound},
	} {
		if errors.Is(err, known.err) {
			s.clerk.Fail(w, known.status, known.code, nil)
			return false
		}
	}
	return s.answered(w, r, err)
}
