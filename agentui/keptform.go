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

// askedFormKeep seals the form of a call for its counsellor's browser while the database is away. It lets nobody go: the browser says when it has the form
// (askedFormStored), and brings it when the database is back (saveKeptForm).
func askedFormKeep(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.FormKeep)
	if !d.s.formOf(d.user.ID, queue.CallID(m.Call)) {
		d.refuse(m.ID, protocol.NotYourCall)
		return
	}
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
	d.sealed = queue.CallID(m.Call)
	d.tab.out.send(protocol.NewAck(m.ID, protocol.FormKept{Sealed: sealed, At: protocol.Millis(at)}))
}

// askedFormStored lets the counsellor go whose browser has the form that was sealed last. The form stays due until it is brought for everybody who asks the database.
func askedFormStored(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.FormStored)
	call := queue.CallID(m.Call)
	if d.sealed != call {
		d.refuse(m.ID, protocol.WrongState)
		return
	}
	_, err := ask(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.s.deps.Queue.Filed(ctx, queue.RequestID(newID()), call, d.user.ID)
	})
	if err == nil {
		d.record(ActionDispositionKeep, callObject(call, ""))
		d.sealed = ""
	}
	d.answer(r, err)
}

// formOf tells without the database whether the form of a call is a person's to fill in: the queue waits for it, or they talk or talked last in the call.
func (s *Server) formOf(who queue.AgentID, id queue.CallID) bool {
	if a, ok := s.board.Agent(who); ok && a.Owes == id {
		return true
	}
	c, live := s.board.Call(id)
	if live && c.Agent == who && (c.State == queue.CallTalking || c.State == queue.CallHeld) {
		return true
	}
	return s.spans.last(who).call == string(id)
}

// saveKeptForm takes what a browser kept. When it answers, the form is durable, and the call's incident says that it came late. The seal says whose form it is and
// that the call was theirs; the books may not know it yet when the database has just come back.
func (s *Server) saveKeptForm(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := s.clerk.ID(w, r)
	var body protocol.KeptForm
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	who := string(v.User.ID)
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
		s.clerk.Fail(w, http.StatusBadRequest, protocol.WrongSeal, nil)
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
