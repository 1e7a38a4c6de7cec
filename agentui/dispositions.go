package agentui

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/settings"
	"hotline/casework/dispositions"
	"hotline/queue"
	"hotline/storage/documents"
)

// form is what is asked after a call. Whatever an administrator made of it, suicide is asked about.
func form(v settings.Version) (dispositions.Form, []settings.Question) {
	f := dispositions.Form{Version: int64(v.N)}
	words := map[string]settings.Question{}
	for _, q := range append(settings.First(settings.Defaults{}).Disposition, v.Doc.Disposition...) {
		words[q.ID] = q
	}
	for _, q := range v.Doc.Disposition {
		one := dispositions.Question{ID: q.ID, Kind: dispositions.Kind(q.Kind), Required: q.Required}
		for _, c := range q.Choices {
			one.Choices = append(one.Choices, c.ID)
		}
		if q.When != nil {
			one.When, one.WhenChoice = q.When.Question, q.When.Choice
		}
		f.Questions = append(f.Questions, one)
	}
	f = f.Complete()
	shown := make([]settings.Question, 0, len(f.Questions))
	for _, q := range f.Questions {
		w := words[q.ID]
		if q.ID == dispositions.Danger && len(w.Choices) < len(q.Choices) || w.Kind != settings.AskKind(q.Kind) {
			first := settings.First(settings.Defaults{}).Disposition
			w = first[slices.IndexFunc(first, func(f settings.Question) bool { return f.ID == q.ID })]
		}
		shown = append(shown, w)
	}
	return f, shown
}

// wireForm is the form as a browser gets it.
func wireForm(f dispositions.Form, words []settings.Question) protocol.Form {
	out := protocol.Form{Version: f.Version, Questions: []protocol.Question{}}
	for i, q := range f.Questions {
		one := protocol.Question{ID: q.ID, Names: plain(words[i].Names), Kind: string(q.Kind), Choices: []protocol.Choice{}, Required: q.Required}
		for _, c := range words[i].Choices {
			one.Choices = append(one.Choices, protocol.Choice{ID: c.ID, Names: plain(c.Names)})
		}
		if q.When != "" {
			one.When = &protocol.When{Question: q.When, Choice: q.WhenChoice}
		}
		out.Questions = append(out.Questions, one)
	}
	return out
}

func plain(w documents.Words) map[string]string { return maps.Clone(map[string]string(w)) }

// showDisposition answers with the form, and with what was filled in, to who talked in the call. What others read is written down.
func (s *Server) showDisposition(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	if !ok || !s.parts().Takes(w, r, v, call, part.Serving, part.Served, part.Past) {
		return
	}
	now, err := s.deps.Settings.Current(r.Context())
	if !s.answered(w, r, err) {
		return
	}
	f, words := form(now)
	out := protocol.Disposition{Call: call, Form: wireForm(f, words), Filled: -1, Answers: map[string][]string{}}
	look := func(ctx context.Context) error {
		rec, ok, err := s.deps.Care.Dispositions.Of(ctx, call)
		if ok {
			out.Filled, out.At, out.ByName, out.Answers = rec.Form, protocol.Millis(rec.At), s.directory.name(queue.AgentID(rec.Agent)), rec.Answers
		}
		if err != nil || ok {
			return err
		}
		return s.prefilled(ctx, call, out.Answers)
	}
	if s.audited(w, r, v, ActionDispositionView, "call:"+call, "", look) {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// saveDisposition takes a filled-in form. When it answers, the form is durable.
func (s *Server) saveDisposition(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.DispositionSave
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	// Only who talked with the caller can say it; a supervisor, too, when they did.
	have, err := s.partIn(r.Context(), v.User.ID, call)
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	if have != part.Served && have != part.Past && !(have == part.Serving && s.talks(v, call)) {
		s.clerk.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
		return
	}
	now, err := s.deps.Settings.Current(r.Context())
	if !s.answered(w, r, err) {
		return
	}
	f, words := form(now)
	if body.Form != f.Version {
		s.clerk.Fail(w, http.StatusConflict, protocol.FormChanged, protocol.Params{"version": f.Version})
		return
	}
	answers, err := f.Fit(body.Answers)
	if err != nil {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.FormIncomplete, nil)
		return
	}
	out := protocol.Disposition{Call: call, Form: wireForm(f, words)}
	done := s.audited(w, r, v, ActionDispositionSave, "call:"+call, "", func(ctx context.Context) error {
		rec, err := s.deps.Care.Dispositions.Save(ctx, f, call, string(v.User.ID), answers)
		out.Filled, out.At, out.ByName, out.Answers = rec.Form, protocol.Millis(rec.At), v.User.Name, rec.Answers
		if err != nil {
			return err
		}
		return s.askedInForm(ctx, call, string(v.User.ID), rec.Answers)
	})
	if done {
		s.formFiled(v.User.ID, queue.CallID(call))
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// talks tells whether a person is the agent of a call that goes on.
func (s *Server) talks(v *page.Visitor, call string) bool {
	c, ok := s.board.Call(queue.CallID(call))
	return ok && c.Agent == v.User.ID
}
