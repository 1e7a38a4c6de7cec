package modeltest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline/queue"
	"hotline/queue/model"
)

// Drained is the most steps in which one able agent serves all who still wait: what no caller's luck may exceed.
const Drained = callers + 1

// ringPause is for how long who missed a ring is not rung again: the first sweep after it does.
const ringPause = 30 * time.Second

// check returns what does not hold after a step.
func (w *World) check() error {
	for id := range w.here {
		if w.M.Calls[id] == nil {
			return fmt.Errorf("%s was acknowledged and is lost", id)
		}
	}
	for _, c := range w.M.Calls {
		if err := w.checkCall(c); err != nil {
			return err
		}
	}
	for _, a := range w.M.Agents {
		if err := w.checkAgent(a); err != nil {
			return err
		}
	}
	for _, o := range w.M.Offers {
		c, a := w.M.Calls[o.Call], w.M.Agents[o.Agent]
		if c == nil || a == nil || c.Offer != o.Fence || a.Offer != o.Fence {
			return fmt.Errorf("offer %+v: call %+v, agent %+v", *o, c, a)
		}
	}
	for i, o := range w.M.Made {
		if err := errors.Join(w.just(o), w.explained(o, w.M.Why[i])); err != nil {
			return err
		}
	}
	return errors.Join(w.tiers(), w.outlooks())
}

// explained: the reason of an offer names the agent, who may have the caller, and nobody who came before in order could have had that agent.
func (w *World) explained(o model.Offer, d queue.Decision) error {
	c, a := w.M.Calls[o.Call], w.M.Agents[o.Agent]
	if c == nil || a == nil {
		return errors.New("an offer ended in the script that made it")
	}
	at := slices.IndexFunc(d.Agents, func(x queue.Candidate) bool { return x.ID == o.Agent })
	if a.Group > c.Groups && c.Assigned != a.ID && !named(d.Rule) || at < 0 || d.Fitting < len(d.Agents) || d.Waiting < len(d.Others) {
		return fmt.Errorf("%s to %s of group %d: %+v", c.ID, a.ID, a.Group, d)
	}
	if named(d.Rule) {
		if at != 0 || a.Prior == nil || (d.Rule == queue.RuleAgain) != (c.Again != "" && a.Prior.Keeps == c.Again) || d.Rule == queue.RuleSupervisor && (c.Lost == 0 || !a.Lead) {
			return fmt.Errorf("%s to %s: %+v", c.ID, a.ID, d)
		}
		return nil
	}
	if assigned := d.Rule == queue.RuleAssigned; assigned != (c.Assigned == a.ID) {
		return fmt.Errorf("%s to %s, assigned to %q: %+v", c.ID, a.ID, c.Assigned, d)
	}
	if best := at == 0; !best && d.Rule != queue.RulePreferred && d.Rule != queue.RuleReturning {
		return fmt.Errorf("%s to %s, who is not the best: %+v", c.ID, a.ID, d)
	}
	for _, x := range d.Others {
		if x.Fits && x.Key.Before(d.Key) && (d.Rule != queue.RuleAssigned || w.outranks(x.Tier, d.Tier)) {
			return fmt.Errorf("%s before %s, who could have had %s: %+v", c.ID, x.ID, a.ID, d)
		}
	}
	return nil
}

// named: the rule is for one person, whatever they do.
func named(r queue.Rule) bool { return r == queue.RuleAgain || r == queue.RuleSupervisor }

// outranks: no decision of a person passes this tier.
func (w *World) outranks(x, y queue.Tier) bool {
	strict := x == queue.TierRed || x == queue.TierReturning
	return strict && w.cfg.HeadStart[x] > w.cfg.HeadStart[y]
}

// outlooks: who waits has a place, and of two who ask for the same the one in front has the smaller.
func (w *World) outlooks() error {
	for _, x := range w.M.Calls {
		o, err := w.M.Outlook(x.ID)
		if waits := x.State == queue.CallGreeting || x.State == queue.CallWaiting || x.State == queue.CallOffered; (err == nil) != waits {
			return fmt.Errorf("outlook of %+v: %w", *x, err)
		}
		if x.State != queue.CallWaiting {
			continue
		}
		if o.Position < 1 || o.Free > o.Agents || o.Known && (o.Low > o.High || o.Agents == 0) {
			return fmt.Errorf("outlook of %s: %+v", x.ID, o)
		}
		for _, y := range w.M.Calls {
			if y.State != queue.CallWaiting || y.Need != x.Need || y.Only != x.Only || y.Groups != x.Groups || y.Key <= x.Key {
				continue
			}
			if p, err := w.M.Outlook(y.ID); err != nil || p.Position <= o.Position {
				return fmt.Errorf("%s is number %d, %s behind it number %d: %w", x.ID, o.Position, y.ID, p.Position, err)
			}
		}
	}
	return nil
}

