package call

import "time"

// announcing arms the first announcement of a wait beside other commands. It comes early: not to know how long is the worst of waiting.
func announcing(c Call, cmds ...Command) (Call, []Command) {
	if c.Plan.Announce > 0 {
		cmds = append(cmds, ArmAnnounce{c.Plan.Announce / 2})
	}
	return c, cmds
}

// announceDue: nothing is announced while an offer rings, because a counsellor may be there in a moment, nor while a callback is being confirmed.
func announceDue(c Call) (Call, []Command) {
	if c.leaving() {
		return c, nil
	}
	cmds := []Command{ArmAnnounce{c.Plan.Announce}}
	switch {
	case c.State == Offered || c.Callback != "":
	case c.Danger || c.Tier == Red:
		cmds = append(cmds, Announce{[]Prompt{PromptStayWithUs}})
	case c.Tier == Nuisance:
		cmds = append(cmds, Announce{[]Prompt{PromptWaitUnknown, PromptReassurance}})
	default:
		cmds = append(cmds, Estimate{})
	}
	return c, cmds
}

// estimated says what the index foretold, unless something else became of the caller meanwhile.
func estimated(c Call, o Outlook) (Call, []Command) {
	if c.State != Waiting || c.leaving() || c.Callback != "" || c.Danger || c.Tier == Red || c.Tier == Nuisance {
		return c, nil
	}
	if o.Known && o.Position == 0 {
		return c, nil // it rings this moment
	}
	parts := place(&c.Told, o)
	parts = append(parts, wait(&c.Told, o)...)
	parts = append(parts, PromptReassurance)
	if c.mayBeCalledBack() {
		parts = append(parts, PromptCallbackOffer)
	}
	return c, []Command{Save{}, Announce{parts}}
}

// place says how many are ahead; a number that grew, only with the reason.
func place(told *Outlook, o Outlook) []Prompt {
	if o.Position < 1 {
		return nil
	}
	var parts []Prompt
	if told.Position > 0 && o.Position > told.Position {
		parts = append(parts, PromptUrgentFirst)
	}
	told.Position = o.Position
	switch ahead := o.Position - 1; {
	case ahead == 0:
		return append(parts, PromptNext)
	case ahead <= MostCallers:
		return append(parts, PromptAhead, CallersAhead(ahead))
	default:
		return append(parts, PromptManyCallers)
	}
}

// wait says how long it may take, rounded outwards: down at the low end, up at the high one. A time that grew is said only with the reason.
func wait(told *Outlook, o Outlook) []Prompt {
	if !o.Known || o.High <= 0 {
		return []Prompt{PromptWaitUnknown}
	}
	low, high := rounded(o.Low, o.High)
	var parts []Prompt
	if most := time.Duration(high) * time.Minute; told.High > 0 && most > told.High {
		parts = append(parts, PromptLonger)
	}
	told.High = time.Duration(high) * time.Minute
	switch {
	case high > longest:
		return append(parts, PromptWaitHour)
	case high == 1:
		return append(parts, PromptWaitShort)
	case low == high:
		return append(parts, PromptWait, ToMinutes(high))
	default:
		return append(parts, PromptWait, FromMinutes(low), ToMinutes(high))
	}
}

// longest is the longest time, in minutes, that is said as a number.
const longest = 60

// rounded are the ends of a range in minutes that can be said; a high end above longest is longest+1.
func rounded(from, to time.Duration) (low, high int) {
	low, high = 1, longest+1
	for _, m := range Minutes() {
		d := time.Duration(m) * time.Minute
		if d <= from {
			low = m
		}
		if d >= to && high > longest {
			high = m
		}
	}
	return min(low, high), high
}
