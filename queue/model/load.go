package model

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hotline/queue"
)

// callRow, agentRow and offerRow are the rows that the scripts keep, with the fields that package queue does not show.
type callRow struct {
	ID        queue.CallID    `json:"id"`
	Line      queue.LineID    `json:"line"`
	Node      string          `json:"node"`
	Owner     string          `json:"owner"`
	State     queue.CallState `json:"state"`
	Tier      queue.Tier      `json:"tier"`
	Need      string          `json:"need"`
	Asked     string          `json:"asked"`
	Relax     []stepRow       `json:"relax"`
	Arrived   int64           `json:"arrived"`
	Since     int64           `json:"since"`
	Talked    int64           `json:"talked"`
	Front     int64           `json:"front"`
	From      int64           `json:"from"`
	Key       int64           `json:"key"`
	Prefer    int64           `json:"prefer"`
	Preferred queue.AgentID   `json:"preferred"`
	Only      queue.AgentID   `json:"only"`
	Agent     queue.AgentID   `json:"agent"`
	Exposed   queue.AgentID   `json:"exposed"`
	Offer     string          `json:"offer"`
	Danger    bool            `json:"danger"`
	Level     queue.Level     `json:"level"`
	LevelBy   queue.AgentID   `json:"level_by"`
	LevelAt   int64           `json:"level_at"`
	Lost      int64           `json:"lost"`
	LostBy    queue.AgentID   `json:"lost_by"`
	Again     queue.CallID    `json:"again"`
	Keep      int64           `json:"keep"`
	Filed     bool            `json:"filed"`
	Callback  bool            `json:"callback"`
	History   int             `json:"history"`
	Groups    *int            `json:"groups"`
	Hold      string          `json:"hold"`
	Parties   []partyRow      `json:"parties"`
	Assigned  queue.AgentID   `json:"assigned"`
	Assign    int64           `json:"assign"`
}

type stepRow struct {
	After int64  `json:"after"`
	Skill string `json:"skill"`
	By    int    `json:"by"`
	To    int    `json:"to"`
	Need  string `json:"need"`
}

type agentRow struct {
	ID       queue.AgentID    `json:"id"`
	State    queue.AgentState `json:"state"`
	Reason   string           `json:"reason"`
	Skills   string           `json:"skills"`
	Spot     string           `json:"spot"`
	Console  string           `json:"console"`
	Session  string           `json:"session"`
	Since    int64            `json:"since"`
	Ends     int64            `json:"ends"`
	Idle     int64            `json:"idle"`
	Rested   int64            `json:"rested"`
	Rest     int64            `json:"rest"`
	Held     int64            `json:"held"`
	Began    int64            `json:"began"`
	Line     queue.LineID     `json:"line"`
	Group    int              `json:"group"`
	Misses   int              `json:"misses"`
	Call     queue.CallID     `json:"call"`
	Offer    string           `json:"offer"`
	Accepted string           `json:"accepted"`
	Reds     []int64          `json:"reds"`
	Away     bool             `json:"away"`
	Assist   queue.CallID     `json:"assist"`
	Was      wasRow           `json:"was"`
	SOS      *helpRow         `json:"sos"`
	Owes     queue.CallID     `json:"owes"`
	Late     int64            `json:"late"`
	Keeps    queue.CallID     `json:"keeps"`
	Forced   int64            `json:"forced"`
	Lead     bool             `json:"lead"`
	Prior    *priorRow        `json:"prior"`
	Rung     int64            `json:"rung"`
}

type partyRow struct {
	Agent   queue.AgentID    `json:"agent"`
	Role    queue.PartyRole  `json:"role"`
	State   queue.PartyState `json:"state"`
	By      queue.AgentID    `json:"by"`
	Since   int64            `json:"since"`
	Note    string           `json:"note"`
	Contact string           `json:"contact"`
	Why     string           `json:"why"`
	Until   int64            `json:"until"`
	Asked   int64            `json:"asked"`
	Taken   int64            `json:"taken"`
	Over    int64            `json:"over"`
}

type wasRow struct {
	State  queue.AgentState `json:"state"`
	Reason string           `json:"reason"`
	Since  int64            `json:"since"`
	Ends   int64            `json:"ends"`
}

type priorRow struct {
	State  queue.AgentState `json:"state"`
	Reason string           `json:"reason"`
	Since  int64            `json:"since"`
	Ends   int64            `json:"ends"`
	Keeps  queue.CallID     `json:"keeps"`
}

type helpRow struct {
	At    int64         `json:"at"`
	Call  queue.CallID  `json:"call"`
	AckBy queue.AgentID `json:"ack_by"`
	AckAt int64         `json:"ack_at"`
}

type offerRow struct {
	Call    queue.CallID  `json:"call"`
	Agent   queue.AgentID `json:"agent"`
	Made    int64         `json:"made"`
	Expires int64         `json:"expires"`
	Fence   int64         `json:"fence"`
}

// Begin empties the index, born at a time: a restored index holds its offers back for a moment from then on.
func (q *Queue) Begin(born time.Time) {
	q.Lose()
	q.born = ms(born)
}

