package persons

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
	"hotline/storage"
)

// onFile reads a request about a file and says whether the person may; it has answered when it returns false.
func (p *Pages) onFile(w http.ResponseWriter, r *http.Request, v *page.Visitor, body any, grant *string) (string, bool) {
	file, ok := p.ID(w, r)
	if !ok || body != nil && !p.Read(w, r, body) {
		return "", false
	}
	return file, p.filed(w, r, p.mayFile(r.Context(), v, file, *grant))
}

// saveProfile takes what is known of a person. Whoever turns out to be a minor is asked about.
func (p *Pages) saveProfile(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.ProfileSave
	file, ok := p.onFile(w, r, v, &body, &body.Grant)
	if !ok {
		return
	}
	var out protocol.PersonFile
	profile := files.Profile{CalledAs: body.CalledAs, BirthYear: body.BirthYear, AgeBand: body.AgeBand, Sex: body.Sex, Region: body.Region}
	if p.filed(w, r, p.Audited(r, v, ActionFileProfile, "file:"+file, "", func(ctx context.Context) error {
		parts, err := p.partsOf(ctx, file)
		if err != nil {
			return err
		}
		f, err := p.Files.SetProfile(ctx, file, profile, string(v.User.ID), func(ctx context.Context, tx *storage.Tx) error {
			return p.Records.SavedOfFile(ctx, tx, parts, records.DraftProfile, string(v.User.ID))
		})
		if err != nil {
			return err
		}
		out = p.personFile(f)
		links, err := p.Files.Calls(ctx, f.ID, fileCalls)
		if err != nil || len(links) == 0 {
			return err
		}
		call := links[0].Call
		for _, l := range links {
			if l.Call == body.Call {
				call = l.Call
			}
		}
		caller, err := p.Contacts.Caller(ctx, call)
		if err != nil {
			return ignoreMissing(err)
		}
		return p.askOfMinor(ctx, f, call, caller.Call.Line, v.User.ID)
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}

func ignoreMissing(err error) error {
	if errors.Is(err, casework.ErrNotFound) {
		return nil
	}
	return err
}

// savePhrase keeps the passphrase that a person chose. It is in no audit row and in no log.
func (p *Pages) savePhrase(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.PhraseSave
	file, ok := p.onFile(w, r, v, &body, &body.Grant)
	if !ok {
		return
	}
	if p.filed(w, r, p.Audited(r, v, ActionFilePhrase, "file:"+file, "", func(ctx context.Context) error {
		if body.Phrase == "" {
			return p.Files.ClearPhrase(ctx, file, string(v.User.ID))
		}
		parts, err := p.partsOf(ctx, file)
		if err != nil {
			return err
		}
		return p.Files.SetPhrase(ctx, file, body.Phrase, string(v.User.ID), func(ctx context.Context, tx *storage.Tx) error {
			return p.Records.NotErased(ctx, tx, parts[0])
		})
	})) {
		p.Reply(w, http.StatusOK, struct{}{})
	}
}

// previewMerge says what a merge would come to.
func (p *Pages) previewMerge(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	file, ok := p.ID(w, r)
	var body protocol.FileMerge
	if !ok || !p.Read(w, r, &body) {
		return
	}
	out := protocol.MergePreview{Together: []string{}}
	if p.filed(w, r, p.Audited(r, v, ActionFileView, "file:"+file, "", func(ctx context.Context) error {
		store := p.Files
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
		out.From, out.Into, out.Level = p.personFile(from), p.personFile(into), files.Higher(from.Level, into.Level)
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
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) mergeFile(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.FileMerge
	p.rearrange(w, r, v, &body, &body.Reason, ActionFileMerge, func(ctx context.Context, file string) (string, error) {
		into, err := p.Files.ByCode(ctx, body.Code)
		if err != nil {
			return "", err
		}
		a, err := p.Files.Merge(ctx, file, into.ID, string(v.User.ID), body.Reason)
		return a.Other, err
	})
}

func (p *Pages) splitFile(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.FileSplit
	p.rearrange(w, r, v, &body, &body.Reason, ActionFileSplit, func(ctx context.Context, file string) (string, error) {
		if body.Code == "" {
			_, a, err := p.Files.Split(ctx, file, body.Calls, string(v.User.ID), body.Reason)
			return a.File, err
		}
		to, err := p.Files.ByCode(ctx, body.Code)
		if err != nil {
			return "", err
		}
		a, err := p.Files.Move(ctx, file, body.Calls, to.ID, string(v.User.ID), body.Reason)
		return a.File, err
	})
}

// rearrange does something to a file for a reason, and answers with the page of the file that it comes to.
func (p *Pages) rearrange(w http.ResponseWriter, r *http.Request, v *page.Visitor, body any, reason *string, action string, do func(ctx context.Context, file string) (string, error)) {
	file, ok := p.ID(w, r)
	if !ok || !p.Read(w, r, body) {
		return
	}
	if *reason, ok = p.Reason(w, *reason); !ok {
		return
	}
	p.thenPage(w, r, v, action, "file:"+file, *reason, func(ctx context.Context) (string, error) { return do(ctx, file) })
}

func (p *Pages) undoFileAct(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	p.thenPage(w, r, v, ActionFileUndo, "act:"+id, "", func(ctx context.Context) (string, error) {
		a, err := p.Files.Undo(ctx, id, string(v.User.ID))
		return a.File, err
	})
}

func (p *Pages) thenPage(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, object, reason string, do func(context.Context) (string, error)) {
	var out protocol.FilePage
	if p.filed(w, r, p.Audited(r, v, action, object, reason, func(ctx context.Context) error {
		file, err := do(ctx)
		if err != nil {
			return err
		}
		f, err := p.Files.Get(ctx, file)
		if err != nil {
			return err
		}
		out, err = p.filePage(ctx, v, f)
		return err
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) noSafety() protocol.SafetyPlan { return p.safety(records.SafetyVersion{}) }

// safety is a version of a safety plan as a browser gets it.
func (p *Pages) safety(v records.SafetyVersion) protocol.SafetyPlan {
	lines := func(l []string) []string { return append([]string{}, l...) }
	plan := v.Plan
	return protocol.SafetyPlan{
		Version: v.Version, At: protocol.Millis(v.At), ByName: p.Person(v.Author), Call: v.Call, Restored: v.Restored,
		Steps: protocol.SafetySteps{Signs: lines(plan.Signs), Coping: lines(plan.Coping), People: lines(plan.People), Places: lines(plan.Places),
			Professionals: lines(plan.Professionals), Means: lines(plan.Means)},
	}
}

func (p *Pages) listSafety(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	grant := r.URL.Query().Get("grant")
	file, ok := p.onFile(w, r, v, nil, &grant)
	if !ok {
		return
	}
	out := protocol.SafetyHistory{Versions: []protocol.SafetyPlan{}}
	if p.filed(w, r, p.Audited(r, v, ActionSafetyView, "file:"+file, "", func(ctx context.Context) error {
		parts, err := p.partsOf(ctx, file)
		if err != nil {
			return err
		}
		all, err := p.Records.SafetyHistory(ctx, parts)
		for _, one := range all {
			out.Versions = append(out.Versions, p.safety(one))
		}
		return err
	})) {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) saveSafety(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SafetySave
	p.changeSafety(w, r, v, &body, &body.Grant, func(ctx context.Context, parts []string) (records.SafetyVersion, error) {
		steps := body.Steps
		call := body.Call
		if _, err := ulid.ParseStrict(call); call != "" && err != nil {
			return records.SafetyVersion{}, records.ErrInvalid
		}
		return p.Records.SaveSafety(ctx, parts, body.Base, records.Safety{Signs: steps.Signs, Coping: steps.Coping, People: steps.People, Places: steps.Places,
			Professionals: steps.Professionals, Means: steps.Means}, call, string(v.User.ID))
	})
}

func (p *Pages) restoreSafety(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SafetyRestore
	p.changeSafety(w, r, v, &body, &body.Grant, func(ctx context.Context, parts []string) (records.SafetyVersion, error) {
		return p.Records.RestoreSafety(ctx, parts, body.Base, body.Version, string(v.User.ID))
	})
}

func (p *Pages) changeSafety(w http.ResponseWriter, r *http.Request, v *page.Visitor, body any, grant *string, change func(context.Context, []string) (records.SafetyVersion, error)) {
	file, ok := p.onFile(w, r, v, body, grant)
	if !ok {
		return
	}
	parts, err := p.partsOf(r.Context(), file)
	if !p.filed(w, r, err) {
		return
	}
	var out records.SafetyVersion
	err = p.Audited(r, v, ActionSafetySave, "file:"+file, "", func(ctx context.Context) (err error) {
		out, err = change(ctx, parts)
		return err
	})
	switch {
	case errors.Is(err, records.ErrStale):
		now, err := p.Records.Safety(r.Context(), parts)
		if !p.Answered(w, r, err) {
			return
		}
		p.Fail(w, http.StatusConflict, protocol.Stale, protocol.Params{"version": now.Version, "at": protocol.Millis(now.At), "by_name": p.Person(now.Author)})
	case errors.Is(err, records.ErrNotFound):
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case errors.Is(err, records.ErrInvalid):
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
	case p.filed(w, r, err):
		p.Reply(w, http.StatusOK, p.safety(out))
	}
}
