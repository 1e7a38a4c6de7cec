package agentui

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/crisis"
	"hotline/queue"
)

const (
	alarmsEvery  = 250 * time.Millisecond // while the escalation is away, or something stands; else every fourth time
	alarmsWithin = 500 * time.Millisecond
	// alarmStays is for how long one that has left the queue is remembered here: until its incident is in sight nobody is to be alarmed anew.
	alarmStays = 3 * time.Second
)

// standingAlarms are the dangers that wait in the queue for a supervisor because the escalation, whose database is away, cannot take them; as this console
// saw them last.
type standingAlarms struct {
	mu   sync.Mutex
	each map[queue.CallID]standingAlarm
}

type standingAlarm struct {
	queue.Alarm
	seen time.Time // in the queue
}

func newStandingAlarms() *standingAlarms {
	return &standingAlarms{each: map[queue.CallID]standingAlarm{}}
}

// all are the dangers that stand, the oldest first.
func (v *standingAlarms) all() []queue.Alarm {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make([]queue.Alarm, 0, len(v.each))
	for _, a := range v.each {
		if !a.At.IsZero() {
			out = append(out, a.Alarm)
		}
	}
	slices.SortFunc(out, queue.Alarm.Compare)
	return out
}

// of is what stands of a call; without a time it is only who answered an alarm of its incident.
func (v *standingAlarms) of(call queue.CallID) (queue.Alarm, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	a, ok := v.each[call]
	return a.Alarm, ok
}

// take replaces what is known by what the queue holds. It tells whether something of it is another, and whether one has left: then the escalation has it.
func (v *standingAlarms) take(now time.Time, held []queue.Alarm) (changed, left bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, a := range held {
		was, known := v.each[a.Call]
		if a.At.IsZero() && known { // who answered what has left by now
			a.Line, a.By, a.Agent, a.At = was.Line, was.By, was.Agent, was.At
		}
		changed = changed || !known || was.HeardBy != a.HeardBy
		v.each[a.Call] = standingAlarm{a, now}
	}
	for call, a := range v.each {
		if a.seen.Equal(now) {
			continue
		}
		left = true
		if now.Sub(a.seen) > alarmStays {
			delete(v.each, call)
			changed = true
		}
	}
	return changed, left
}

// watchAlarms sees to it that who leads is alarmed of every call at high risk also while the escalation is away: by the board and the queue alone. Every
// console does the same; an alarm is there once.
func (s *Server) watchAlarms(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		pause(ctx, alarmsEvery)
		away := s.incidents.away(time.Now())
		if away {
			s.keepAlarms(ctx)
		}
		if away || n%4 == 0 || len(s.alarms.all()) > 0 {
			s.lookAtAlarms(ctx)
		}
	}
}

// keepAlarms puts into the queue what of the board the escalation does not know.
func (s *Server) keepAlarms(ctx context.Context) {
	now := time.Now()
	for _, c := range s.board.Calls() {
		a, needed := queue.AlarmOf(c.Call, now)
		if _, stands := s.alarms.of(c.ID); !needed || stands || s.escalated(a) {
			continue
		}
		within, cancel := context.WithTimeout(ctx, alarmsWithin)
		err := s.deps.Queue.KeepAlarm(within, a)
		cancel()
		if err != nil {
			return // the queue is away; tried again at once
		}
		s.log.Error("a danger is not in the escalation: its database is away. Supervisors at consoles are alarmed, no telephone rings", "call_id", string(c.ID))
	}
}

// escalated tells whether the escalation knows of a danger, as this console saw it last: what a person says outweighs an incident of a lower level.
func (s *Server) escalated(a queue.Alarm) bool {
	in, open := s.incidents.ofCall(a.Call)
	return open && (a.By == "" || in.Level == crisis.LevelHigh)
}

// answeredBefore tells whether somebody answered what an incident rings for, and the escalation does not know it yet.
func (s *Server) answeredBefore(in crisis.Incident) (queue.Alarm, bool) {
	a, known := s.alarms.of(queue.CallID(in.Call()))
	return a, known && a.HeardBy != "" && (in.Supervisor == "" || in.Alarm.On && a.Heard.After(in.Alarm.Since))
}

