package call

import "time"

// How a call ends, or leaves us for the dialplan.

// normalClearing is the Q.850 cause of a call that somebody ended on purpose.
const normalClearing = 16

func hangup(c Call, agent string) (Call, []Command) {
	if (c.State != Talking && c.State != Held) || c.Agent != agent {
		return c, nil
	}
	c.EndedBy, c.Cause = ByAgent, normalClearing
	return c, []Command{Hangup{}}
}

func gone(c Call, now time.Time) (Call, []Command) {
	var cmds []Command
	if c.State == Talking {
		cmds = append(cmds, StopRecording{c.Leg})
	}
	if c.cutOff() {
		cmds = append(cmds, Keep{c.Agent}) // who calls again finds the same agent
	}
	c = pause(c, now)
	c.Left = c.brokenOff()
	c = to(c, Ended, now)
	c.Ended = now
	switch {
	case c.EndedBy != "":
	case c.Leaving:
		c.EndedBy = ByCaller
	default:
		c.EndedBy = ByFault // nobody hung up, as far as Asterisk said
	}
	return c, append(cmds, DisarmReturn{}, Close{})
}

// brokenOff says that the caller talked with somebody, lost them by a fault, and waits for them or for another.
func (c Call) brokenOff() bool {
	if c.Talked.IsZero() && c.Passed.IsZero() || c.EndedBy == ByAgent || c.Callback == CallbackPromised {
		return false
	}
	return c.State == Waiting || c.State == Offered || c.State == Held
}

// degrade hands the caller to the dialplan, whose fallback needs none of us.
func degrade(c Call, now time.Time) (Call, []Command) {
	was := c
	c = to(pause(c, now), Degraded, now)
	cmds := []Command{Save{}, Degrade{}}
	if was.State == Talking {
		cmds = append(cmds, StopRecording{was.Leg})
	}
	return c, append(cmds, DisarmReturn{}, Close{})
}

// leftStasis: somebody else gave the caller to the dialplan; there is nothing left to say to the channel.
func leftStasis(c Call, now time.Time) (Call, []Command) {
	var cmds []Command
	if c.State == Talking {
		cmds = append(cmds, StopRecording{c.Leg})
	}
	c = to(pause(c, now), Degraded, now)
	return c, append(cmds, DisarmReturn{}, Close{})
}
