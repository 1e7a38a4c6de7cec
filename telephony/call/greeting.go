package call

import "time"

// Step is how far the greeting has come.
type Step int

// The steps, in order; those that the plan does not have are passed over. The danger key and the callback key end them all.
const (
	stepGreeting Step = iota
	stepOffer         // in an emergency: a callback is offered first
	stepMenu
	stepChoice // the menu was said, a key is waited for
	stepClosed
	stepClosedOffer
	stepQueue
)

func greeting(c Call, e Event, now time.Time) (Call, []Command) {
	switch e := e.(type) {
	case PromptDone:
		if c.Step != stepChoice {
			return further(c, now)
		}
	case ChoiceExpired:
		if c.Step == stepChoice {
			return further(c, now)
		}
	case Chosen:
		if c.Language == e.Language {
			return c, nil
		}
		c.Step = max(c.Step, stepChoice)
		c, cmds := speak(c, e)
		c, more := further(c, now)
		return c, append(append(cmds, Require{}), more...) // what is needed is known before the caller is queued
	case CallbackWanted:
		if !c.Plan.Callback {
			return c, nil
		}
		c, cmds := enqueue(c, now, false) // the place is taken at once, whatever comes of the wish
		c, more := callbackWanted(c)
		return c, append(cmds, more...)
	}
	return c, nil
}

// further goes to the next step of the greeting that the plan has. No key, no choice: whoever does nothing reaches the queue, and a human.
func further(c Call, now time.Time) (Call, []Command) {
	for c.Step < stepQueue {
		c.Step++
		switch choice := c.Plan.Menu && c.Language == ""; {
		case c.Step == stepOffer && c.Plan.CallbackFirst && c.mayBeCalledBack():
			return c, []Command{Play{PromptCallbackOffer}}
		case c.Step == stepMenu && choice:
			return c, []Command{Play{PromptMenu}}
		case c.Step == stepChoice && choice:
			return c, []Command{ArmChoice{}}
		case c.Step == stepClosed && c.Plan.Closed:
			return c, []Command{Play{PromptClosed}}
		case c.Step == stepClosedOffer && c.Plan.Closed && !c.Plan.CallbackFirst && c.mayBeCalledBack():
			return c, []Command{Play{PromptCallbackOffer}}
		}
	}
	c, cmds := enqueue(c, now, false)
	return c, append(cmds, Play{afterwards(c)})
}

// afterwards is what is said when the caller is in the queue already: a counsellor who is free now need not wait for it.
func afterwards(c Call) Prompt {
	switch {
	case c.Tier == Nuisance:
		return PromptBlocked
	case c.Language != "":
		return PromptGreeting // the danger key, in a language that the caller understands
	default:
		return PromptOtherLanguages
	}
}

// chosenLate: a language is chosen while waiting. A confirmation of a callback is not talked over.
func chosenLate(c Call, e Chosen) (Call, []Command) {
	if c.Language == e.Language || c.Callback != "" || c.leaving() {
		return c, nil
	}
	c, cmds := speak(c, e)
	return c, append(cmds, Save{}, Require{}, Play{PromptGreeting})
}

// speak takes the language for everything that is said from now on, the hold audio too.
func speak(c Call, e Chosen) (Call, []Command) {
	was := c.HoldPlace()
	c.Language, c.Audio = e.Language, e.Audio
	cmds := []Command{StopPlay{}}
	if c.HoldPlace() != was {
		cmds = append(cmds, EnterHold{})
	}
	return c, cmds
}
