package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/casework/debriefs"
	"hotline/casework/dispositions"
	"hotline/casework/files"
	"hotline/crisis"
	"hotline/queue"
)

// lookout compares once a second what the index, the ledger, the tasks and the files know with the incidents, and tells what nobody told: the danger key,
// which no console sees pressed; a level or a call for help whose console died before it told; who left in danger; who is on the line again. It may
// run many times and be killed anywhere: every trigger has a source, and what is known already changes nothing.
type lookout struct {
	incidents *crisis.Store
	index     index
	ledger    *casework.Ledger
	tasks     *casework.Tasks
	files     *files.Store
	debriefs  *debriefs.Store
	said      *assessments.Store
	forms     *dispositions.Store
	formWait  time.Duration // how long the form of a call at risk may be missing
	log       *slog.Logger

	told     map[string]time.Time // sources that need not be told again by this process
	absent   map[string]absent    // forms that it looks for, by call
	saidFrom time.Time            // since when it looks for levels
	quiet    time.Time            // no fault is logged again before
}

// index is what the lookout asks of the queue.
type index interface {
	Snapshot(ctx context.Context) (queue.Snapshot, error)
	KeepAlarm(ctx context.Context, a queue.Alarm) error
	Alarms(ctx context.Context) ([]queue.Alarm, error)
	ForgetAlarm(ctx context.Context, a queue.Alarm) error
}

var _ index = (*queue.Queue)(nil)

const (
	lookoutEvery  = time.Second
	lookoutWithin = 5 * time.Second
	toldMost      = 20_000
	unknownCall   = 10 * time.Minute // after which a call that neither the index nor the ledger has is over
	toldFor       = 24 * time.Hour
)

