// Package tasks is how the console shows the calls that are owed to callers, and the numbers that are kept out.
package tasks

import (
	"context"
	"net/http"
	"slices"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/casework"
	"hotline/queue"
)

// Actions of the audit trail about tasks and blocks.
const (
	ActionTaskCall     = "task.call"   // "call now"
	ActionTaskDone     = "task.done"   // with the person's reason
	ActionTaskCancel   = "task.cancel" // not needed any more, with the reason
	ActionTaskResult   = "task.result" // what only a person can tell of an attempt
	ActionBlockPropose = "block.propose"
	ActionBlockApprove = "block.approve" // with the span
	ActionBlockRefuse  = "block.refuse"
	ActionBlockLift    = "block.lift"
)

// Most is how many tasks or blocks one list has.
const Most = 500

// Callbacks is what the console asks of the tasks.
type Callbacks interface {
	Open(ctx context.Context, limit int) ([]casework.OpenTask, error)
	OfEntry(ctx context.Context, entry string) (casework.OpenTask, error)
	OfCaller(ctx context.Context, refs []string, limit int) ([]casework.OpenTask, error)
	CallNow(ctx context.Context, task, by string) (casework.Task, error)
	Close(ctx context.Context, task, by string, done bool) error
	NotCutOff(ctx context.Context, call, by string) error
	Say(ctx context.Context, task, by string, result casework.Result) error
}

// Blocks is what the console asks of the blocks.
type Blocks interface {
	List(ctx context.Context, limit int) ([]casework.Block, error)
	Served(ctx context.Context, call, agent string) (bool, error)
	Propose(ctx context.Context, call string, kind casework.BlockKind, reason, by string) (casework.Block, error)
	Approve(ctx context.Context, id, by string, span time.Duration) (casework.Block, error)
	Refuse(ctx context.Context, id, by string) (casework.Block, error)
	Lift(ctx context.Context, id, by string) (casework.Block, error)
}

var (
	_ Callbacks = (*casework.Callbacks)(nil)
	_ Blocks    = (*casework.Blocks)(nil)
)

type floor interface {
	Call(id queue.CallID) (board.Call, bool)
}

// Pages are those of tasks and blocks.
type Pages struct {
	part.Clerk
	Callbacks Callbacks
	Blocks    Blocks
	Board     floor                          // *board.Board
	Person    func(id string) string         // the name of a person
	Line      func(id, locale string) string // the name of a line
	NoTrunk   bool                           // nobody can be called
}

// Endpoints are what can be asked of tasks and blocks.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/tasks", Access: page.Serving, Serve: p.listTasks},
		{Pattern: "POST /api/tasks/{id}/call", Access: page.Serving, Serve: p.callNow},
		{Pattern: "POST /api/tasks/{id}/close", Access: page.Serving, Serve: p.closeTask},
		{Pattern: "POST /api/tasks/{id}/result", Access: page.Serving, Serve: p.sayResult},
		{Pattern: "GET /api/calls/{id}/task", Access: page.Serving, Serve: p.callTask},
		{Pattern: "GET /api/blocks", Access: page.Serving, Serve: p.listBlocks},
		{Pattern: "POST /api/blocks", Access: page.Serving, Serve: p.proposeBlock},
		{Pattern: "POST /api/blocks/{id}/approve", Access: page.Supervisor, Serve: p.approveBlock},
		{Pattern: "POST /api/blocks/{id}/refuse", Access: page.Supervisor, Serve: p.refuseBlock},
		{Pattern: "POST /api/blocks/{id}/lift", Access: page.Supervisor, Serve: p.liftBlock},
	}
}

func (p *Pages) listTasks(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	rows, err := p.Callbacks.Open(r.Context(), Most)
	if !p.Answered(w, r, err) {
		return
	}
	out := protocol.Tasks{Tasks: []protocol.Task{}, NoTrunk: p.NoTrunk}
	for _, t := range rows {
		out.Tasks = append(out.Tasks, p.Task(t, v.User.Locale))
	}
	p.Reply(w, http.StatusOK, out)
}

// callTask tells of which callback a call is, while it rings, is dialled or talks.
func (p *Pages) callTask(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	t, err := p.Callbacks.OfEntry(r.Context(), id)
	if p.Answered(w, r, err) {
		p.Reply(w, http.StatusOK, p.Task(t, v.User.Locale))
	}
}

func (p *Pages) callNow(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	if p.NoTrunk { // else the wish would stand there, and nothing would ring
		p.Fail(w, http.StatusConflict, protocol.NoTrunk, nil)
		return
	}
	done := p.Answered(w, r, p.Audited(r, v, ActionTaskCall, id, "", func(ctx context.Context) error {
		_, err := p.Callbacks.CallNow(ctx, id, string(v.User.ID))
		return err
	}))
	if done {
		p.Reply(w, http.StatusOK, struct{}{})
	}
}

func (p *Pages) closeTask(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	var body protocol.TaskClose
	if !ok || !p.Read(w, r, &body) {
		return
	}
	reason, ok := p.Reason(w, body.Reason)
	if !ok {
		return
	}
	action := ActionTaskCancel
	if body.Done {
		action = ActionTaskDone
	}
	done := p.Answered(w, r, p.Audited(r, v, action, id, reason, func(ctx context.Context) error {
		return p.Callbacks.Close(ctx, id, string(v.User.ID), body.Done)
	}))
	if done {
		p.Reply(w, http.StatusOK, struct{}{})
	}
}

func (p *Pages) sayResult(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	var body protocol.TaskResult
	if !ok || !p.Read(w, r, &body) {
		return
	}
	result := casework.Result(body.Result)
	if !slices.Contains([]casework.Result{casework.ResultWrongPerson, casework.ResultRefused, casework.ResultNoAnswer}, result) {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	done := p.Answered(w, r, p.Audited(r, v, ActionTaskResult, id, body.Result, func(ctx context.Context) error {
		return p.Callbacks.Say(ctx, id, string(v.User.ID), result)
	}))
	if done {
		p.Reply(w, http.StatusOK, struct{}{})
	}
}

// Task is a task as a browser gets it.
func (p *Pages) Task(t casework.OpenTask, locale string) protocol.Task {
	out := protocol.Task{
		Task: t.ID, Call: t.Call, Entry: t.Entry, Line: t.Line, LineName: p.Line(t.Line, locale), Reason: t.Reason, Tier: t.Tier, Danger: t.Danger,
		State: string(t.State), ArrivedAt: protocol.Millis(t.Place), DueAt: protocol.Millis(t.Due), NextAt: protocol.Millis(t.NextTry), Auto: t.Auto, AskedBy: t.Asked,
		AskedByName: p.Person(t.Asked), Attempts: t.Attempts, Most: t.Most, Number: t.Masked, Callable: t.Callable,
		MayVoicemail: t.Voicemail, HasMessage: t.Recording != "",
	}
	if t.Last.Seq > 0 {
		out.Last = &protocol.Attempt{At: protocol.Millis(t.Last.At), Who: t.Last.Who, Result: string(t.Last.Result), Q850: t.Last.Q850}
		if t.Last.Who != "system" {
			out.Last.WhoName = p.Person(t.Last.Who)
		}
	}
	return out
}
