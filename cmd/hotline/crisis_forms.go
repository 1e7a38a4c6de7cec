package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline/casework"
	"hotline/crisis"
	"hotline/queue"
)

// lateForms has the incident ring when the form about its call is missing for long: its counsellor is offered nobody until it is filled in. When it is there,
// or a supervisor let the counsellor go, what rings for it is quiet.
func (l *lookout) lateForms(ctx context.Context, agents []queue.Agent) error {
	var faults []error
	for _, a := range agents {
		if a.Owes == "" || a.Late.IsZero() {
			continue
		}
		_, err := l.tellLate(ctx, string(a.Owes), string(a.ID))
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// tellLate says it once to the newest incident of the call, whoever noticed first, and tells whether that is done: an incident may be opened yet.
func (l *lookout) tellLate(ctx context.Context, call, owes string) (bool, error) {
	what := fmt.Sprintf("form-late:%s:%s", call, owes)
	if _, told := l.told[what]; told {
		return true, nil
	}
	all, err := l.incidents.OfCall(ctx, call)
	if err != nil || len(all) == 0 {
		return false, err
	}
	if _, err := l.incidents.FormLate(ctx, all[len(all)-1].ID, bySystem("%s", what), call, owes); err != nil {
		return false, err
	}
	l.told[what] = time.Now()
	return true, nil
}

// letGo tells whether a supervisor let somebody go who owed a form, since a time.
func letGo(agents []queue.Agent, owes string, since time.Time) bool {
	return slices.ContainsFunc(agents, func(a queue.Agent) bool { return string(a.ID) == owes && a.Owes == "" && a.Forced.After(since) })
}

// absent is the form of a call at risk for which the index does not wait: who owes it took another call before it was late, or the index was lost.
type absent struct {
	owes   string
	ended  time.Time // of the call
	due    time.Time // when it is looked for
	missed bool      // once
}

// formSettle is how long a form that is overdue must be seen missing: a browser that kept it while the database was away brings it within seconds.
const formSettle = time.Minute

// formsDue has an incident ring for the forms of its calls for which the index waits no more.
func (l *lookout) formsDue(ctx context.Context, in crisis.Incident, s queue.Snapshot, now time.Time) error {
	var faults []error
	for _, call := range in.Calls {
		what := "form-due:" + call
		live := slices.ContainsFunc(s.Calls, func(c queue.Call) bool { return string(c.ID) == call })
		// The index counts the time of who owes it in the wrap-up only, or when nobody is kept any more.
		waited := slices.ContainsFunc(s.Agents, func(a queue.Agent) bool {
			return string(a.Owes) == call && (a.State == queue.AgentWrapUp || a.Keeps != "")
		})
		if _, told := l.told[what]; told || live || waited || call == "" {
			continue
		}
		done, err := l.formDue(ctx, call, s.Agents, now)
		if err == nil && done {
			l.told[what] = now
			delete(l.absent, call)
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// formDue tells whether nothing is left to look for.
func (l *lookout) formDue(ctx context.Context, call string, agents []queue.Agent, now time.Time) (bool, error) {
	a, known := l.absent[call]
	if !known {
		row, err := l.ledger.Get(ctx, call)
		switch {
		case errors.Is(err, casework.ErrNotFound), err == nil && row.Ended.IsZero():
			return false, nil
		case err != nil:
			return false, err
		case !row.AtRisk() || row.Agent == "" || row.Outcome != casework.Answered:
			return !now.Before(row.Ended.Add(l.formWait)), nil // the books may learn better until then
		}
		a = absent{owes: row.Agent, ended: row.Ended, due: row.Ended.Add(l.formWait)}
		l.absent[call] = a
	}
	if now.Before(a.due) {
		return false, nil
	}
	if letGo(agents, a.owes, a.ended) {
		return true, nil
	}
	have, err := l.forms.Have(ctx, []string{call})
	switch {
	case err != nil:
		return false, err
	case have[call]:
		return true, nil
	case !a.missed:
		a.due, a.missed = now.Add(formSettle), true
		l.absent[call] = a
		return false, nil
	}
	return l.tellLate(ctx, call, a.owes)
}

// letGoBefore is how long before its alarm a counsellor may have been let go: a look tells what was so when it began, by the clock of its own host.
const letGoBefore = 30 * time.Second

// formsIn ends the alarm for each form that is in the database by now, or waited for no more because a supervisor let its counsellor go. A row that is missing,
// that owes another form, or was read before the form was late, says neither.
func (l *lookout) formsIn(ctx context.Context, in crisis.Incident, agents []queue.Agent) error {
	var calls []string
	for _, m := range in.Alarm.Forms {
		calls = append(calls, m.Call)
	}
	if len(calls) == 0 {
		return nil
	}
	have, err := l.forms.Have(ctx, calls)
	faults := []error{err}
	for _, m := range in.Alarm.Forms {
		if have[m.Call] || letGo(agents, m.Owes, m.Since.Add(-letGoBefore)) {
			_, err := l.incidents.FormIn(ctx, in.ID, bySystem("form-in:%s:%s:%d", m.Call, m.Owes, in.Seq), m.Call, m.Owes)
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}
