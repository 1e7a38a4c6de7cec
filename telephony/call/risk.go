package call

import (
	"slices"
	"time"
)

// Level is how much danger a person saw; the names are the queue's. "" is a caller whom nobody has assessed yet.
type Level string

// The levels, rising.
const (
	LevelNone     Level = "none"
	LevelLow      Level = "low"
	LevelModerate Level = "moderate"
	LevelHigh     Level = "high"
)

// rank orders the levels; 0: nobody has said one, or nobody knows it.
func (l Level) rank() int {
	return 1 + slices.Index([]Level{LevelNone, LevelLow, LevelModerate, LevelHigh}, l)
}

// RiskWanted is what a person says of the danger. Who may say it was checked by the console; that a level is lowered from high by two people, too: then
// it is Lowered.
type RiskWanted struct {
	Wish
	Level   Level
	Lowered bool
}

// Assess tells the index the tier, the danger and the level.
type Assess struct{}

func (Assess) command() {}

// assessed: a person may say more danger at any time, and that takes effect at once, wherever the caller is. Less than high is believed only of two:
// then nothing is left of the danger, also not of that which the caller's own key gave.
func assessed(c Call, e RiskWanted, now time.Time) (Call, []Command) {
	lowers := e.Lowered && e.Level != LevelHigh && (c.Level == LevelHigh || c.AtRisk())
	if e.Level.rank() == 0 || !lowers && (e.Level == c.Level || c.Level == LevelHigh) {
		return c, nil
	}
	was := c.AtRisk()
	c.Level, c.LevelBy, c.LevelAt = e.Level, e.By, now
	switch {
	case lowers:
		c.Tier, c.Danger = Normal, false
	case e.Level == LevelHigh:
		c.Tier = Red
	}
	cmds := []Command{Save{}}
	if c.State != Overflowed && c.State != Arrived { // the index has no row of such a call
		cmds = append(cmds, Assess{})
	}
	if was || !c.AtRisk() || c.Callback == "" || c.EndedBy != "" {
		return c, cmds
	}
	c, taken := stayed(c) // nobody at risk is sent away with a promise
	cmds = append(cmds, taken...)
	if c.Leaving {
		return c, cmds
	}
	return c, append(append([]Command{StopPlay{}}, cmds...), Play{PromptCallbackWithdrawn})
}

// reassessed tells the index again what an earlier controller may not have lived to tell: that there is danger must not wait for the next time that
// somebody says so.
func reassessed(c Call, e Event, cmds []Command) []Command {
	_, adopted := e.(Adopted)
	if !adopted || c.State.Final() || c.State == Overflowed || c.Level == "" && !c.AtRisk() {
		return cmds
	}
	return append(cmds, Assess{})
}
