package agentui

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/protocol"
	"hotline/casework/shifts"
	"hotline/queue"
)

const (
	spansRetry  = 500 * time.Millisecond
	spansWithin = 5 * time.Second
	owesWithin  = time.Second
	spansMost   = 20_000 // that wait for a database that is away: hours of a large site
)

// spanKeeper writes down in which state each person of this console is since when, and remembers in which call each talked last. It never stands
// between a person and the queue: it watches the board.
type spanKeeper struct {
	store   shiftStore
	board   *board.Board
	console string
	log     *slog.Logger
	wake    chan struct{} // receives when something waits

	mu      sync.Mutex
	talks   map[queue.AgentID]lastTalk
	waiting []shifts.Span
	lost    bool // the bound was passed
}

// lastTalk is the call in which a person talked last.
type lastTalk struct {
	call  string
	began time.Time
	red   bool // the caller was at risk, at any time while the person talked
}

func newSpanKeeper(store shiftStore, b *board.Board, console string, log *slog.Logger) *spanKeeper {
	return &spanKeeper{store: store, board: b, console: console, log: log, wake: make(chan struct{}, 1), talks: map[queue.AgentID]lastTalk{}}
}

// last is the call in which a person talked last, as far as this console saw it.
func (k *spanKeeper) last(id queue.AgentID) lastTalk {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.talks[id]
}

// run watches until ctx ends, and writes what is left then. Watching never waits for the database: a talk that came and went meanwhile would not be seen.
func (k *spanKeeper) run(ctx context.Context) {
	watch := k.board.Watch("", true)
	defer watch.Close()
	var writer sync.WaitGroup
	writer.Go(func() { k.keep(ctx) })
	defer writer.Wait()
	known := map[queue.AgentID]queue.Agent{}
	k.news(board.News{Reset: true}, known) // the board may have been filled before
	for {
		select {
		case <-watch.Wake():
			k.news(watch.Take(), known)
		case <-ctx.Done():
			return
		}
	}
}

// keep writes what waits, again until the database takes it.
func (k *spanKeeper) keep(ctx context.Context) {
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-k.wake:
		case <-again.C:
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), spansWithin)
			k.write(end)
			cancel()
			return
		}
		if !k.write(ctx) {
			again.Reset(spansRetry)
		}
	}
}

func (k *spanKeeper) news(n board.News, known map[queue.AgentID]queue.Agent) {
	ids := n.Agents
	if n.Reset {
		ids = nil
		for _, a := range k.board.Agents() {
			ids = append(ids, a.ID)
		}
	}
	for _, id := range ids {
		row, there := k.board.Agent(id)
		if there && row.Console == k.console {
			k.see(row.Agent, known[id])
			known[id] = row.Agent
			continue
		}
		if _, ours := known[id]; ours && !there {
			k.add(shifts.Span{Agent: string(id), Since: time.Now(), State: shifts.Offline})
		}
		delete(known, id) // signed out, or served by another console from now on
	}
	for _, id := range n.Calls {
		if c, ok := k.board.Call(id); ok && c.Agent != "" {
			k.mark(c.Call)
		}
	}
}

// see notes a row that differs from the one before.
func (k *spanKeeper) see(now, before queue.Agent) {
	if now.State == queue.AgentTalking && now.Call != "" {
		k.mu.Lock()
		if k.talks[now.ID].call != string(now.Call) {
			k.talks[now.ID] = lastTalk{call: string(now.Call), began: now.Since}
		}
		k.mu.Unlock()
		if c, ok := k.board.Call(now.Call); ok {
			k.mark(c.Call)
		}
	}
	if now.State == before.State && now.Since.Equal(before.Since) && now.Call == before.Call {
		return
	}
	k.add(shifts.Span{Agent: string(now.ID), Since: now.Since, State: string(now.State), Reason: now.Reason, Call: string(now.Call), Until: now.Until})
}

// mark remembers that a call was one at risk, for who talks in it.
func (k *spanKeeper) mark(c queue.Call) {
	if !c.Danger && c.Tier != queue.TierRed {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if t := k.talks[c.Agent]; t.call == string(c.ID) {
		t.red = true
		k.talks[c.Agent] = t
	}
}

func (k *spanKeeper) add(p shifts.Span) {
	defer func() {
		select {
		case k.wake <- struct{}{}:
		default: // awake already
		}
	}()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.waiting) < spansMost {
		k.waiting = append(k.waiting, p)
	} else if !k.lost {
		k.lost = true
		k.log.Error("states of people are not written down any more: the database has been away for too long")
	}
}

// write brings what waits into the database. False: try again.
func (k *spanKeeper) write(ctx context.Context) bool {
	k.mu.Lock()
	batch := k.waiting[:min(len(k.waiting), 200)]
	k.mu.Unlock()
	if len(batch) == 0 {
		return true
	}
	limit, cancel := context.WithTimeout(ctx, spansWithin)
	defer cancel()
	if err := k.store.Keep(limit, batch); err != nil {
		if ctx.Err() == nil {
			k.log.Warn("states of people could not be written down; tried again", "error", err)
		}
		return false
	}
	k.mu.Lock()
	k.waiting = k.waiting[len(batch):]
	more := len(k.waiting) > 0
	k.lost = k.lost && more
	k.mu.Unlock()
	return !more || k.write(ctx)
}

// owes returns the call which a person talked in last and whose wrap-up is not over, and why: at risk its form is missing; of any call it is not said whether
// suicide was asked about. Both are empty when nothing is owed.
// A database that is away keeps nobody from the next caller: the form stays due all the same, see Shift.
func (s *Server) owes(ctx context.Context, id queue.AgentID) (string, protocol.Code) {
	t := s.spans.last(id)
	if t.call == "" { // an earlier life of this console, or another console, saw the talk
		call, _, err := s.deps.Care.Shifts.LastCall(ctx, string(id))
		if err != nil || call == "" {
			return "", ""
		}
		rows, err := s.deps.Care.Contacts.Calls(ctx, []string{call})
		if err != nil {
			return "", ""
		}
		t = lastTalk{call: call, red: rows[call].AtRisk()}
	}
	have, err := s.deps.Care.Dispositions.Have(ctx, []string{t.call})
	if err != nil || have[t.call] {
		return "", ""
	}
	if t.red {
		return t.call, protocol.DispositionMissing
	}
	if have, err = s.deps.Risk.Kept.HaveAnswer(ctx, []string{t.call}); err != nil || have[t.call] {
		return "", ""
	}
	return t.call, protocol.RiskMissing
}

// owesForm refuses what would end a wrap-up in which something is still owed; true when it did.
func (d *desk) owesForm(ctx context.Context, r protocol.Request) bool {
	ctx, cancel := context.WithTimeout(ctx, owesWithin)
	defer cancel()
	call, code := d.s.owes(ctx, d.user.ID)
	if call == "" {
		return false
	}
	d.tab.out.send(protocol.NewError(r.Header().ID, code, protocol.Params{"call": call}))
	return true
}
