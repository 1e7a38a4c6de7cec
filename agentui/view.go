package agentui

import (
	"maps"
	"slices"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/protocol"
	"hotline/queue"
)

// news notes what the board says has changed; show tells it to the browser.
func (d *desk) news(n board.News) {
	for id, reason := range n.Legs {
		d.legGone(id, reason)
	}
	if n.Reset {
		d.acted = ""
		if d.tab != nil && d.snapshot.IsZero() {
			d.snapshot = time.Now() // owed at once
		}
	}
	if d.user.Role.SeesBoard() {
		d.board.add(n)
	}
}

// boardEvery bounds how often a browser gets rows of the board: a busy site changes hundreds a second, and no screen shows more than 50 pictures of them.
// What changes less often comes at once.
const boardEvery = 20 * time.Millisecond

// changed is a set of rows.
type changed struct {
	calls  map[queue.CallID]struct{}
	agents map[queue.AgentID]struct{}
}

func (c *changed) add(n board.News) {
	if c.calls == nil {
		*c = changed{map[queue.CallID]struct{}{}, map[queue.AgentID]struct{}{}}
	}
	for _, id := range n.Calls {
		c.calls[id] = struct{}{}
	}
	for _, id := range n.Agents {
		c.agents[id] = struct{}{}
	}
}

func (c *changed) empty() bool { return len(c.calls) == 0 && len(c.agents) == 0 }

// show brings the browser up to date: the snapshot that is owed, else what changed.
func (d *desk) show(now time.Time) {
	if d.tab == nil || d.over {
		return
	}
	d.tab.out.tellRefused(d.refused)
	d.coverOrShow(now)
	if !d.snapshot.IsZero() {
		if d.member && !d.seen && now.Before(d.snapshot) && !d.refused {
			d.wakeAt(d.snapshot)
			return // the board does not show the sign-in yet; refused, it will not soon
		}
		d.sendSnapshot(now)
	} else {
		d.sendChanges(now)
	}
	for _, lost := range d.lostLegs {
		d.tab.out.send(lost)
	}
	d.lostLegs = nil
}

func (d *desk) sendSnapshot(now time.Time) {
	d.snapshot, d.board, d.shown = time.Time{}, changed{}, now
	self := d.self()
	d.lastSelf = encoded(self)
	d.tab.out.snapshot(protocol.NewSnapshot(now.UnixMilli(), self, d.wholeBoard()))
}

func (d *desk) sendChanges(now time.Time) {
	self := d.self()
	text := encoded(self)
	var rows changed
	switch next := d.shown.Add(boardEvery); {
	case d.board.empty():
	case now.Before(next) && text == d.lastSelf:
		d.wakeAt(next)
	default:
		rows, d.board, d.shown = d.board, changed{}, now
	}
	if d.covered {
		rows = changed{}
	}
	if text == d.lastSelf && rows.empty() {
		return
	}
	d.tab.out.change(func(p *pending) {
		if text != d.lastSelf {
			p.self = &self
		}
		for _, id := range slices.Sorted(maps.Keys(rows.calls)) {
			if c, ok := d.s.board.Call(id); ok {
				p.goneCalls.remove(string(id))
				p.calls.put(string(id), d.boardCall(c))
			} else {
				p.calls.remove(string(id))
				p.goneCalls.put(string(id), struct{}{})
			}
		}
		for _, id := range slices.Sorted(maps.Keys(rows.agents)) {
			if a, ok := d.s.board.Agent(id); ok {
				p.goneAgents.remove(string(id))
				p.agents.put(string(id), d.boardAgent(a))
			} else {
				p.agents.remove(string(id))
				p.goneAgents.put(string(id), struct{}{})
			}
		}
	})
	d.lastSelf = text
}

func (d *desk) wholeBoard() *protocol.Board {
	if !d.user.Role.SeesBoard() || d.covered {
		return nil
	}
	b := &protocol.Board{Waiting: []protocol.Call{}, Talking: []protocol.Call{}, Agents: []protocol.Agent{}}
	for _, c := range d.s.board.Calls() {
		if c.State == queue.CallTalking || c.State == queue.CallHeld {
			b.Talking = append(b.Talking, d.boardCall(c))
		} else {
			b.Waiting = append(b.Waiting, d.boardCall(c))
		}
	}
	for _, a := range d.s.board.Agents() {
		b.Agents = append(b.Agents, d.boardAgent(a))
	}
	return b
}