// checkCall: one place, known to both sides; nobody waits beside an agent who may be offered; floors hold.
func (w *World) checkCall(c *model.Call) error {
	offered, served := c.State == queue.CallOffered, c.State == queue.CallTalking || c.State == queue.CallHeld
	placed := offered || c.State == queue.CallWaiting
	if (c.Offer != 0) != offered || (c.Agent != "") != (offered || served) || (c.Key != 0) != placed || c.Only != "" && c.State != queue.CallWaiting {
		return fmt.Errorf("call in two places: %+v", *c)
	}
	if assigned := c.Assigned != ""; assigned != (c.AssignTill != 0) || assigned && !placed && c.State != queue.CallGreeting {
		return fmt.Errorf("assigned: %+v", *c)
	}
	if a := w.M.Agents[c.Agent]; served && a != nil && a.State != queue.AgentOffline && (a.State != queue.AgentTalking || a.Call != c.ID) {
		return fmt.Errorf("%s is with %+v", c.ID, *a)
	}
	if c.State == queue.CallWaiting && !w.M.Settling() {
		if a := w.M.Best(c); a != nil {
			return fmt.Errorf("%s waits beside %s", c.ID, a.ID)
		}
		if a := w.M.Kept(c); a != nil {
			return fmt.Errorf("%s waits beside %s, who is kept for them", c.ID, a.ID)
		}
		if a := w.M.Leader(); a != nil && c.Lost != 0 && (a.Rung == 0 || a.Rung <= w.swept.Add(-ringPause).UnixMilli()) {
			return fmt.Errorf("%s, whose agent vanished, waits beside %s, who leads", c.ID, a.ID)
		}
	}
	if c.Asked == "" {
		return nil
	}
	for name, floor := range w.cfg.Floors {
		least := queue.Skills{name: floor}.Text()
		if w.M.Fits(c.Asked, least) && !w.M.Fits(c.Need, least) {
			return fmt.Errorf("%s asked for %s and now needs %s: below the floor of %s", c.ID, c.Asked, c.Need, name)
		}
	}
	if !w.M.Fits(c.Asked, c.Need) {
		return fmt.Errorf("%s asked for %s and now needs %s", c.ID, c.Asked, c.Need)
	}
	return nil
}

func (w *World) checkAgent(a *model.Agent) error {
	reserved, talking := a.State == queue.AgentReserved, a.State == queue.AgentTalking
	if (a.Offer != 0) != reserved || (a.Call != "") != (reserved || talking) || (a.Reason != "") != (a.State == queue.AgentNotReady) {
		return fmt.Errorf("agent %+v", *a)
	}
	if offline := a.State == queue.AgentOffline; offline && (a.SOS == nil || a.Session != "") {
		return fmt.Errorf("agent %+v", *a)
	}
	kept := a.Keeps != ""
	if kept != (a.Reason == queue.ReasonKept) || a.Owes != "" && (a.State == queue.AgentAvailable || a.State == queue.AgentOffline) || a.Late != 0 && a.Owes == "" {
		return fmt.Errorf("at risk: agent %+v", *a)
	}
	if a.Assist != "" {
		c := w.M.Calls[a.Assist]
		if a.State != queue.AgentNotReady || a.Reason != queue.ReasonAssisting || c != nil && (c.State != queue.CallTalking && c.State != queue.CallHeld || c.Agent == a.ID) {
			return fmt.Errorf("%+v assists %+v", *a, c)
		}
	}
	if w.cfg.Exposure.Limit > 0 && a.State == queue.AgentAvailable && a.Rest > w.now.UnixMilli()+5000 && a.Since > a.Rested {
		return fmt.Errorf("%s is available during a break: %+v", a.ID, *a)
	}
	return nil
}

// just: who was passed over by an offer just made comes behind. From this follows the bound of waiting: nobody passes a caller who may have the
// same agent, but the more urgent tiers and those who arrived less than the difference of the head starts later.
func (w *World) just(o model.Offer) error {
	c, a := w.M.Calls[o.Call], w.M.Agents[o.Agent]
	if c == nil || a == nil || c.Offer != o.Fence {
		return errors.New("an offer ended in the script that made it")
	}
	if a.Prior != nil {
		return nil // by a rule of its own
	}
	for _, x := range w.M.Calls {
		if x.State != queue.CallWaiting || !w.M.May(x, a) {
			continue
		}
		if c.Assigned == a.ID && x.Assigned != a.ID { // a person decided between those of one urgency
			if w.outranks(x.Tier, c.Tier) {
				return fmt.Errorf("%s was offered before %s", c.ID, x.ID)
			}
			continue
		}
		if x.Key < c.Key {
			return fmt.Errorf("%s was offered before %s", c.ID, x.ID)
		}
		gap := w.cfg.HeadStart[c.Tier] - w.cfg.HeadStart[x.Tier]
		if c.Front == 0 && x.Front == 0 && time.Duration(c.Arrived-x.Arrived)*time.Millisecond > gap {
			return fmt.Errorf("%s passed %s, who came %d ms before", c.ID, x.ID, c.Arrived-x.Arrived)
		}
	}
	return nil
}

