package agentui

import (
	"context"
	"errors"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/crisis"
	"hotline/queue"
)

// Actions of the audit trail about incidents. An incident keeps by itself who did what to it; the trail says who looked at it, and that something was
// done.
const (
	ActionIncidentView   = "incident.view"
	ActionIncidentAck    = "incident.ack"
	ActionIncidentOpen   = "incident.open"
	ActionIncidentAct    = "incident.act"    // with the kind of the act
	ActionIncidentReport = "incident.report" // its report was filed
	ActionIncidentExport = "incident.export" // its report left the console as a file
	ActionCrisisDryRun   = "crisis.dry_run"
)

// incidentCommands are the rows of what may be said of incidents by websocket: what must not wait for a page to load.
func incidentCommands() map[protocol.Type]command {
	return map[protocol.Type]command{
		protocol.TypeIncidentAck: {[]users.Role{users.Supervisor}, askedIncidentAck},
	}
}

// askedIncidentAck says by name who comes. The incident itself keeps it; the row of the trail is written beside, for nobody may wait for it. A silent
// call for help of the same counsellor is answered by it, too.
func askedIncidentAck(ctx context.Context, d *desk, r protocol.Request) {
	m := r.(protocol.IncidentAck)
	if call, waits := alarmCall(m.Incident); waits {
		a, stands := d.s.alarms.of(call)
		in, open := d.s.incidents.ofCall(call)
		if !open || stands && !d.s.escalated(a) {
			d.hearAlarm(ctx, r, call)
			return
		}
		m.Incident = in.ID // told since the page was drawn
	}
	in, err := ask(ctx, func(ctx context.Context) (crisis.Incident, error) {
		return d.s.deps.Crisis.Incidents.Acknowledge(ctx, m.Incident, crisis.Act{By: string(d.user.ID), Request: newID()}, crisis.ViaConsole)
	})
	if _, code := incidentFault(err); err != nil && code == "" {
		if in, known := d.s.incidents.byID(m.Incident); known && in.Call() != "" { // the database went away while it rang
			d.hear(ctx, r, queue.CallID(in.Call()), in.Counsellor)
			return
		}
	}
	if err != nil {
		d.answerIncident(r, err)
		return
	}
	d.s.incidentsChanged()
	d.answer(r, nil)
	d.record(ActionIncidentAck, "incident:"+m.Incident)
	d.helps(ctx, in.Counsellor)
}

// helps answers a silent call for help of a counsellor, by who answered the alarm of the same talk.
func (d *desk) helps(ctx context.Context, counsellor string) {
	if row, known := d.s.board.Agent(queue.AgentID(counsellor)); known && row.SOS != nil && row.SOS.AckBy == "" {
		_, err := ask(ctx, func(ctx context.Context) (queue.Agent, error) {
			return d.s.deps.Queue.AckSOS(ctx, queue.RequestID(newID()), row.ID, d.user.ID)
		})
		if err != nil {
			d.log.Warn("a call for help stays unanswered beside its incident", "error", err)
		}
	}
}

// answerIncident answers what was asked of an incident by websocket.
func (d *desk) answerIncident(r protocol.Request, err error) {
	if _, code := incidentFault(err); code != "" {
		d.refuse(r.Header().ID, code)
		return
	}
	d.answer(r, err)
}

const (
	triggerWithin = 5 * time.Second // one try; a database that does not answer is as good as away
	triggerTries  = 24 * time.Hour  // a danger is not given up in an outage of hours
)

// trigger tells the escalation of a danger, beside whoever saw it: it tries until the database takes it, for a day. Who leads is alarmed meanwhile, see
// watchAlarms. What is lost because this console died is found by the worker's watch, on the calls and in the queue.
func (s *Server) trigger(t crisis.Trigger) {
	if t.At.IsZero() {
		t.At = time.Now()
	}
	if !s.begin() {
		return
	}
	go func() {
		defer s.running.Done()
		ctx, cancel := context.WithTimeout(s.life, triggerTries)
		defer cancel()
		err := s.tell(ctx, t)
		for err != nil && ctx.Err() == nil && !errors.Is(err, crisis.ErrInvalid) {
			pause(ctx, recordPause)
			err = s.tell(ctx, t)
		}
		if err != nil {
			s.log.Error("a danger is not in the escalation by this console", "kind", t.Kind, "call_id", t.Call, "error", err)
			return
		}
		s.incidentsChanged()
	}()
}

// tell tells it once, and notes what came of it: who leads must not wait for a database that takes nothing.
func (s *Server) tell(ctx context.Context, t crisis.Trigger) error {
	within, cancel := context.WithTimeout(ctx, triggerWithin)
	defer cancel()
	_, err := s.deps.Crisis.Incidents.Trigger(within, t)
	switch {
	case err == nil:
		s.incidents.note(func() { s.incidents.refused = time.Time{} })
	case !errors.Is(err, crisis.ErrInvalid):
		s.incidents.note(func() { s.incidents.refused = time.Now() })
	}
	return err
}

// callForHelp is the trigger of a silent call for help.
func (d *desk) callForHelp(w helpWanted) {
	line := ""
	if c, known := d.s.board.Call(w.call); known {
		line = string(c.Line)
	}
	me := string(d.user.ID)
	d.s.trigger(crisis.Trigger{
		Kind: crisis.TriggerSOS, Call: string(w.call), Line: line, By: me, Agent: me, At: w.at, Source: "sos:" + me + ":" + w.at.UTC().Format(time.RFC3339Nano),
	})
}