func (d *desk) self() protocol.Self {
	s := protocol.Self{
		User: string(d.user.ID), Name: d.user.Name, Role: string(d.user.Role), State: string(queue.AgentOffline), WantsReady: d.wantsReady,
		Media: d.media(), Leg: d.leg.id, Muted: d.muted, Supervised: []string{}, Incidents: d.incidentRows(),
	}
	s.Lines = d.entered.rows
	a, ok := d.s.board.Agent(d.user.ID)
	if !ok {
		s.Invite = d.beside(true) // also who takes no calls may be asked
		return s
	}
	s.State, s.Reason, s.Since, s.Until = string(a.State), a.Reason, protocol.Millis(a.Since), protocol.Millis(a.Until)
	if o, ok := d.s.board.Offer(d.user.ID); ok {
		s.Offer = d.offer(o)
	}
	if a.State == queue.AgentTalking && a.Call != "" {
		if c, ok := d.s.board.Call(a.Call); ok {
			row, listening := d.ownView(c)
			s.Call, s.Supervised = &row, listening
		}
	}
	s.FormDue, s.FormLateAt, s.KeptFor = string(a.Owes), protocol.Millis(a.Late), string(a.Keeps)
	s.Assist, s.Invite, s.SOS = d.beside(false), d.beside(true), sosOf(d.s, a.Agent)
	return s
}

func (d *desk) offer(o queue.Offer) *protocol.Offer {
	c, ok := d.s.board.Call(o.Call)
	if !ok {
		return nil // the caller is gone; the offer's end follows
	}
	return &protocol.Offer{
		Offer: string(o.ID), Call: string(o.Call), Line: string(c.Line), LineName: d.lineName(c.Line), Tier: string(c.Tier),
		WaitedMs: max(0, o.Made.Sub(c.Arrived).Milliseconds()), At: protocol.Millis(o.Made), ExpiresAt: protocol.Millis(o.Expires), History: c.History,
		ReturningToYou: c.LastAgent == d.user.ID, Callback: c.Callback,
	}
}

func (d *desk) call(c board.Call) protocol.Call {
	row := protocol.Call{
		Call: string(c.ID), Line: string(c.Line), LineName: d.lineName(c.Line), State: string(c.State), Tier: string(c.Tier),
		Agent: string(c.Agent), AgentName: d.s.directory.name(c.Agent), ArrivedAt: protocol.Millis(c.Arrived), Since: protocol.Millis(c.Since),
		TalkSince: protocol.Millis(c.Talked), Danger: c.Danger, History: c.History, HoldReason: c.Hold, Callback: c.Callback, Parties: d.parties(c.Call), Needs: protocol.Levels(c.Needs.WithoutGuards()),
		Assigned: string(c.Assigned), AssignedName: d.s.directory.name(c.Assigned),
		Level: string(c.Level), LevelByName: d.s.directory.name(c.LevelBy), LevelAt: protocol.Millis(c.LevelAt), AgentLostAt: protocol.Millis(c.LostAt),
	}
	if p := c.Pause; !p.Since.IsZero() {
		row.Pause = &protocol.RecordingPause{
			Reason: p.Code, Since: protocol.Millis(p.Since), Until: protocol.Millis(p.Until), Asked: protocol.Millis(p.Asked), Taken: protocol.Millis(p.Taken), Over: protocol.Millis(p.Over),
		}
	}
	if c.Quality != nil {
		q := protocol.Quality(*c.Quality)
		row.Quality = &q
	}
	return row
}

func (d *desk) agent(a board.Agent) protocol.Agent {
	return protocol.Agent{
		User: string(a.ID), Name: d.s.directory.name(a.ID), State: string(a.State), Reason: a.Reason, Since: protocol.Millis(a.Since),
		Call: string(a.Call), Media: boardMedia(a), Muted: a.Muted, Skills: protocol.Levels(a.Skills.WithoutGuards()), Group: a.Group, Reds: len(a.Reds), Until: protocol.Millis(a.Until), Assist: string(a.Assist), SOS: sosOf(d.s, a.Agent),
		FormDue: string(a.Owes), FormLateAt: protocol.Millis(a.Late), KeptFor: string(a.Keeps),
	}
}

func boardMedia(a board.Agent) protocol.Media {
	switch {
	case a.Leg == nil && a.LegLost, a.Leg != nil && a.Leg.State == board.LegSilent:
		return protocol.MediaLost
	case a.Leg == nil:
		return protocol.MediaNone
	case a.Leg.Ready():
		return protocol.MediaReady
	}
	return protocol.MediaConnecting
}

// lineName is the line's name in the person's language, else in the console's, else its id.
func (d *desk) lineName(id queue.LineID) string { return d.s.lineName(id, d.user.Locale) }
