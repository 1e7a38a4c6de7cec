package agentui

import (
	"context"
	"errors"
	"net/http"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework"
	"hotline/casework/files"
	"hotline/casework/records"
	"hotline/queue"
)

// onFile reads a request about a file and says whether the person may; it has answered when it returns false.
func (s *Server) onFile(w http.ResponseWriter, r *http.Request, v *page.Visitor, body any, grant *string) (string, bool) {
	file, ok := s.clerk.ID(w, r)
	if !ok || body != nil && !s.clerk.Read(w, r, body) {
		return "", false
	}
	return file, s.filed(w, r, s.mayFile(r.Context(), v, file, *grant))
}

// saveProfile takes what is known of a person. Whoever turns out to be a minor is asked about.
func (s *Server) saveProfile(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.ProfileSave
	file, ok := s.onFile(w, r, v, &body, &body.Grant)
	if !ok {
		return
	}
	var out protocol.PersonFile
	p := files.Profile{CalledAs: body.CalledAs, BirthYear: body.BirthYear, AgeBand: body.AgeBand, Sex: body.Sex, Region: body.Region}
	if s.filed(w, r, s.clerk.Audited(r, v, ActionFileProfile, "file:"+file, "", func(ctx context.Context) error {
		f, err := s.deps.Persons.Files.SetProfile(ctx, file, p, string(v.User.ID))
		if err != nil {
			return err
		}
		out = s.personFile(f)
		if err := s.dropFileDraft(ctx, v, file, records.DraftProfile); err != nil {
			return err
		}
		links, err := s.deps.Persons.Files.Calls(ctx, f.ID, fileCalls)
		if err != nil || len(links) == 0 {
			return err
		}
		call := links[0].Call
		for _, l := range links {
			if l.Call == body.Call {
				call = l.Call
			}
		}
		caller, err := s.deps.Care.Contacts.Caller(ctx, call)
		if err != nil {
			return ignoreMissing(err)
		}
		return s.askOfMinor(ctx, f, call, caller.Call.Line, v.User.ID)
	})) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func ignoreMissing(err error) error {
	if errors.Is(err, casework.ErrNotFound) {
		return nil
	}
	return err
}

// savePhrase keeps the passphrase that a person chose. It is in no audit row and in no log.
func (s *Server) savePhrase(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.PhraseSave
	file, ok := s.onFile(w, r, v, &body, &body.Grant)
	if !ok {
		return
	}
	if s.filed(w, r, s.clerk.Audited(r, v, ActionFilePhrase, "file:"+file, "", func(ctx context.Context) error {
		if body.Phrase == "" {
			return s.deps.Persons.Files.ClearPhrase(ctx, file, string(v.User.ID))
		}
		return s.deps.Persons.Files.SetPhrase(ctx, file, body.Phrase, string(v.User.ID))
	})) {
		s.clerk.Reply(w, http.StatusOK, struct{}{})
	}
}

// previewMerge says what a merge would come to.
func (s *Server) previewMerge(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	file, ok := s.clerk.ID(w, r)
	var body protocol.FileMerge
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	out := protocol.MergePreview{Together: []string{}}
	if s.filed(w, r, s.clerk.Audited(r, v, ActionFileView, "file:"+file, "", func(ctx context.Context) error {
		store := s.deps.Persons.Files
		from, err := store.Get(ctx, file)
		if err != nil {
			return err
		}
		into, err := store.ByCode(ctx, body.Code)
		if err != nil {
			return err
		}
		if from.ID == into.ID {
			return files.ErrSame
		}
		out.From, out.Into, out.Level = s.personFile(from), s.personFile(into), files.Higher(from.Level, into.Level)
		for id, n := range map[string]*int{from.ID: &out.FromCalls, into.ID: &out.IntoCalls} {
			calls, err := store.Calls(ctx, id, 1000)
			if err != nil {
				return err
			}
			*n = len(calls)
		}
		both, err := store.Together(ctx, from.ID, into.ID)
		out.Together = append(out.Together, both...)
		return err
	})) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) mergeFile(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.FileMerge
	s.rearrange(w, r, v, &body, &body.Reason, ActionFileMerge, func(ctx context.Context, file string) (string, error) {
		into, err := s.deps.Persons.Files.ByCode(ctx, body.Code)
		if err != nil {
			return "", err
		}
		a, err := s.deps.Persons.Files.Merge(ctx, file, into.ID, string(v.User.ID), body.Reason)
		return a.Other, err
	})
}

func (s *Server) splitFile(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.FileSplit
	s.rearrange(w, r, v, &body, &body.Reason, ActionFileSplit, func(ctx context.Context, file string) (string, error) {
		if body.Code == "" {
			_, a, err := s.deps.Persons.Files.Split(ctx, file, body.Calls, string(v.User.ID), body.Reason)
			return a.File, err
		}
		to, err := s.deps.Persons.Files.ByCode(ctx, body.Code)
		if err != nil {
			return "", err
		}
		a, err := s.deps.Persons.Files.Move(ctx, file, body.Calls, to.ID, string(v.User.ID), body.Reason)
		return a.File, err
	})
}

// rearrange does something to a file for a reason, and answers with the page of the file that it comes to.
func (s *Server) rearrange(w http.ResponseWriter, r *http.Request, v *page.Visitor, body any, reason *string, action string, do func(ctx context.Context, file string) (string, error)) {
	file, ok := s.clerk.ID(w, r)
	if !ok || !s.clerk.Read(w, r, body) {
		return
	}
	if *reason, ok = s.clerk.Reason(w, *reason); !ok {
		return
	}
	s.thenPage(w, r, v, action, "file:"+file, *reason, func(ctx context.Context) (string, error) { return do(ctx, file) })
}

func (s *Server) undoFileAct(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	s.thenPage(w, r, v, ActionFileUndo, "act:"+id, "", func(ctx context.Context) (string, error) {
		a, err := s.deps.Persons.Files.Undo(ctx, id, string(v.User.ID))
		return a.File, err
	})
}

func (s *Server) thenPage(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, object, reason string, do func(context.Context) (string, error)) {
	var out protocol.FilePage
	if s.filed(w, r, s.clerk.Audited(r, v, action, object, reason, func(ctx context.Context) error {
		file, err := do(ctx)
		if err != nil {
			return err
		}
		f, err := s.deps.Persons.Files.Get(ctx, file)
		if err != nil {
			return err
		}
		out, err = s.filePage(ctx, v, f)
		return err
	})) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) noSafety() protocol.SafetyPlan { return s.safety(records.SafetyVersion{}) }

// safety is a version of a safety plan as a browser gets it.
func (s *Server) safety(v records.SafetyVersion) protocol.SafetyPlan {
	lines := func(l []string) []string { return append([]string{}, l...) }
	p := v.Plan
	return protocol.SafetyPlan{
		Version: v.Version, At: protocol.Millis(v.At), ByName: s.directory.name(queue.AgentID(v.Author)), Call: v.Call, Restored: v.Restored,
		Steps: protocol.SafetySteps{Signs: lines(p.Signs), Coping: lines(p.Coping), People: lines(p.People), Places: lines(p.Places),
			Professionals: lines(p.Professionals), Means: lines(p.Means)},
	}
}

func (s *Server) listSafety(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	grant := r.URL.Query().Get("grant")
	file, ok := s.onFile(w, r, v, nil, &grant)
	if !ok {
		return
	}
	out := protocol.SafetyHistory{Versions: []protocol.SafetyPlan{}}
	if s.filed(w, r, s.clerk.Audited(r, v, ActionSafetyView, "file:"+file, "", func(ctx context.Context) error {
		parts, err := s.partsOf(ctx, file)
		if err != nil {
			return err
		}
		all, err := s.deps.Persons.Records.SafetyHistory(ctx, parts)
		for _, one := range all {
			out.Versions = append(out.Versions, s.safety(one))
		}
		return err
	})) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) saveSafety(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SafetySave
	s.changeSafety(w, r, v, &body, &body.Grant, func(ctx context.Context, parts []string) (records.SafetyVersion, error) {
		p := body.Steps
		call := body.Call
		if _, err := ulid.ParseStrict(call); call != "" && err != nil {
			return records.SafetyVersion{}, records.ErrInvalid
		}
		return s.deps.Persons.Records.SaveSafety(ctx, parts, body.Base, records.Safety{Signs: p.Signs, Coping: p.Coping, People: p.People, Places: p.Places,
			Professionals: p.Professionals, Means: p.Means}, call, string(v.User.ID))
	})
}

func (s *Server) restoreSafety(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SafetyRestore
	s.changeSafety(w, r, v, &body, &body.Grant, func(ctx context.Context, parts []string) (records.SafetyVersion, error) {
		return s.deps.Persons.Records.RestoreSafety(ctx, parts, body.Base, body.Version, string(v.User.ID))
	})
}

func (s *Server) changeSafety(w http.ResponseWriter, r *http.Request, v *page.Visitor, body any, grant *string, change func(context.Context, []string) (records.SafetyVersion, error)) {
	file, ok := s.onFile(w, r, v, body, grant)
	if !ok {
		return
	}
	parts, err := s.partsOf(r.Context(), file)
	if !s.filed(w, r, err) {
		return
	}
	var out records.SafetyVersion
	err = s.clerk.Audited(r, v, ActionSafetySave, "file:"+file, "", func(ctx context.Context) (err error) {
		out, err = change(ctx, parts)
		return err
	})
	switch {
	case errors.Is(err, records.ErrStale):
		now, err := s.deps.Persons.Records.Safety(r.Context(), parts)
		if !s.answered(w, r, err) {
			return
		}
		s.clerk.Fail(w, http.StatusConflict, protocol.Stale, protocol.Params{"version": now.Version, "at": protocol.Millis(now.At), "by_name": s.directory.name(queue.AgentID(now.Author))})
	case errors.Is(err, records.ErrNotFound):
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case errors.Is(err, records.ErrInvalid):
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
	case s.filed(w, r, err):
		s.clerk.Reply(w, http.StatusOK, s.safety(out))
	}
}
