package agentui

import (
	"testing"
	"time"

	"hotline/agentui/protocol"
	"hotline/crisis"
	"hotline/queue"
)

// What a console makes of what the queue holds, look by look.
func TestWhatStands(t *testing.T) {
	start := time.Now()
	danger := queue.Alarm{Call: "c", Line: "12355", By: "u-1", Agent: "u-1", At: start}
	heard := danger
	heard.HeardBy, heard.Heard = "u-lead", start.Add(time.Second)
	only := queue.Alarm{Call: "c", HeardBy: "u-lead", Heard: start.Add(time.Second)}
	v := newStandingAlarms()
	for n, c := range []struct {
		after         int // seconds
		held          []queue.Alarm
		changed, left bool
		by            queue.AgentID // who answered
		stands        int
	}{
		{0, nil, false, false, "", 0},
		{1, []queue.Alarm{danger}, true, false, "", 1},
		{2, []queue.Alarm{danger}, false, false, "", 1},
		{3, []queue.Alarm{heard}, true, false, "u-lead", 1},
		{4, []queue.Alarm{only}, false, false, "u-lead", 1}, // the escalation has the danger, and not yet the answer
		{5, nil, false, true, "u-lead", 1},                  // it has both: remembered until the incident is in sight
		{9, nil, true, true, "", 0},
		{10, []queue.Alarm{only}, true, false, "u-lead", 0}, // an answer to what rings of an incident
	} {
		changed, left := v.take(start.Add(time.Duration(c.after)*time.Second), c.held)
		a, _ := v.of("c")
		if changed != c.changed || left != c.left || a.HeardBy != c.by || len(v.all()) != c.stands {
			t.Errorf("look %d: changed %v, left %v, answered by %q, %d stand", n, changed, left, a.HeardBy, len(v.all()))
		}
		if c.stands > 0 && (a.Agent != "u-1" || !a.At.Equal(start)) {
			t.Errorf("look %d: %+v", n, a)
		}
	}
}

// withoutEscalation takes the database's incidents away, until back is called, and waits until the console knows.
func (s *site) withoutEscalation() (back func()) {
	s.t.Helper()
	rename := func(from, to string) {
		s.t.Helper()
		if _, err := s.db.Exec(s.t.Context(), `ALTER TABLE `+from+` RENAME TO `+to); err != nil {
			s.t.Fatal(err)
		}
	}
	rename("incidents", "incidents_away")
	s.until("the console knows", func() bool { return s.server.incidents.away(time.Now()) })
	return func() { rename("incidents_away", "incidents") }
}

func (g *view) row(id string) protocol.IncidentRow {
	g.mu.Lock()
	defer g.mu.Unlock()
	row, _ := g.incident(id)
	return row
}

