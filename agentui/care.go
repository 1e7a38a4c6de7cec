package agentui

import (
	"context"
	"errors"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/casework"
	"hotline/casework/debriefs"
	"hotline/casework/dispositions"
	"hotline/casework/notes"
	"hotline/casework/plans"
	"hotline/casework/shifts"
	"hotline/queue"
	"hotline/storage"
)

// Actions of the audit trail about what is known and written of a call.
const (
	ActionNoteOpen        = "note.open"    // with the reason of who takes no part in the call
	ActionContextView     = "context.view" // earlier contacts, tasks and the plan of a caller
	ActionPlanSave        = "plan.save"
	ActionPlanView        = "plan.view" // its earlier versions
	ActionDispositionView = "disposition.view"
	ActionDispositionSave = "disposition.save"
	ActionDispositionKeep = "disposition.keep" // the form stays in the browser until the database takes it
	ActionDebriefAsk      = "debrief.ask"
	ActionDebriefList     = "debrief.list"
	ActionDebriefDone     = "debrief.done"
)

// Care is what the console stands on for the counsellors' own work on a call.
type Care struct {
	Notes        noteStore
	Plans        planStore
	Dispositions dispositionStore
	Shifts       shiftStore
	Debriefs     debriefStore
	Contacts     contactStore
}

type noteStore interface {
	Append(ctx context.Context, call string, u notes.Update, text string, reflects int64) (notes.Head, error)
	SaveText(ctx context.Context, call, by, text string, reflects int64) (notes.Head, error)
	Updates(ctx context.Context, call string, after int64, limit int) ([]notes.Update, error)
	Text(ctx context.Context, call string) (notes.Text, error)
	Heads(ctx context.Context, calls []string) (map[string]notes.Head, error)
}

type planStore interface {
	Of(ctx context.Context, refs []string) (plans.Plan, error)
	History(ctx context.Context, refs []string) ([]plans.Plan, error)
	Save(ctx context.Context, refs []string, base int64, text, author string) (plans.Plan, error)
	Restore(ctx context.Context, refs []string, base, version int64, author string) (plans.Plan, error)
}

type dispositionStore interface {
	Save(ctx context.Context, form dispositions.Form, call, agent string, answers dispositions.Answers) (dispositions.Record, error)
	Of(ctx context.Context, call string) (dispositions.Record, bool, error)
	Have(ctx context.Context, calls []string) (map[string]bool, error)
	Keep(form dispositions.Form, call, agent string, answers dispositions.Answers) (sealed string, at time.Time, err error)
	SaveKept(ctx context.Context, sealed, call, agent string) (dispositions.Record, time.Time, error)
}

type shiftStore interface {
	Keep(ctx context.Context, spans []shifts.Span) error
	Of(ctx context.Context, agent string, from time.Time) ([]shifts.Span, error)
	Shift(ctx context.Context, agent string, now time.Time) ([]shifts.Span, error)
	Served(ctx context.Context, agent, call string) (bool, error)
	LastCall(ctx context.Context, agent string) (string, time.Time, error)
}

type debriefStore interface {
	Ask(ctx context.Context, agent, call, words string) (debriefs.Debrief, error)
	List(ctx context.Context, since time.Time, limit int) ([]debriefs.Debrief, error)
	Of(ctx context.Context, agent string, since time.Time) ([]debriefs.Debrief, error)
	Waiting(ctx context.Context) (int, error)
	Done(ctx context.Context, id, by string) (debriefs.Debrief, error)
}

type contactStore interface {
	Caller(ctx context.Context, call string) (casework.Caller, error)
	Number(ctx context.Context, call string) (string, error)
	Warm()
	Earlier(ctx context.Context, refs []string, but string, limit int) ([]casework.CallRecord, error)
	Calls(ctx context.Context, ids []string) (map[string]casework.CallRecord, error)
}

// OpenCare opens all of it in one database, bringing the tables to their newest form.
func OpenCare(ctx context.Context, db *storage.DB, keys *casework.Keys) (c Care, err error) {
	var errs [5]error
	c.Notes, errs[0] = notes.Open(ctx, db, keys)
	c.Plans, errs[1] = plans.Open(ctx, db, keys)
	c.Dispositions, errs[2] = dispositions.Open(ctx, db, keys)
	c.Shifts, errs[3] = shifts.Open(ctx, db)
	c.Debriefs, errs[4] = debriefs.Open(ctx, db, keys)
	c.Contacts = casework.NewContacts(db, keys)
	return c, errors.Join(errs[:]...)
}

// What a form takes at most: twenty answers of 500 characters, and sealed with its questions.
const (
	formBody = 64 << 10
	keptBody = 128 << 10
)

func (c Care) missing() bool {
	return c.Notes == nil || c.Plans == nil || c.Dispositions == nil || c.Shifts == nil || c.Debriefs == nil || c.Contacts == nil
}