// Run looks until ctx ends; it returns nil then.
func (l *lookout) Run(ctx context.Context) error {
	tick := time.NewTicker(lookoutEvery)
	defer tick.Stop()
	for {
		within, cancel := context.WithTimeout(ctx, lookoutWithin)
		err := l.look(within, time.Now())
		cancel()
		if now := time.Now(); err != nil && ctx.Err() == nil && now.After(l.quiet) {
			l.quiet = now.Add(30 * time.Second)
			l.log.Error("what nobody told is not looked for; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look does each part as far as it can: the tasks are in the database, and are looked at also when Redis is away.
func (l *lookout) look(ctx context.Context, now time.Time) error {
	l.forget(now)
	faults := []error{l.leftBehind(ctx)}
	s, err := l.index.Snapshot(ctx)
	if err != nil {
		return errors.Join(append(faults, err, l.levels(ctx, now))...)
	}
	refs, err := l.refs(ctx, now)
	faults = append(faults, err, l.kept(ctx, refs))
	for _, c := range s.Calls {
		faults = append(faults, l.call(ctx, c, refs[string(c.ID)], s.Now))
	}
	for _, a := range s.Agents {
		if a.SOS != nil {
			faults = append(faults, l.help(ctx, a.ID, *a.SOS, s, refs), l.helped(ctx, a.ID, *a.SOS))
		}
	}
	faults = append(faults, l.levels(ctx, now), l.lateForms(ctx, s.Agents))
	live, err := l.incidents.Live(ctx)
	faults = append(faults, err)
	for _, in := range live {
		faults = append(faults, l.incident(ctx, in, s, refs, now))
	}
	return errors.Join(faults...)
}

// help tells of a call for help. The console by which it came tells it under a name of its own: what the call's incidents know of it is not told again, however long
// nobody looked.
func (l *lookout) help(ctx context.Context, who queue.AgentID, sos queue.SOS, s queue.Snapshot, refs map[string]string) error {
	t := crisis.Trigger{
		Kind: crisis.TriggerSOS, Call: string(sos.Call), Ref: refs[string(sos.Call)], Line: lineOf(s, sos.Call), By: string(who), Agent: string(who),
		At: sos.At, Source: fmt.Sprintf("sos:%s:%d", who, sos.At.UnixMilli()),
	}
	if _, told := l.told[t.Source]; told || t.Call == "" {
		return l.tell(ctx, t)
	}
	all, err := l.incidents.OfCall(ctx, t.Call)
	heard := func(k crisis.Told) bool {
		return k.Kind == crisis.TriggerSOS && k.By == t.By && k.At.Sub(sos.At).Abs() < sosSame
	}
	if err == nil && slices.ContainsFunc(all, func(in crisis.Incident) bool { return slices.ContainsFunc(in.Triggers, heard) }) {
		l.told[t.Source] = time.Now()
		return nil
	}
	return l.tell(ctx, t) // also when it cannot be asked: told twice is better than never
}

// The sources under which a danger of the index is told, by whoever tells it.
func levelSource(call queue.CallID, level queue.Level) string {
	return fmt.Sprintf("index:level:%s:%s", call, level)
}

func dangerSource(call queue.CallID) string { return fmt.Sprintf("index:danger:%s", call) }

// sosSame is how far apart the clocks of Redis and of a console may have seen one call for help.
const sosSame = 30 * time.Second

// forget lets go of what was told a day ago; told again it changes nothing.
func (l *lookout) forget(now time.Time) {
	if len(l.told) < toldMost {
		return
	}
	for source, at := range l.told {
		if now.Sub(at) > toldFor {
			delete(l.told, source)
		}
	}
}

func (l *lookout) tell(ctx context.Context, t crisis.Trigger) error {
	if _, ok := l.told[t.Source]; ok {
		return nil
	}
	in, err := l.incidents.Trigger(ctx, t)
	if err != nil {
		return err
	}
	l.told[t.Source] = time.Now()
	if in.ID != "" {
		l.log.Info("danger", "trigger", t.Kind, "call_id", t.Call, "incident", in.ID)
	}
	return nil
}

// refs are the pseudonyms of who is on the line, by call.
func (l *lookout) refs(ctx context.Context, now time.Time) (map[string]string, error) {
	open, err := l.ledger.Unclosed(ctx, now.Add(time.Second))
	refs := make(map[string]string, len(open))
	for _, c := range open {
		refs[c.ID] = c.CallerRef
	}
	return refs, err
}

func lineOf(s queue.Snapshot, id queue.CallID) string {
	if i := slices.IndexFunc(s.Calls, func(c queue.Call) bool { return c.ID == id }); i >= 0 {
		return string(s.Calls[i].Line)
	}
	return ""
}

// call tells what the index says of one caller. One whom we call back is in no danger by that: what led to it was told.
func (l *lookout) call(ctx context.Context, c queue.Call, ref string, now time.Time) error {
	t := crisis.Trigger{Call: string(c.ID), Line: string(c.Line), Ref: ref, Agent: string(c.Agent)}
	var faults []error
	if level := crisis.Level(c.Level); level.Over(crisis.LevelLow) {
		t := t
		t.Kind, t.Level, t.By, t.At = crisis.TriggerLevel, level, string(c.LevelBy), c.LevelAt
		if t.By == "" {
			t.By = crisis.BySystem
		}
		t.Source = levelSource(c.ID, c.Level)
		faults = append(faults, l.tellOf(ctx, t, c, now))
	}
	if c.Callback {
		return errors.Join(faults...)
	}
	if c.Danger || c.Tier == queue.TierRed && c.Level == "" {
		t := t
		t.Kind, t.By, t.Source = crisis.TriggerDanger, crisis.ByCaller, dangerSource(c.ID)
		faults = append(faults, l.tellOf(ctx, t, c, now))
	}
	return errors.Join(append(faults, l.returning(ctx, t))...)
}

// returning looks once at each call for an open file at high risk.
func (l *lookout) returning(ctx context.Context, t crisis.Trigger) error {
	t.Kind, t.By, t.Source = crisis.TriggerReturning, crisis.BySystem, "index:file:"+t.Call
	if _, ok := l.told[t.Source]; ok {
		return nil
	}
	f, high, err := l.files.Returning(ctx, t.Call)
	switch {
	case errors.Is(err, files.ErrNotFound):
		return nil // the books do not have the call yet
	case err != nil:
		return err
	case !high:
		l.told[t.Source] = time.Now()
		return nil
	}
	t.File = f.ID
	return l.tell(ctx, t)
}

// leftBehind tells of who left, or was cut off, in danger.
func (l *lookout) leftBehind(ctx context.Context) error {
	const most = 1000
	open, err := l.tasks.List(ctx, most) // those in danger come first
	faults := []error{err}
	for _, task := range open {
		t := crisis.Trigger{Call: task.Call, Line: task.Line, Ref: task.CallerRef, By: crisis.BySystem, At: task.Created, Agent: task.Preferred, Source: "task:" + task.ID}
		switch task.Reason {
		case casework.ReasonAbandoned:
			t.Kind = crisis.TriggerAbandoned
		case casework.ReasonCutOff:
			t.Kind = crisis.TriggerCutOff
		default:
			continue
		}
		faults = append(faults, l.tell(ctx, t))
	}
	return errors.Join(faults...)
}

// incident keeps one incident in step with the calls of its person, their file, and the talk with its counsellor.
func (l *lookout) incident(ctx context.Context, in crisis.Incident, s queue.Snapshot, refs map[string]string, now time.Time) error {
	form := errors.Join(l.formsIn(ctx, in, s.Agents), l.formsDue(ctx, in, s, now))
	if in.State == crisis.StateClosed {
		return errors.Join(form, l.debriefed(ctx, in))
	}
	return errors.Join(form, l.onLine(ctx, in, s, refs), l.file(ctx, in))
}

func bySystem(what string, args ...any) crisis.Act {
	return crisis.Act{By: crisis.BySystem, Request: fmt.Sprintf(what, args...)}
}

// onLine says when the person talks with somebody, in whatever call, and when the call is over.
func (l *lookout) onLine(ctx context.Context, in crisis.Incident, s queue.Snapshot, refs map[string]string) error {
	here := false
	for _, c := range s.Calls {
		id := string(c.ID)
		here = here || id == in.Call()
		talks := c.Agent != "" && (c.State == queue.CallTalking || c.State == queue.CallHeld)
		ours := slices.Contains(in.Calls, id) || in.Ref != "" && refs[id] == in.Ref && in.Reporter == ""
		if !talks || !ours || in.OnLine && id == in.Call() && string(c.Agent) == in.Counsellor {
			continue
		}
		if in.OnLine && id != in.Call() && slices.Contains(in.Calls, id) {
			continue // an earlier call that is still there says nothing new
		}
		_, err := l.incidents.OnLine(ctx, in.ID, bySystem("on-line:%s:%s:%d", id, c.Agent, in.Seq), id, string(c.Agent))
		return err
	}
	if here || !in.OnLine {
		return nil
	}
	row, err := l.ledger.Get(ctx, in.Call())
	cut := row.Cause.By != casework.ByAgent && row.Outcome != casework.Overflowed
	switch {
	case errors.Is(err, casework.ErrNotFound) && s.Now.Sub(in.Changed) > unknownCall:
		cut = false // the books never had it, and nobody has it now
	case errors.Is(err, casework.ErrNotFound), err == nil && row.Ended.IsZero():
		return nil // its controller is yet to write
	case err != nil:
		return err
	}
	_, err = l.incidents.CallEnded(ctx, in.ID, bySystem("ended:%s:%d", in.Call(), in.Seq), in.Call(), cut)
	return err
}

// file says whose incident it is, as soon as the call has a file.
func (l *lookout) file(ctx context.Context, in crisis.Incident) error {
	if in.Call() == "" {
		return nil
	}
	links, err := l.files.Links(ctx, in.Call())
	if err != nil {
		return err
	}
	atRisk, reporter := in.File, in.Reporter
	for _, k := range links {
		switch k.Role {
		case files.RoleReporter:
			reporter = k.File
		case files.RoleAtRisk, files.RoleCaller:
			atRisk = k.File
		}
	}
	if atRisk == in.File && reporter == in.Reporter {
		return nil
	}
	_, err = l.incidents.SetFile(ctx, in.ID, bySystem("file:%s:%s:%d", atRisk, reporter, in.Seq), atRisk, reporter)
	return err
}

// debriefed takes in that somebody talked with the counsellor.
func (l *lookout) debriefed(ctx context.Context, in crisis.Incident) error {
	if !in.Debrief.Owed || !in.Debrief.Done.IsZero() {
		return nil
	}
	all, err := l.debriefs.Of(ctx, in.Counsellor, in.Opened)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(d debriefs.Debrief) bool {
		return d.Call == in.Call() && !d.Done.IsZero() && d.Done.After(in.Closed)
	})
	if i < 0 {
		return nil
	}
	_, err = l.incidents.Debriefed(ctx, in.ID, crisis.Act{By: all[i].DoneBy, Request: "debrief:" + all[i].ID}, all[i].ID)
	return err
}