// The database is away and a counsellor says high: who leads is alarmed within a second and answers; the counsellor sees that nobody has it yet, and then who comes. With the
// database back the incident is there, and nobody is alarmed again.
func TestAnAlarmWithoutTheDatabase(t *testing.T) {
	s := newSite(t, nil)
	one, boss := s.login("agent1"), s.login("supervisor1")
	s.tree.set(boss.me.User)
	s.carry()
	lead := boss.enter("")
	g, call := s.known(one, queue.TierNormal)
	name := alarmPrefix + call
	back := s.withoutEscalation()

	began := time.Now()
	g.must("risk", map[string]any{"call": call, "level": "high", "reason_text": "手边有药"})
	lead.until("the alarm", func() bool { row, ok := lead.incident(name); return ok && row.Alert != nil })
	if took := time.Since(began); took > 3*time.Second { // a second, on a machine that has time
		t.Errorf("the alarm took %v", took)
	}
	if row := lead.row(name); !row.Untold || row.Level != "high" || row.Trigger != "level" || row.State != "open" || row.Call != call || row.LineName != "青少年热线" ||
		row.CounsellorName != "咨询员一" || row.Mine != "" || row.Supervisor != "" || row.Alert.Round != 1 || row.Step != "acknowledge" {
		t.Errorf("alarm %+v", row)
	}
	g.until("that nobody has it yet", func() bool {
		row, ok := g.incident(name)
		return ok && row.Untold && row.Mine == "counsellor" && row.Alert == nil && row.Supervisor == ""
	})
	s.until("the figures say so", func() bool {
		return s.count("hotline_console_untold_alarms", "") == 1 && s.count("hotline_console_untold_alarms_unanswered_seconds", "") > 0
	})

	g.refused("incident_ack", protocol.Forbidden, map[string]any{"incident": name})
	lead.refused("incident_ack", protocol.NotFound, map[string]any{"incident": alarmPrefix + newID()})
	lead.must("incident_ack", map[string]any{"incident": name})
	lead.until("it is silent", func() bool { row, _ := lead.incident(name); return row.Alert == nil && row.Mine == "supervisor" })
	g.until("who comes", func() bool {
		row, _ := g.incident(name)
		return row.SupervisorName == "督导一" && row.AcknowledgedAt > 0
	})
	s.until("nobody is waited for", func() bool { return s.count("hotline_console_untold_alarms_unanswered_seconds", "") == 0 })
	s.until("the trail has it", func() bool { return len(s.audit.of(ActionIncidentAck)) == 1 })

	back()
	var id string
	lead.until("the incident", func() bool {
		for _, row := range lead.self.Incidents {
			if row.Alert != nil {
				t.Fatalf("alarmed again: %+v", row)
			}
			if !row.Untold {
				id = row.Incident
			}
		}
		return id != "" && len(lead.self.Incidents) == 1
	})
	if row := lead.row(id); row.Supervisor != boss.me.User || row.Mine != "supervisor" {
		t.Errorf("before the worker told who answered: %+v", row)
	}
	in := s.toldByTheWorker(id, queue.CallID(call))
	lead.until("by the incident itself", func() bool { row, _ := lead.incident(id); return row.Seq == int64(in.Seq) })
	if row := lead.row(id); row.Alert != nil || row.Supervisor != boss.me.User || in.Supervisor != boss.me.User {
		t.Errorf("then: %+v", row)
	}
}

// toldByTheWorker does what the worker does with an alarm that was answered.
func (s *site) toldByTheWorker(id string, call queue.CallID) crisis.Incident {
	s.t.Helper()
	held, err := s.queue.Alarms(s.t.Context())
	if err != nil || len(held) != 1 || held[0].Call != call || held[0].HeardBy == "" {
		s.t.Fatalf("%+v, %v", held, err)
	}
	in, err := s.crisis.Incidents.Heard(s.t.Context(), id, crisis.Act{By: string(held[0].HeardBy)}, held[0].Heard)
	if err == nil {
		err = s.queue.ForgetAlarm(s.t.Context(), held[0])
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return in
}

// The caller's own key while the database is away: the alarm stays when the caller hangs up before anybody came. A supervisor who talks is not asked about that
// talk, and an alarm of an incident that began before is answered all the same.
func TestAnAlarmOutlivesItsCall(t *testing.T) {
	s := newSite(t, nil)
	one, boss := s.login("agent1"), s.login("supervisor1")
	s.tree.set(boss.me.User)
	lead := boss.enter("")
	before := s.endanger(one, queue.CallID(newID()))
	lead.until("the alarm before", func() bool { row, ok := lead.incident(before); return ok && row.Alert != nil })
	s.withoutEscalation()

	lead.must("incident_ack", map[string]any{"incident": before})
	lead.until("answered, and kept for later", func() bool { row, _ := lead.incident(before); return row.Alert == nil && row.Mine == "supervisor" })

	call := s.call(queue.TierRed)
	name := alarmPrefix + string(call)
	lead.until("the alarm", func() bool {
		row, ok := lead.incident(name)
		return ok && row.Alert != nil && row.Trigger == "danger_key"
	})
	s.endCall(call, queue.EndAbandoned)
	lead.until("the caller has left", func() bool { _, there := lead.calls[string(call)]; return !there })
	if row := lead.row(name); row.Alert == nil || row.Counsellor != "" {
		t.Errorf("%+v", row)
	}

	lead.available()
	own := s.call(queue.TierRed)
	lead.until("the offer", func() bool { return lead.self.Offer != nil })
	lead.must("accept", map[string]any{"offer": lead.snap().Offer.Offer})
	mine := alarmPrefix + string(own)
	lead.until("the own talk", func() bool { row, ok := lead.incident(mine); return ok && row.Mine == "counsellor" && row.Alert == nil })
	lead.refused("incident_ack", protocol.SamePerson, map[string]any{"incident": mine})
}
