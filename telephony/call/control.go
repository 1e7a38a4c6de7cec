package call

import (
	"strings"
	"time"
)

// What an agent, or who takes a call over from one, can wish of a call besides its end. Each wish is checked against the call as it is when it comes;
// one that does not fit changes nothing.

type (
	// HoldWanted is the agent's wish to have the caller on hold audio; ResumeWanted, to have the caller back.
	HoldWanted   struct{ Wish }
	ResumeWanted struct{ Wish }
	// TransferWanted is the agent's wish that whom they consult has the call from now on. Leg is a leg of that person's that can be used, or "".
	TransferWanted struct {
		Wish
		To, Leg string
	}
	// TakeWanted is the wish of who may to have the call from now on.
	TakeWanted struct {
		Wish
		Leg string
	}
	// ReleaseWanted is the agent's wish that the caller waits for another: for To, or for anybody.
	ReleaseWanted struct {
		Wish
		To string
	}
	// DigitsWanted is the agent's wish to send keys to the third party or to the caller.
	DigitsWanted struct {
		Wish
		Outside bool
		Digits  string `json:"-"` // may be an access code: no journal has them
	}
	// Reassigned says what the index made of Transfer or Requeue.
	Reassigned struct {
		At
		Row Row
	}
)

type (
	// Transfer asks the index to give the call to another agent; Reassigned or the index's own news follows. From is who has it.
	Transfer struct{ From, To string }
	// Requeue asks the index to put the call to the head of the queue, for To or for anybody.
	Requeue struct{ From, To string }
	// SendDigits sends keys to the third party of attempt N, or to the caller (0).
	SendDigits struct {
		N      int
		Digits string
	}
)

func (Transfer) command()   {}
func (Requeue) command()    {}
func (SendDigits) command() {}

// onHold says that the caller is on hold audio by the agent's wish.
func (c Call) onHold() bool { return c.State == Held && c.Hold == HoldByAgent }

// control decides for wishes. ok: it did.
func control(c Call, e Event) (next Call, cmds []Command, ok bool) {
	now := e.when()
	switch e := e.(type) {
	case HoldWanted:
		if e.By == c.Agent && c.State == Talking && !c.AtRisk() && !c.leaving() {
			c, cmds = holdByAgent(c, now)
		}
	case ResumeWanted:
		if e.By == c.Agent && c.onHold() && !c.leaving() {
			c, cmds = comeToAgent(c, now)
		}
	case TransferWanted:
		if p, is := c.party(e.To); e.By == c.Agent && is && p.Role == Consult && p.State == PartyIn {
			cmds = handOver(c, e.To, e.Leg)
		}
	case TakeWanted:
		if open, is := takeOpen(c, e); is {
			return c, open, true
		}
		cmds = handOver(c, e.By, e.Leg)
	case ReleaseWanted:
		if e.By == c.Agent && e.To != c.Agent && c.attended() && !c.Unanswered && !c.AtRisk() && !c.leaving() && !c.Third.alive() {
			cmds = []Command{Requeue{c.Agent, e.To}}
		}
	case DigitsWanted:
		cmds = digitsWanted(c, e)
	case Reassigned:
		c, cmds = reassigned(c, e.Row, now)
	default:
		return c, nil, false
	}
	return c, cmds, true
}

// handOver: whoever gets the call must be able to talk now, so that the caller goes from voice to voice.
func handOver(c Call, to, leg string) []Command {
	if to == "" || to == c.Agent || leg == "" || !c.attended() || c.Unanswered || c.leaving() {
		return nil
	}
	return []Command{Transfer{c.Agent, to}}
}

// mostDigits bounds what is sent at once.
const mostDigits = 32

func digitsWanted(c Call, e DigitsWanted) []Command {
	if e.By != c.Agent || c.leaving() || e.Digits == "" || len(e.Digits) > mostDigits || strings.ContainsFunc(e.Digits, notKey) {
		return nil
	}
	switch {
	case e.Outside && c.attended() && c.Third.State == PartyIn:
		return []Command{SendDigits{c.Third.N, e.Digits}}
	case !e.Outside && c.State == Talking:
		return []Command{SendDigits{0, e.Digits}}
	}
	return nil
}

func notKey(r rune) bool { return !strings.ContainsRune("0123456789*#ABCD", r) }

// holdByAgent puts the caller on hold audio by the agent's wish. The leg is remembered: it is where the caller comes back to. The recording goes on.
func holdByAgent(c Call, now time.Time) (Call, []Command) {
	leg := c.Leg
	c = to(pause(c, now), Held, now)
	c.Hold, c.Leg = HoldByAgent, leg
	return c, []Command{EnterHold{}, Save{}, Mark{}}
}

