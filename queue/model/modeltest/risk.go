package modeltest

import (
	"fmt"

	"hotline/queue"
	"hotline/queue/model"
)

// risk is one of the changes of calls at risk; mostly one that could be made.
func (w *World) risk() model.Op {
	call := w.where(queue.CallID(fmt.Sprintf("c%d", w.rnd.IntN(callers))), queue.CallTalking, queue.CallHeld)
	levels := []queue.Level{"", queue.LevelNone, queue.LevelLow, queue.LevelModerate, queue.LevelHigh, queue.LevelHigh}
	c := queue.Call{ID: call, Level: levels[w.rnd.IntN(len(levels))]}
	if c.Level != "" {
		c.LevelBy, c.LevelAt = w.someAgent(), w.now
	}
	tier := w.tier()
	if c.Level == queue.LevelHigh {
		tier = queue.TierRed
	}
	return model.Op{Verb: model.Assess, Call: c, Tier: tier, Flag: w.rnd.IntN(3) == 0}
}