// Configure replaces the configuration from the next change on.
func (q *Queue) Configure(cfg queue.Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	cfg = cfg.WithDefaults()
	q.cfg = cfg
	q.ring, q.wrap, q.most, q.settle = cfg.Ring.Milliseconds(), cfg.WrapUp.Milliseconds(), cfg.WrapMost.Milliseconds(), cfg.Settle.Milliseconds()
	q.form = cfg.FormWait.Milliseconds()
	q.patience, q.window, q.rest = cfg.Patience.Milliseconds(), cfg.Exposure.Window.Milliseconds(), cfg.Exposure.Break.Milliseconds()
	for t, d := range cfg.HeadStart {
		q.head[t] = d.Milliseconds()
	}
	return nil
}

// Load replaces the index with the base of a journal.
func (q *Queue) Load(b queue.Base, born time.Time) error {
	q.Begin(born)
	q.settling, q.fence = b.Settling, b.Fence
	for _, text := range b.Calls {
		if err := q.loadCall(text); err != nil {
			return err
		}
	}
	for _, text := range b.Agents {
		if err := q.loadAgent(text); err != nil {
			return err
		}
	}
	for _, text := range b.Offers {
		var r offerRow
		if err := json.Unmarshal(text, &r); err != nil {
			return fmt.Errorf("base: offer: %w", err)
		}
		q.Offers[r.Fence] = &Offer{Fence: r.Fence, Made: r.Made, Expires: r.Expires, Call: r.Call, Agent: r.Agent}
	}
	for agent, call := range b.Talks {
		q.talks[queue.AgentID(agent)] = queue.CallID(call)
	}
	for agent, text := range b.Rests {
		var r agentRow
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return fmt.Errorf("base: rest: %w", err)
		}
		q.rests[queue.AgentID(agent)] = Agent{Reds: r.Reds, Rested: r.Rested, Rest: r.Rest}
	}
	if len(b.Due) != 3 {
		return fmt.Errorf("base: %d lists of times: %w", len(b.Due), queue.ErrInvalid)
	}
	for id, at := range b.Due[0] {
		if c := q.Calls[queue.CallID(id)]; c != nil {
			c.due = at
		}
	}
	for i, due := range b.Due[1:] {
		for id, at := range due {
			if a := q.Agents[queue.AgentID(id)]; a != nil && i == 0 {
				a.exposed = at
			} else if a != nil {
				a.orphan = at
			}
		}
	}
	return nil
}

func (q *Queue) loadCall(text json.RawMessage) error {
	var r callRow
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("base: call: %w", err)
	}
	c := &Call{
		ID: r.ID, Line: r.Line, Node: r.Node, Owner: r.Owner, State: r.State, Tier: r.Tier, Need: r.Need, Asked: r.Asked,
		Arrived: r.Arrived, Since: r.Since, Talked: r.Talked, Front: r.Front, From: r.From, Key: r.Key, Until: r.Prefer,
		Preferred: r.Preferred, Only: r.Only, Agent: r.Agent, exposed: r.Exposed, Offer: fenceIn(r.Offer),
		Danger: r.Danger, Callback: r.Callback, History: r.History, Groups: queue.EveryGroup, Hold: r.Hold,
		Assigned: r.Assigned, AssignTill: r.Assign, Level: r.Level, LevelBy: r.LevelBy, LevelAt: r.LevelAt,
		Lost: r.Lost, LostBy: r.LostBy, Again: r.Again, Keep: r.Keep, Filed: r.Filed,
	}
	if r.Groups != nil {
		c.Groups = *r.Groups
	}
	for _, s := range r.Relax {
		step := queue.Relaxation{After: time.Duration(s.After) * time.Millisecond, Skill: s.Skill, By: s.By, To: s.To}
		c.Relax = append(c.Relax, Step{step, s.Need})
	}
	for _, p := range r.Parties {
		if p.Role == "recording_paused" {
			c.Pause = queue.Pause{By: p.By, Code: p.Why, Since: at(p.Since), Until: at(p.Until), Asked: at(p.Asked), Taken: at(p.Taken), Over: at(p.Over)}
			continue
		}
		c.Parties = append(c.Parties, queue.Party{Agent: p.Agent, Role: p.Role, State: p.State, By: p.By, Since: at(p.Since), Note: p.Note, Contact: p.Contact, Why: p.Why})
	}
	q.Calls[c.ID] = c
	return nil
}

func (q *Queue) loadAgent(text json.RawMessage) error {
	var r agentRow
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("base: agent: %w", err)
	}
	a := &Agent{
		ID: r.ID, State: r.State, Reason: r.Reason, Skills: r.Skills, Spot: r.Spot, Console: r.Console, Session: r.Session,
		Since: r.Since, Ends: r.Ends, Idle: r.Idle, Rested: r.Rested, Rest: r.Rest, Held: r.Held, Began: r.Began, Line: r.Line,
		Group: r.Group, Misses: r.Misses, Call: r.Call, Offer: fenceIn(r.Offer), accepted: fenceIn(r.Accepted), Reds: r.Reds, Away: r.Away,
		Assist: r.Assist, Was: Was(r.Was), Owes: r.Owes, Late: r.Late, Keeps: r.Keeps, Lead: r.Lead, Forced: r.Forced, Rung: r.Rung,
	}
	if r.Prior != nil {
		p := Prior(*r.Prior)
		a.Prior = &p
	}
	if r.SOS != nil {
		a.SOS = &Help{At: r.SOS.At, AckAt: r.SOS.AckAt, Call: r.SOS.Call, AckBy: r.SOS.AckBy}
	}
	q.Agents[a.ID] = a
	return nil
}

// fenceIn reads the fence in the id of an offer.
func fenceIn(id string) int64 {
	text, _, _ := strings.Cut(id, "-")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
