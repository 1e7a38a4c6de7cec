package agentui

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework"
	"hotline/crisis"
	"hotline/queue"
)

// askedFormKeep seals the form of a call for its counsellor's browser while the database is away, and lets the counsellor go on. The browser brings it when the
// database is back (saveKeptForm). The form stays due until then for everybody who asks the database.
func askedFormKeep(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.FormKeep)
	limit, cancel := context.WithTimeout(ctx, owesWithin)
	defer cancel()
	if _, err := d.s.filled(limit, queue.CallID(m.Call)); err == nil {
		d.refuse(m.ID, protocol.WrongState) // it can be saved
		return
	}
	f, _ := form(d.s.settings.get())
	if m.Form != f.Version {
		d.tab.out.send(protocol.NewError(m.ID, protocol.FormChanged, protocol.Params{"version": f.Version}))
		return
	}
	sealed, at, err := d.s.deps.Care.Dispositions.Keep(f, m.Call, string(d.user.ID), m.Answers)
	if err != nil {
		d.refuse(m.ID, protocol.FormIncomplete)
		return
	}
	_, err = ask(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.s.deps.Queue.Filed(ctx, queue.RequestID(newID()), queue.CallID(m.Call), d.user.ID)
	})
	if err != nil {
		d.answer(r, err)
		return
	}
	d.record(ActionDispositionKeep, callObject(queue.CallID(m.Call), ""))
	d.tab.out.send(protocol.NewAck(m.ID, protocol.FormKept{Sealed: sealed, At: protocol.Millis(at)}))
}

// saveKeptForm takes what a browser kept. When it answers, the form is durable, and the call's incident says that it came late.
func (s *Server) saveKeptForm(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.KeptForm
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	who := string(v.User.ID)
	if served, err := s.served(r.Context(), v.User.ID, call); err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	} else if !served {
		s.clerk.Fail(w, http.StatusForbidden, protocol.NotYourCall, nil)
		return
	}
	err := s.clerk.Audited(r, v, ActionDispositionSave, "call:"+call, "", func(ctx context.Context) error {
		rec, filled, err := s.deps.Care.Dispositions.SaveKept(ctx, body.Sealed, call, who)
		if err == nil {
			err = s.askedInForm(ctx, call, who, rec.Answers)
		}
		if err != nil {
			return err
		}
		return s.tellKept(ctx, call, who, filled)
	})
	if errors.Is(err, casework.ErrSealed) {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	if s.answered(w, r, err) {
		s.formFiled(v.User.ID, queue.CallID(call))
		s.incidentsChanged()
		w.WriteHeader(http.StatusNoContent)
	}
}

// tellKept has the newest incident of a call say when its form was filled in; said twice it is there once.
func (s *Server) tellKept(ctx context.Context, call, who string, filled time.Time) error {
	all, err := s.deps.Crisis.Incidents.OfCall(ctx, call)
	if err != nil || len(all) == 0 {
		return err
	}
	act := crisis.Act{By: who, Request: "form-kept:" + call + ":" + filled.UTC().Format(time.RFC3339Nano)}
	_, err = s.deps.Crisis.Incidents.FormKept(ctx, all[len(all)-1].ID, act, call, filled)
	return err
}
