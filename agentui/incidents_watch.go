package agentui

import (
	"context"
	"slices"
	"sync"
	"time"

	"hotline/agentui/incidents"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/crisis"
	"hotline/queue"
)

const (
	incidentsEvery  = time.Second
	incidentsWithin = 2 * time.Second
	incidentsNews   = 8 // events that are kept for the rows' news: more than a row shows, for some are not shown
)

// incidentView is what this console knows of the incidents that are not over, as it saw them last.
type incidentView struct {
	wake chan struct{} // asks to look at once

	mu      sync.Mutex
	states  []incidents.State
	seen    map[string]incidentSeen // by incident
	lost    bool                    // the last look failed
	refused time.Time               // when the database did not take a danger that this console told; zero: since then it took one
}

// refusedFor is how long one danger that was not taken says that the next would not be, either.
const refusedFor = 5 * time.Second

// away tells whether the escalation cannot be relied on to alarm anybody: its database shows nothing, or takes nothing.
func (v *incidentView) away(now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.lost || now.Sub(v.refused) < refusedFor
}

func (v *incidentView) note(fn func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	fn()
}

// incidentSeen remembers the newest events of an incident as of its last event, so that a look that finds nothing new costs no query for it.
type incidentSeen struct {
	seq    int
	latest []crisis.Event
}

func newIncidentView() *incidentView {
	return &incidentView{wake: make(chan struct{}, 1), seen: map[string]incidentSeen{}}
}

func (v *incidentView) all() []incidents.State {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.states
}

// ofCall is the incident of a call that is not closed; false when there is none.
func (v *incidentView) ofCall(call queue.CallID) (crisis.Incident, bool) {
	for _, s := range v.all() {
		if s.Incident.State != crisis.StateClosed && slices.Contains(s.Incident.Calls, string(call)) {
			return s.Incident, true
		}
	}
	return crisis.Incident{}, false
}

// byID is an incident that is not over, as it was seen last.
func (v *incidentView) byID(id string) (crisis.Incident, bool) {
	for _, s := range v.all() {
		if s.Incident.ID == id {
			return s.Incident, true
		}
	}
	return crisis.Incident{}, false
}

// incidentsChanged has the watcher look at once.
func (s *Server) incidentsChanged() {
	select {
	case s.incidents.wake <- struct{}{}:
	default: // it will
	}
}

// watchIncidents looks every second, and at once after an act here, what stands, and wakes the desks when it is something else. What another console,
// the worker or a telephone did comes the same way.
func (s *Server) watchIncidents(ctx context.Context) {
	tick := time.NewTicker(incidentsEvery)
	defer tick.Stop()
	away := false
	for {
		err := s.lookAtIncidents(ctx)
		s.incidents.note(func() { s.incidents.lost = err != nil })
		if err == nil {
			away = false
			s.followTalks(ctx)
		} else if ctx.Err() == nil && !away {
			s.log.Error("incidents cannot be read; pages show what was known", "error", err)
			away = true
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.incidents.wake:
		}
	}
}

func (s *Server) lookAtIncidents(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, incidentsWithin)
	defer cancel()
	live, err := s.deps.Crisis.Incidents.Live(ctx)
	if err != nil {
		return err
	}
	alerts, err := s.deps.Crisis.Incidents.Alerts(ctx)
	if err != nil {
		return err
	}
	states := make([]incidents.State, 0, len(live))
	seen := make(map[string]incidentSeen, len(live))
	for _, in := range live {
		known := s.incidents.seen[in.ID] // the watcher's own
		if known.seq != in.Seq {
			events, err := s.deps.Crisis.Incidents.Timeline(ctx, in.ID)
			if err != nil {
				return err
			}
			known = incidentSeen{in.Seq, events[max(0, len(events)-incidentsNews):]}
		}
		seen[in.ID] = known
		state := incidents.State{Incident: in, Latest: known.latest}
		for _, a := range alerts {
			if a.Incident == in.ID {
				state.Alerts = append(state.Alerts, a)
			}
		}
		states = append(states, state)
	}
	s.incidents.mu.Lock()
	s.incidents.states, s.incidents.seen = states, seen
	s.incidents.mu.Unlock()
	s.wakeDesks()
	return nil
}

// incidentsTold wakes a desk: it compares what its browser has with what should be there.
type incidentsTold struct{}

// wakeDesks has every desk look at the incidents. A desk whose inbox is full has enough to do, and looks at them then.
func (s *Server) wakeDesks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.desks {
		select {
		case d.inbox <- incidentsTold{}:
		default:
		}
	}
}

