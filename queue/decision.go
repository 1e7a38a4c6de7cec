package queue

import "time"

// Rule says what decided between the agents who fitted a caller.
type Rule string

// The rules, in the order in which they are asked.
const (
	RuleAgain      Rule = "again"        // the agent was kept for this caller, who was cut off while at risk a moment ago
	RuleSupervisor Rule = "supervisor"   // the caller is at risk, the agent vanished, and nobody was available for them: who leads the shift
	RuleAssigned   Rule = "assigned"     // a person assigned the caller to this agent, whatever the skills
	RuleReturning  Rule = "returning"    // the agent was held for this caller, who was cut off while at risk
	RulePreferred  Rule = "preferred"    // the caller's preferred agent
	RuleOnly       Rule = "only"         // nobody else was available who fitted
	RuleGroup      Rule = "group"        // a group that comes before the others
	RuleExposure   Rule = "exposure"     // a red caller, and fewer red calls lately than the others
	RuleIdle       Rule = "longest_idle" // idle for longer than the others
)

// Decision is why an offer was made: what the script saw at that moment. Ids and figures only.
type Decision struct {
	Rule   Rule      `json:"rule"`
	Tier   Tier      `json:"tier"`
	Key    time.Time `json:"key"` // order key: who has the smallest comes first (arrival less the head start of the tier)
	Needs  Skills    `json:"needs,omitempty"`
	Groups int       `json:"groups"`

	Agents  []Candidate `json:"agents"`  // who fitted, the best first, at most 10, and always the one chosen
	Fitting int         `json:"fitting"` // how many fitted; at least, when they have more than 10 different skill sets
	Others  []Rival     `json:"others"`  // the callers at the heads of the other buckets, in the order of service, at most 5
	Waiting int         `json:"waiting"` // how many others waited in all
}

// Candidate is an agent who was available and fitted.
type Candidate struct {
	ID     AgentID   `json:"id"`
	Group  int       `json:"group"`
	Reds   int       `json:"reds"` // red calls within the window of the exposure
	Idle   time.Time `json:"idle"` // since when
	Held   time.Time `json:"held,omitzero"`
	Skills Skills    `json:"skills,omitempty"`
}

// Rival is a caller who waited at the same moment. One with a smaller key than the caller who was chosen fitted nobody available, unless the rule is assigned.
type Rival struct {
	ID     CallID    `json:"id"`
	Tier   Tier      `json:"tier"`
	Key    time.Time `json:"key"`
	Needs  Skills    `json:"needs,omitempty"`
	Groups int       `json:"groups"`
	Only   AgentID   `json:"only,omitempty"` // waits for that agent alone
	Fits   bool      `json:"fits,omitempty"` // could have had the same agent
}

type reasonRow struct {
	Rule    Rule           `json:"rule"`
	Tier    Tier           `json:"tier"`
	Key     ms             `json:"key"`
	Need    string         `json:"need"`
	Groups  int            `json:"groups"`
	Agents  []candidateRow `json:"agents"`
	Fitting int            `json:"fitting"`
	Others  []rivalRow     `json:"others"`
	Waiting int            `json:"waiting"`
}

type candidateRow struct {
	ID     AgentID `json:"id"`
	Group  int     `json:"group"`
	Reds   int     `json:"reds"`
	Idle   ms      `json:"idle"`
	Held   ms      `json:"held"`
	Skills string  `json:"skills"`
}

type rivalRow struct {
	ID     CallID  `json:"id"`
	Tier   Tier    `json:"tier"`
	Key    ms      `json:"key"`
	Need   string  `json:"need"`
	Groups int     `json:"groups"`
	Only   AgentID `json:"only"`
	Fits   bool    `json:"fits"`
}

func (r reasonRow) decision() Decision {
	d := Decision{Rule: r.Rule, Tier: r.Tier, Key: r.Key.time(), Needs: parseSkills(r.Need), Groups: r.Groups, Fitting: r.Fitting, Waiting: r.Waiting}
	for _, a := range r.Agents {
		d.Agents = append(d.Agents, Candidate{ID: a.ID, Group: a.Group, Reds: a.Reds, Idle: a.Idle.time(), Held: a.Held.time(), Skills: parseSkills(a.Skills)})
	}
	for _, o := range r.Others {
		d.Others = append(d.Others, Rival{ID: o.ID, Tier: o.Tier, Key: o.Key.time(), Needs: parseSkills(o.Need), Groups: o.Groups, Only: o.Only, Fits: o.Fits})
	}
	return d
}
