package call

import "time"

// DangerKey is the key by which a caller says "I am in danger now".
const DangerKey = "0"

// digit: the danger key moves a caller who is not yet with a person to the front, at once; with a person, saying it is enough.
func digit(c Call, d string, now time.Time) (Call, []Command) {
	if d != DangerKey || c.Danger || c.EndedBy != "" {
		return c, nil
	}
	switch c.State {
	case Greeting:
		// Raised before queued, so that the first decision about this caller already knows.
		c.Danger, c.Tier = true, Red
		c, cmds := enqueue(c, now, false)
		return c, append([]Command{StopPlay{}, Raise{}}, append(cmds, Play{PromptDanger})...)
	case Waiting, Offered:
		c.Danger, c.Tier = true, Red
		c, cmds := stayed(c)
		return c, append([]Command{StopPlay{}, Save{}, Raise{}, Play{PromptDanger}}, cmds...)
	case Held:
		c.Danger, c.Tier = true, Red
		return c, []Command{Save{}, Raise{}}
	}
	return c, nil
}

// recognized: what the ledger says never lowers what the caller's own danger key gave, nor changes what a person said since. Heard again after an adoption, it changes nothing.
func recognized(c Call, e Recognized, now time.Time) (Call, []Command) {
	back := e.Known.Again != "" && c.Known.Again == "" && c.State == Greeting && !c.leaving()
	if e.Known.Preferred == c.Known.Preferred {
		e.Known.PreferUntil = c.Known.PreferUntil
	}
	if e.Tier == "" && e.Known.Blocked {
		e.Tier = Nuisance
	}
	var cmds []Command
	if e.Tier != "" && e.Tier != c.Tier && !c.Danger && c.Level == "" {
		c.Tier = e.Tier
		cmds = append(cmds, Save{}, Raise{})
		if c.Tier == Nuisance && c.State == Waiting && c.Callback == "" && !c.leaving() {
			cmds = append([]Command{StopPlay{}}, append(cmds, Play{PromptBlocked})...)
		}
	}
	if e.Known != c.Known {
		c.Known = e.Known
		cmds = append(cmds, Require{})
	}
	if back { // cut off a moment ago, while at risk: no greeting stands between this caller and the agent who waits
		c, more := enqueue(c, now, false)
		return c, append(append(append([]Command{StopPlay{}}, cmds...), more...), Play{PromptReconnecting})
	}
	return c, cmds
}