// incidentRows are those that a person sees on every page: who leads all that are open, who takes calls those in which they have a part, and, while they
// are free, those for which a second person is wanted. One that is closed shows again when its next step was not done in time. While the console is locked nothing shows but that there is something.
func (d *desk) incidentRows() []protocol.IncidentRow {
	out := []protocol.IncidentRow{}
	if !d.user.Role.Serves() {
		return out
	}
	names, me := d.s.names(d.user.Locale), string(d.user.ID)
	for _, state := range d.s.incidents.all() {
		in := state.Incident
		mine := d.user.Role == users.Supervisor || incidents.HasPart(in, me) || incidents.WantsSecond(in) && in.Supervisor != "" && !d.s.atWork(d.user.ID)
		if !incidents.Stands(in) || !mine {
			continue
		}
		row := incidents.Row(state, me, names)
		if a, before := d.s.answeredBefore(in); before {
			row = answered(row, a, d.user.ID, names)
		}
		row.Rings = d.ringing(queue.CallID(in.Call()))
		out = append(out, d.uncovered(row))
	}
	for _, a := range d.s.alarms.all() {
		if d.s.escalated(a) {
			continue
		}
		if row := d.alarmRow(a); d.user.Role == users.Supervisor || row.Mine != "" {
			out = append(out, d.uncovered(row))
		}
	}
	return out
}

// uncovered is a row as it may be shown: of a locked page only that there is something.
func (d *desk) uncovered(row protocol.IncidentRow) protocol.IncidentRow {
	if !d.covered {
		return row
	}
	return protocol.IncidentRow{
		Incident: row.Incident, Untold: row.Untold, Seq: row.Seq, Level: row.Level, State: row.State, OpenedAt: row.OpenedAt, Alert: row.Alert,
		Asked: []protocol.IncidentAsked{}, Last: []protocol.IncidentNews{},
	}
}

// followTalks writes down what the board shows of the talks of open incidents: that the supervisor listens, that somebody outside was called, came or did
// not. Every console sees it; the incident takes it once.
func (s *Server) followTalks(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, incidentsWithin)
	defer cancel()
	for _, state := range s.incidents.all() {
		in := state.Incident
		c, live := s.board.Call(queue.CallID(in.Call()))
		if in.State == crisis.StateClosed || !live {
			continue
		}
		for _, p := range c.Parties {
			if err := s.followParty(ctx, in, p); err != nil && ctx.Err() == nil {
				s.log.Warn("what happened in a talk is not in its incident yet", "incident", in.ID, "error", err)
			}
		}
	}
}

func (s *Server) followParty(ctx context.Context, in crisis.Incident, p queue.Party) error {
	var err error
	switch {
	case p.Role == queue.PartyOutside:
		err = s.followService(ctx, in, p)
	case p.State == queue.PartyIn && string(p.Agent) == in.Supervisor && in.Joined.IsZero():
		_, err = s.deps.Crisis.Incidents.Joined(ctx, in.ID, partyAct(in, p, "joined", p.Agent))
	default:
		return nil
	}
	return err
}

// partyAct is what happened with a party of a talk, under the name by which every console tells it, so that the incident takes it once.
func partyAct(in crisis.Incident, p queue.Party, what string, by queue.AgentID) crisis.Act {
	return crisis.Act{By: string(by), Request: what + ":" + in.Call() + ":" + p.Since.UTC().Format(time.RFC3339Nano)}
}

func (s *Server) followService(ctx context.Context, in crisis.Incident, p queue.Party) error {
	at := slices.IndexFunc(in.Services, func(one crisis.Service) bool { return one.Contact == p.Contact })
	known := crisis.Service{}
	if at >= 0 {
		known = in.Services[at]
	}
	var err error
	if at < 0 || !known.Failed.IsZero() && p.State != queue.PartyFailed {
		_, err = s.deps.Crisis.Incidents.ServiceAsked(ctx, in.ID, partyAct(in, p, "asked", p.By), p.Contact)
	}
	switch {
	case err != nil:
	case p.State == queue.PartyIn && known.Joined.IsZero():
		_, err = s.deps.Crisis.Incidents.ServiceJoined(ctx, in.ID, partyAct(in, p, "joined", p.By), p.Contact)
	case p.State == queue.PartyFailed && known.Failed.IsZero() && known.Joined.IsZero():
		_, err = s.deps.Crisis.Incidents.ServiceFailed(ctx, in.ID, partyAct(in, p, "failed", p.By), p.Contact)
	}
	return err
}

// readerNames puts ids into the words of one reader.
type readerNames struct {
	s        *Server
	locale   string
	contacts map[string]string // that were read already
}

func (s *Server) names(locale string) readerNames { return readerNames{s: s, locale: locale} }

func (n readerNames) Person(user string) string { return n.s.directory.name(queue.AgentID(user)) }
func (n readerNames) Line(id string) string {
	if id == "" {
		return ""
	}
	return n.s.lineName(queue.LineID(id), n.locale)
}

func (n readerNames) Contact(id string) string {
	if id == "" {
		return ""
	}
	if name := n.contacts[id]; name != "" {
		return name
	}
	return n.s.contacts.name(id, n.locale, n.s.cfg.Locale)
}
