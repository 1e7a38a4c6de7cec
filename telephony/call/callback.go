package call

// A callback is promised like this: the wish is noted on the channel (Save), written down for good (Promise), and only then told. When the caller has
// heard it, the channel is hung up; that is the one hang-up of ours that no agent asked for. Until then the caller keeps waiting, in the queue, and may
// be served, stay by the same key, or press the danger key; each takes the promise back.

// callbackWanted: the first press asks, one during the confirmation stays.
func callbackWanted(c Call) (Call, []Command) {
	switch {
	case !c.Plan.Callback || c.leaving() || c.Callback == CallbackAsked:
		return c, nil
	case c.Callback == CallbackPromised:
		c, cmds := stayed(c)
		return c, append([]Command{StopPlay{}, Save{}}, append(cmds, Play{PromptCallbackWithdrawn})...)
	case !c.mayBeCalledBack():
		return c, []Command{StopPlay{}, Play{PromptCallbackImpossible}}
	}
	c.Callback = CallbackAsked
	c.Asks++
	return c, []Command{StopPlay{}, Save{}, Promise{c.Asks}}
}

// promised: what nobody knows to be promised is taken back; the caller is told to stay, and would else be called for nothing.
func promised(c Call, e Promised) (Call, []Command) {
	switch {
	case c.Callback != CallbackAsked || e.Ask != c.Asks:
		return c, nil // taken back already, behind the promise
	case !e.Ok:
		c, cmds := stayed(c)
		return c, append([]Command{StopPlay{}, Save{}}, append(cmds, Play{PromptCallbackImpossible})...)
	}
	c.Callback = CallbackPromised
	return c, append([]Command{StopPlay{}, Save{}}, reassured(c)...)
}

// confirmed: the caller knows of the promise and can go. A confirmation that was not heard binds nobody: the caller keeps waiting.
func confirmed(c Call, e PromptDone) (Call, []Command) {
	if c.Callback != CallbackPromised || c.leaving() {
		return c, nil
	}
	if e.ID == "" || e.Failed {
		c, cmds := stayed(c)
		return c, append([]Command{Save{}}, cmds...)
	}
	c.EndedBy, c.Cause = ByCaller, normalClearing
	return c, []Command{Hangup{}}
}

// stayed takes a callback back that was asked for or promised, because the caller stays.
func stayed(c Call) (Call, []Command) {
	if c.Callback == "" {
		return c, nil
	}
	c.Callback = ""
	return c, []Command{Withdraw{}}
}

// reassured says again what a caller may have missed of a callback: after an adoption, or a gap in the events.
func reassured(c Call) []Command {
	switch c.Callback {
	case CallbackAsked:
		return []Command{Promise{c.Asks}}
	case CallbackPromised:
		return []Command{Play{PromptCallbackPromised}}
	}
	return nil
}