// comeToAgent brings a caller whom the agent had put on hold back.
func comeToAgent(c Call, now time.Time) (Call, []Command) { return join(c, c.Leg, now) }

// spare brings a caller who is at risk by now back from hold at once, whatever made it so.
func spare(c Call, cmds []Command, now time.Time) (Call, []Command) {
	if !c.onHold() || !c.AtRisk() || c.leaving() {
		return c, cmds
	}
	c, back := comeToAgent(c, now)
	return c, append(back, cmds...)
}

// onHoldBy is what happens to a caller on hold by the agent's wish. ok false: it is as with any other who is held.
func onHoldBy(c Call, e Event, now time.Time) (next Call, cmds []Command, ok bool) {
	switch e := e.(type) {
	case LegReady:
		if e.Agent == c.Agent && e.Leg != c.Leg { // the agent moved to another browser
			c.Leg = e.Leg
			cmds = []Command{Save{}}
		}
	case LegLost:
		if e.Leg == c.Leg && !c.leaving() {
			c.Leg, c.Hold, c.Since = "", HoldAgentAway, now
			cmds = []Command{Save{}, Mark{}, Play{PromptReconnecting}, ArmReturn{}}
		}
	case Adopted:
		if c.Leg == "" {
			return c, nil, false
		}
		cmds = []Command{Settle{}, Save{}, Restore{}, Mark{}}
	case ReturnExpired:
	default:
		return c, nil, false
	}
	return c, cmds, true
}

// given: the index says of a call that talks whose it is, or that it waits. It counts when it is news: what the index said before it lost its
// memory, or before a restore that it did not need, must not tear a talk apart.
func given(c Call, r Row, now time.Time) (Call, []Command) {
	served := r.State == Talking || r.State == Held
	switch {
	case served && r.Agent == c.Agent:
		if r.Since.After(c.Indexed) {
			c.Indexed = r.Since
		}
		return regained(c)
	case !served && c.Lost != "": // as it was before the agent came back
	case !c.Indexed.IsZero() && r.Since.After(c.Indexed) && !c.leaving():
		return reassigned(c, r, now)
	}
	return c, nil
}

// regained: the index says that the agent who was back has the caller.
func regained(c Call) (Call, []Command) {
	if c.Lost == "" {
		return c, nil
	}
	c.Lost = ""
	return c, []Command{Save{}}
}

// reassigned moves the caller to whom the index names: leg to leg, without hold audio between. One recording ends and the next begins. Or to hold
// audio, when nobody has the caller.
func reassigned(c Call, r Row, now time.Time) (Call, []Command) {
	served := r.State == Talking || r.State == Held
	if served && r.Agent == c.Agent && c.State == Talking {
		return regained(c)
	}
	if !c.attended() || c.leaving() || served && r.Agent == c.Agent {
		return c, nil
	}
	var seal []Command
	if c.State == Talking {
		seal = []Command{StopRecording{c.Leg}}
	}
	c = pause(c, now)
	c.Agent, c.Hold, c.Indexed, c.Front = "", "", r.Since, r.Front
	var cmds []Command
	switch {
	case !served:
		c = to(c, Waiting, now)
		c, _ = noted(c, r, now)
		c, cmds = announcing(c, EnterHold{}, Save{}, Play{PromptReconnecting}, DisarmReturn{})
	case r.Leg == "":
		c.Agent = r.Agent
		c, cmds = hold(c, now)
	default:
		c.Agent = r.Agent
		c, cmds = join(c, r.Leg, now)
	}
	return c, append(seal, cmds...)
}

// disputed: the index may know better than an old tag, or than a restore after a loss, whose the caller is. Waiting for an agent who is promised to
// somebody else would leave the caller to nobody, and the agent whom the index names to silence.
func disputed(c Call, r Row, now time.Time) (Call, []Command) {
	served, queued := r.State == Talking || r.State == Held, r.State == Waiting || r.State == Offered
	if queued && c.Lost != "" {
		return c, nil // as we wished
	}
	if !r.Since.After(c.Indexed) || !(queued || served && r.Agent != c.Agent) {
		return c, nil
	}
	c = to(c, Waiting, now)
	c.Agent, c.Hold, c.Leg = "", "", ""
	if queued {
		c.Front = r.Front
	}
	c, cmds := row(c, r, now)
	cmds = append([]Command{DisarmReturn{}, Save{}}, cmds...)
	if queued {
		return announcing(c, cmds...)
	}
	return c, cmds
}