// tiers: red and returning never cross another tier, whatever was restored, raised or put to the front.
func (w *World) tiers() error {
	for _, x := range w.M.Calls {
		for _, y := range w.M.Calls {
			urgent := x.Tier == queue.TierRed && y.Tier != queue.TierRed || x.Tier == queue.TierReturning && y.Tier != queue.TierRed && y.Tier != queue.TierReturning
			if urgent && x.Key != 0 && y.Key != 0 && y.Key <= x.Key {
				return fmt.Errorf("%s overtakes %s", y.ID, x.ID)
			}
		}
	}
	return nil
}

// Drain ends the arrivals and lets one agent who can do everything work: all who wait must be served, in as many turns as there are callers, and
// in the order of their keys but for those who wait for a person who can become free.
func (w *World) Drain() error {
	w.first, w.later = nil, nil
	w.now = w.now.Add(w.cfg.Patience + w.cfg.Ring + w.cfg.WrapUp + time.Minute)
	for i := range agents { // who is there goes home
		a := w.M.Agents[queue.AgentID(fmt.Sprintf("a%d", i))]
		if a == nil {
			continue
		}
		if err := w.must(model.Op{Verb: model.Sweep}); err != nil {
			return err
		}
		if a.Lead {
			if err := w.must(model.Op{Verb: model.Lead, Agent: queue.Agent{ID: a.ID, Session: a.Session}}); err != nil {
				return err
			}
		}
		if a.Keeps != "" {
			if err := w.must(model.Op{Verb: model.Unkeep, Agent: queue.Agent{ID: a.ID, Session: a.Session}}); err != nil {
				return err
			}
		}
		if err := w.must(model.Op{Verb: model.Filed, Call: queue.Call{ID: a.Owes}, Agent: queue.Agent{ID: a.ID}}); err != nil {
			return err
		}
		if a.State == queue.AgentReserved {
			if err := w.must(model.Op{Verb: model.Away, Agent: queue.Agent{ID: a.ID, Session: a.Session}}); err != nil {
				return err
			}
		}
		if a.State != queue.AgentTalking && a.State != queue.AgentOffline && a.Assist == "" {
			if err := w.must(model.Op{Verb: model.NotReady, Agent: queue.Agent{ID: a.ID, Session: a.Session}, Why: "home"}); err != nil {
				return err
			}
		}
	}
	expert := queue.Agent{ID: "expert", Session: "s", Skills: queue.Skills{"crisis": 10, "mandarin": 10, "youth": 10}}
	if err := w.must(model.Op{Verb: model.SignIn, Agent: expert}); err != nil {
		return err
	}
	for range Drained {
		w.now = w.now.Add(w.cfg.Exposure.Break + w.cfg.Exposure.Window + w.cfg.WrapUp)
		if err := w.must(model.Op{Verb: model.Sweep}); err != nil {
			return err
		}
		a := w.M.Agents["expert"]
		if a.State == queue.AgentNotReady {
			if err := w.must(model.Op{Verb: model.Ready, Agent: expert}); err != nil {
				return err
			}
		}
		if a.State != queue.AgentReserved {
			break
		}
		call := a.Call
		if err := w.must(model.Op{Verb: model.Accept, Agent: expert, Fence: a.Offer}); err != nil {
			return err
		}
		if err := w.must(model.Op{Verb: model.Filed, Call: queue.Call{ID: call}, Agent: expert}); err != nil {
			return err
		}
		if err := w.must(model.Op{Verb: model.End, Call: queue.Call{ID: call}, Why: string(queue.EndAnswered)}); err != nil {
			return err
		}
	}
	for _, c := range w.M.Calls {
		if c.State == queue.CallWaiting || c.State == queue.CallOffered {
			return fmt.Errorf("%s was never served: %+v", c.ID, *c)
		}
	}
	return nil
}

func (w *World) must(op model.Op) error {
	w.now = w.now.Add(time.Millisecond)
	w.n++
	if op.Verb != model.Sweep {
		op.Req = queue.RequestID(fmt.Sprintf("r%d", w.n))
	}
	s, err := w.do(Step{Now: w.now, Op: op})
	return errors.Join(err, s.Err)
}