// lookAtAlarms reads what stands, and wakes the desks when it is something else. While the queue is away what was known stays.
func (s *Server) lookAtAlarms(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, alarmsWithin)
	defer cancel()
	held, err := s.deps.Queue.Alarms(ctx)
	if err != nil {
		return
	}
	now := time.Now()
	changed, left := s.alarms.take(now, held)
	if left {
		s.incidentsChanged()
	}
	if changed {
		s.wakeDesks()
	}
	untold, unheard := 0, time.Duration(0)
	for _, a := range held {
		if !a.At.IsZero() {
			untold++
		}
		if a.HeardBy == "" {
			unheard = max(unheard, now.Sub(a.At))
		}
	}
	s.metrics.untold.Set(float64(untold))
	s.metrics.unheard.Set(unheard.Seconds())
}

// alarmPrefix makes the name by which a page speaks of an alarm that has no incident yet.
const alarmPrefix = "alarm-"

// alarmRow is an alarm in the words of an incident, as far as the board knows them.
func (d *desk) alarmRow(a queue.Alarm) protocol.IncidentRow {
	c, live := d.s.board.Call(a.Call)
	if live && c.Agent != "" {
		a.Agent = c.Agent
	}
	names, me := d.s.names(d.user.Locale), d.user.ID
	row := protocol.IncidentRow{
		Incident: alarmPrefix + string(a.Call), Untold: true, Level: string(crisis.LevelHigh), Trigger: string(crisis.TriggerDanger), State: string(crisis.StateOpen),
		Call: string(a.Call), Line: string(a.Line), LineName: names.Line(string(a.Line)), OpenedAt: protocol.Millis(a.At),
		Counsellor: string(a.Agent), CounsellorName: names.Person(string(a.Agent)), Asked: []protocol.IncidentAsked{}, Last: []protocol.IncidentNews{},
	}
	if a.By != "" {
		row.Trigger = string(crisis.TriggerLevel)
	}
	if a.Agent == me {
		row.Mine = "counsellor"
	}
	if a.HeardBy != "" {
		return answered(row, a, me, names)
	}
	row.Step = string(crisis.StepAcknowledge)
	if d.user.Role == users.Supervisor && a.Agent != me {
		row.Alert = &protocol.IncidentAlert{At: row.OpenedAt, Round: 1, Step: row.Step}
	}
	return row
}

// answered is a row with who answered its alarm, which the escalation does not know yet.
func answered(row protocol.IncidentRow, a queue.Alarm, me queue.AgentID, names readerNames) protocol.IncidentRow {
	row.Supervisor, row.SupervisorName, row.AcknowledgedAt = string(a.HeardBy), names.Person(string(a.HeardBy)), protocol.Millis(a.Heard)
	row.Alert, row.Asked = nil, []protocol.IncidentAsked{}
	if a.HeardBy == me {
		row.Mine = "supervisor"
	}
	return row
}

// hearAlarm says by name who comes, while the escalation is away: the queue keeps it until the incident is told.
func (d *desk) hearAlarm(ctx context.Context, r protocol.Request, call queue.CallID) {
	a, stands := d.s.alarms.of(call)
	if !stands {
		d.refuse(r.Header().ID, protocol.NotFound)
		return
	}
	d.hear(ctx, r, call, d.alarmRow(a).Counsellor)
}

// hear has the queue keep who answers for a call.
func (d *desk) hear(ctx context.Context, r protocol.Request, call queue.CallID, counsellor string) {
	if counsellor == string(d.user.ID) { // who talks with the caller cannot be the one who looks after both
		d.refuse(r.Header().ID, protocol.SamePerson)
		return
	}
	_, err := ask(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.s.deps.Queue.HearAlarm(ctx, call, d.user.ID)
	})
	if err == nil {
		d.s.lookAtAlarms(ctx)
		d.record(ActionIncidentAck, callObject(call, ""))
	}
	d.answer(r, err)
	if err == nil {
		d.helps(ctx, counsellor)
	}
}

// alarmCall is the call of an alarm that has no incident yet, by the name that its row has; false when the name is an incident's.
func alarmCall(name string) (queue.CallID, bool) {
	call, found := strings.CutPrefix(name, alarmPrefix)
	return queue.CallID(call), found
}