func (s *Server) careEndpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "POST /api/calls/{id}/note/open", Access: page.Serving, Serve: s.openNote},
		{Pattern: "GET /api/calls/{id}/note/updates", Access: page.Serving, Serve: s.followNote},
		{Pattern: "POST /api/calls/{id}/note/updates", Access: page.Serving, Serve: s.writeNote, Body: noteBody},
		{Pattern: "PUT /api/calls/{id}/note/text", Access: page.Serving, Serve: s.writeNoteText, Body: noteBody},
		{Pattern: "GET /api/calls/{id}/context", Access: page.Serving, Serve: s.showContext},
		{Pattern: "GET /api/calls/{id}/plan", Access: page.Serving, Serve: s.listPlan},
		{Pattern: "PUT /api/calls/{id}/plan", Access: page.Serving, Serve: s.savePlan, Body: planBody},
		{Pattern: "POST /api/calls/{id}/plan/restore", Access: page.Serving, Serve: s.restorePlan},
		{Pattern: "GET /api/calls/{id}/disposition", Access: page.Serving, Serve: s.showDisposition},
		{Pattern: "PUT /api/calls/{id}/disposition", Access: page.Serving, Serve: s.saveDisposition, Body: formBody},
		{Pattern: "PUT /api/calls/{id}/disposition/kept", Access: page.Serving, Serve: s.saveKeptForm, Body: keptBody},
		{Pattern: "GET /api/shift", Access: page.Serving, Serve: s.showShift},
		{Pattern: "GET /api/debriefs", Access: page.Supervisor, Serve: s.listDebriefs},
		{Pattern: "POST /api/debriefs", Access: page.Serving, Serve: s.askDebrief},
		{Pattern: "POST /api/debriefs/{id}/done", Access: page.Supervisor, Serve: s.doneDebrief},
	}
}

// partIn says what a person has to do with a call.
func (s *Server) partIn(ctx context.Context, who queue.AgentID, call string) (part.Part, error) {
	row, live := s.board.Call(queue.CallID(call))
	if live && row.Agent == who && (row.State == queue.CallTalking || row.State == queue.CallHeld) {
		return part.Serving, nil
	}
	if p := beside(row, who); p != part.None {
		return p, nil
	}
	if o, ok := s.board.Offer(who); ok && string(o.Call) == call {
		return part.Offered, nil
	}
	served, err := s.served(ctx, who, call)
	if err != nil || !served {
		return part.None, err
	}
	if a, ok := s.board.Agent(who); ok && a.State == queue.AgentWrapUp && s.spans.last(who).call == call {
		return part.Served, nil
	}
	have, err := s.deps.Care.Dispositions.Have(ctx, []string{call})
	if err != nil {
		return part.None, err
	}
	if have[call] {
		return part.Past, nil
	}
	if due, err := s.formDue(ctx, who, call); err != nil || !due {
		return part.Past, err
	}
	return part.Served, nil
}

// formDue tells whether a person still owes the form of a call in which they talked: for a week when the caller was at risk, else for as long as their
// shift lasts. Then the call is past for them, whether it was filled in or not, and is opened for a reason like any other.
func (s *Server) formDue(ctx context.Context, who queue.AgentID, call string) (bool, error) {
	rows, err := s.deps.Care.Contacts.Calls(ctx, []string{call})
	if err != nil {
		return false, err
	}
	row, now := rows[call], time.Now()
	if row.Ended.IsZero() {
		return true, nil // goes on, or is not in the books yet
	}
	switch age := now.Sub(row.Ended); {
	case age > formsOwed:
		return false, nil
	case row.AtRisk():
		return true, nil
	case age > shifts.Longest:
		return false, nil
	}
	spans, err := s.deps.Care.Shifts.Shift(ctx, string(who), now)
	return len(spans) == 0 || !row.Ended.Before(spans[0].Since), err
}

// served tells whether a person talked in a call. What this console saw is known before the database knows it.
func (s *Server) served(ctx context.Context, who queue.AgentID, call string) (bool, error) {
	if s.spans.last(who).call == call {
		return true, nil
	}
	if ok, err := s.deps.Care.Shifts.Served(ctx, string(who), call); ok || err != nil {
		return ok, err
	}
	return s.deps.Blocks.Served(ctx, call, string(who))
}

// parts is who lets people in to what is about a call.
func (s *Server) parts() part.Clerk { return part.Clerk{Clerk: s.clerk, In: s.partIn} }

// beside says whether a person takes part in a call beside its agent, or is asked to.
func beside(row board.Call, who queue.AgentID) part.Part {
	for _, p := range row.Parties {
		if p.Agent != who {
			continue
		}
		switch p.State {
		case queue.PartyIn:
			return part.Serving
		case queue.PartyInvited:
			return part.Offered
		}
	}
	return part.None
}
