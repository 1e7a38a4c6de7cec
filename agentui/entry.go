package agentui

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/qualifications"
	"hotline/queue"
)

// Who may be given the calls of a line for which something is required: being let in is a skill (queue.Guard) that the desk signs its person in with,
// and that such a line's calls ask for. Nothing here ends a talk or a sign-in.

const (
	entryEvery  = time.Second      // how often changes of records, requirements and waivers are looked for
	entryWithin = 2 * time.Second  // a database that does not answer is away: what was known stays
	entryAgain  = 30 * time.Second // how exactly a desk notices what only time changes
)

// door is what this console knows of the requirements.
type door struct {
	mu   sync.Mutex
	book *qualifications.Book // nil: nothing could be read yet
}

func (d *door) get() *qualifications.Book {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.book
}

func (d *door) set(b *qualifications.Book) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.book = b
}

// refitted tells a desk that requirements, records or waivers are others.
type refitted struct{}

// watchEntry keeps the book fresh until ctx ends, and tells every desk.
func (s *Server) watchEntry(ctx context.Context) {
	look := qualifications.NewDesk(s.deps.Staff.Qualifications, s.deps.Staff.Requirements, s.site.zone)
	tick := time.NewTicker(entryEvery)
	defer tick.Stop()
	away := false
	for {
		asked, cancel := context.WithTimeout(ctx, entryWithin)
		book, err := look.Look(asked)
		cancel()
		switch {
		case err != nil && ctx.Err() == nil && !away:
			s.log.Warn("requirements cannot be read; what was known stays", "error", err)
			away = true
		case err == nil:
			away = false
		}
		if book != nil {
			s.door.set(book)
			s.tellDesks(ctx, refitted{})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Server) tellDesks(ctx context.Context, m any) {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.desks))
	s.mu.Unlock()
	for _, d := range all {
		d.post(ctx, m)
	}
}

// entered is what a desk knows of its person and the lines.
type entered struct {
	book  *qualifications.Book
	again time.Time
	in    map[string]bool // of guarded lines: let in when it was looked last
	rows  []protocol.LineStanding
	with  string // skills with which the person was signed in last
}

// refit looks how the person stands to the lines, and has them signed in anew when they stand otherwise: the index takes the other skills, and leaves
// the state as it is.
func (d *desk) refit(now time.Time) {
	book := d.s.door.get()
	if book != d.entered.book || !now.Before(d.entered.again) {
		was := d.entered.in
		d.entered.book, d.entered.again, d.entered.in, d.entered.rows = book, now.Add(entryAgain), map[string]bool{}, nil
		for _, line := range book.Guarded(d.s.site.lineIDs()) {
			e := book.Enter(line, string(d.user.ID), d.user.Created, now, was[line])
			d.entered.in[line] = e.In
			if len(e.Lapsed)+len(e.Due) > 0 {
				d.entered.rows = append(d.entered.rows, d.s.standing(e, d.user.Locale))
			}
		}
	}
	if len(d.entered.in) > 0 {
		d.wakeAt(d.entered.again)
	}
	if d.tab == nil || !d.signed || d.entered.with == d.skills().Text() {
		return
	}
	row, known := d.s.board.Agent(d.user.ID)
	if d.entered.with == "" && known && maps.Equal(guardsOf(row.Skills), guardsOf(d.skills())) {
		d.entered.with = d.skills().Text() // signed in by an earlier life of this console
		return
	}
	d.signed = false
}

// skills are the person's own, and for each line being let in. As soon as anything is required anywhere, every line is named: a requirement that a
// controller knows a moment before this console empties no line.
func (d *desk) skills() queue.Skills {
	if len(d.entered.in) == 0 {
		return d.user.Skills
	}
	all := queue.Skills{}
	maps.Copy(all, d.user.Skills)
	for _, line := range d.s.site.lineIDs() {
		if in, guarded := d.entered.in[line]; in || !guarded {
			all[queue.Guard(queue.LineID(line))] = 1
		}
	}
	return all
}

func guardsOf(s queue.Skills) queue.Skills {
	out := queue.Skills{}
	for name, level := range s {
		if _, guard := queue.Guarded(name); guard {
			out[name] = level
		}
	}
	return out
}

// barredFrom tells whether a person's row cannot be given a call, because a requirement of its line lapsed.
func barredFrom(a queue.Agent, c queue.Call) bool {
	return !a.Skills.Fits(guardsOf(c.Needs))
}

// barred counts the people at work to whom the calls of a line do not come.
func (s *Server) barred() (n int) {
	guarded := s.door.get().Guarded(s.site.lineIDs())
	for _, a := range s.board.Agents() {
		if a.State != queue.AgentOffline && slices.ContainsFunc(guarded, func(line string) bool { return a.Skills[queue.Guard(queue.LineID(line))] == 0 }) {
			n++
		}
	}
	return n
}

// standing is an entry for the wire.
func (s *Server) standing(e qualifications.Entry, locale string) protocol.LineStanding {
	out := protocol.LineStanding{
		Line: e.Line, LineName: s.lineName(queue.LineID(e.Line), locale), In: e.In, Waived: e.Waived, Lapsed: []protocol.Requirement{}, Due: []protocol.Requirement{},
	}
	put := func(into *[]protocol.Requirement, all []qualifications.Standing) {
		for _, st := range all {
			*into = append(*into, protocol.Requirement{Rule: st.Rule.ID, Name: protocol.InWords(st.Rule.Names, locale), Until: st.Until.String(), Last: st.Last.String()})
		}
	}
	put(&out.Lapsed, e.Lapsed)
	put(&out.Due, e.Due)
	return out
}

// standings are how a person stands to every line of which there is anything to say.
func (s *Server) standingsOf(u users.User, now time.Time) []protocol.LineStanding {
	book, out := s.door.get(), []protocol.LineStanding{}
	row, known := s.board.Agent(u.ID)
	for _, line := range book.Guarded(s.site.lineIDs()) {
		stayed := known && row.Skills[queue.Guard(queue.LineID(line))] > 0
		if e := book.Enter(line, string(u.ID), u.Created, now, stayed); len(e.Lapsed)+len(e.Due) > 0 {
			out = append(out, s.standing(e, u.Locale))
		}
	}
	return out
}
