package queue

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Rows as Redis keeps them: JSON, times in ms since 1970 (exact in Lua's doubles), skills in their canonical form. Fields that only the
// scripts use (key, idle, misses, accepted, away) pass through Go unseen, save the order key, which sorts a snapshot.

// ms is a time in Redis; 0 and absent mean none.
type ms int64

func msOf(t time.Time) ms {
	if t.IsZero() {
		return 0
	}
	return ms(t.UnixMilli())
}

func (m ms) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

type callRow struct {
	ID      CallID     `json:"id"`
	Line    LineID     `json:"line,omitempty"`
	Node    string     `json:"node,omitempty"`
	Owner   string     `json:"owner,omitempty"`
	State   CallState  `json:"state,omitempty"`
	Tier    Tier       `json:"tier"`
	Need    string     `json:"need"`
	Arrived ms         `json:"arrived,omitempty"`
	Since   ms         `json:"since,omitempty"`
	Talked  ms         `json:"talked,omitempty"`
	Front   ms         `json:"front,omitempty"`
	Key     ms         `json:"key,omitempty"`
	Agent   AgentID    `json:"agent,omitempty"`
	Offer   OfferID    `json:"offer,omitempty"`
	Danger  bool       `json:"danger,omitempty"`
	Level   Level      `json:"level,omitempty"`
	LevelBy AgentID    `json:"level_by,omitempty"`
	LevelAt ms         `json:"level_at,omitempty"`
	Lost    ms         `json:"lost,omitempty"`
	LostBy  AgentID    `json:"lost_by,omitempty"`
	Again   CallID     `json:"again,omitempty"`
	History int        `json:"history,omitempty"`
	Hold    string     `json:"hold,omitempty"`
	Parties []partyRow `json:"parties,omitempty"`

	Asked     string    `json:"asked,omitempty"`
	Relax     []stepRow `json:"relax,omitempty"`
	From      ms        `json:"from,omitempty"`
	Preferred AgentID   `json:"preferred,omitempty"`
	Prefer    ms        `json:"prefer,omitempty"`
	Only      AgentID   `json:"only,omitempty"`
	Assigned  AgentID   `json:"assigned,omitempty"`
	Assign    ms        `json:"assign,omitempty"` // until when for that agent alone
	Groups    int       `json:"groups"`
	Callback  bool      `json:"callback,omitempty"`
}

// stepRow is a relaxation with the whole requirement after it.
type stepRow struct {
	After int64  `json:"after"`
	Skill string `json:"skill"`
	By    int    `json:"by,omitempty"`
	To    int    `json:"to,omitempty"`
	Need  string `json:"need"`
}

func (r callRow) call() Call {
	c := Call{
		ID: r.ID, Line: r.Line, Node: r.Node, Owner: r.Owner, State: r.State, Tier: r.Tier, Needs: parseSkills(r.Need),
		Arrived: r.Arrived.time(), Since: r.Since.time(), Talked: r.Talked.time(), Front: r.Front.time(),
		Agent: r.Agent, Offer: r.Offer, Danger: r.Danger, History: r.History, Hold: r.Hold,
		Asked: parseSkills(r.Asked), Waiting: r.From.time(), Preferred: r.Preferred, PreferUntil: r.Prefer.time(), Only: r.Only,
		Groups: r.Groups, Callback: r.Callback, Assigned: r.Assigned, AssignedUntil: r.Assign.time(),
		Level: r.Level, LevelBy: r.LevelBy, LevelAt: r.LevelAt.time(), LostAt: r.Lost.time(), LostBy: r.LostBy, Again: r.Again,
	}
	for _, p := range r.Parties {
		if p.Role == pausedRole {
			c.Pause = p.pause()
			continue
		}
		c.Parties = append(c.Parties, p.party())
	}
	for _, s := range r.Relax {
		c.Relax = append(c.Relax, Relaxation{After: time.Duration(s.After) * time.Millisecond, Skill: s.Skill, By: s.By, To: s.To})
	}
	return c
}

// callText checks a call and writes its row.
func callText(c Call, floors Skills) (string, error) {
	asked := c.Asked
	if len(asked) == 0 {
		asked = c.Needs
	}
	need, err := skillText(asked)
	var steps []stepRow
	if err == nil {
		steps, err = stepRows(asked, c.Relax, floors)
	}
	row := callRow{Need: need, Relax: steps}
	if len(steps) > 0 {
		row.Asked = need
	}
	if err == nil && c.Preferred != "" {
		err = checkID("preferred agent", string(c.Preferred))
	}
	if err == nil {
		err = checkID("call", string(c.ID))
	}
	if err == nil && (c.Groups < 0 || c.Groups > EveryGroup) {
		err = fmt.Errorf("call: %w: groups %d is not in 0..%d", ErrInvalid, c.Groups, EveryGroup)
	}
	if err == nil && c.Agent != "" {
		err = checkID("agent", string(c.Agent))
	}
	if err == nil && c.Assigned != "" {
		err = checkID("assigned agent", string(c.Assigned))
	}
	if err == nil && c.LevelBy != "" {
		err = checkID("assessor", string(c.LevelBy))
	}
	if err == nil {
		err = checkLevel(c.Level)
	}
	if err == nil && c.Again != "" {
		err = checkID("call before", string(c.Again))
	}
	var parties []partyRow
	if err == nil {
		parties, err = partyRows(c.Parties, c.Pause)
	}
	if err == nil && c.Tier == "" {
		c.Tier = TierNormal
	}
	if err == nil {
		err = checkTier(c.Tier)
	}
	if err != nil {
		return "", err
	}
	row.ID, row.Line, row.Node, row.Owner, row.State, row.Tier = c.ID, c.Line, c.Node, c.Owner, c.State, c.Tier
	row.Arrived, row.Since, row.Talked, row.Front, row.From = msOf(c.Arrived), msOf(c.Since), msOf(c.Talked), msOf(c.Front), msOf(c.Waiting)
	row.Agent, row.Danger, row.History, row.Hold = c.Agent, c.Danger, c.History, c.Hold
	row.Preferred, row.Prefer, row.Groups, row.Callback = c.Preferred, msOf(c.PreferUntil), c.Groups, c.Callback
	row.Parties, row.Level, row.LevelBy, row.LevelAt, row.Again = parties, c.Level, c.LevelBy, msOf(c.LevelAt), c.Again
	if c.Assigned != "" {
		row.Assigned, row.Assign = c.Assigned, msOf(c.AssignedUntil)
	}
	return rowText(row)
}

type agentRow struct {
	ID      AgentID    `json:"id"`
	State   AgentState `json:"state,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	Since   ms         `json:"since,omitempty"`
	Ends    ms         `json:"ends,omitempty"`
	Skills  string     `json:"skills"`
	Console string     `json:"console,omitempty"`
	Session string     `json:"session"`
	Call    CallID     `json:"call,omitempty"`
	Offer   OfferID    `json:"offer,omitempty"`
	Group   int        `json:"group,omitempty"`
	Reds    []ms       `json:"reds,omitempty"`
	Rested  ms         `json:"rested,omitempty"`
	Rest    ms         `json:"rest,omitempty"`
	Held    ms         `json:"held,omitempty"`
	Assist  CallID     `json:"assist,omitempty"`
	Was     *beforeRow `json:"was,omitempty"`
	SOS     *sosRow    `json:"sos,omitempty"`
	Owes    CallID     `json:"owes,omitempty"`
	Late    ms         `json:"late,omitempty"`
	Keeps   CallID     `json:"keeps,omitempty"`
	Forced  ms         `json:"forced,omitempty"`
	Lead    bool       `json:"lead,omitempty"`
	Prior   *priorRow  `json:"prior,omitempty"`
}

func (r agentRow) agent() Agent {
	a := Agent{
		ID: r.ID, State: r.State, Reason: r.Reason, Since: r.Since.time(), Until: r.Ends.time(), Skills: parseSkills(r.Skills),
		Console: r.Console, Session: r.Session, Call: r.Call, Offer: r.Offer,
		Group: r.Group, Rested: r.Rested.time(), Rest: r.Rest.time(), Held: r.Held.time(),
		Assist: r.Assist, Before: r.Was.before(), SOS: r.SOS.sos(),
		Owes: r.Owes, Late: r.Late.time(), Keeps: r.Keeps, Forced: r.Forced.time(), Lead: r.Lead, Prior: r.Prior.prior(),
	}
	for _, at := range r.Reds {
		a.Reds = append(a.Reds, at.time())
	}
	return a
}

// agentText checks an agent and writes its row.
func agentText(a Agent) (string, error) {
	skills, err := skillText(a.Skills)
	if err == nil {
		err = checkID("agent", string(a.ID))
	}
	if err == nil && (a.Group < 0 || a.Group > maxGroup || len(a.Reds) > maxReds) {
		err = fmt.Errorf("agent: %w: group %d is not in 0..%d, or more than %d red calls", ErrInvalid, a.Group, maxGroup, maxReds)
	}
	if err == nil && a.Assist != "" {
		err = checkID("assisted call", string(a.Assist))
	}
	for _, id := range []CallID{a.Owes, a.Keeps} {
		if err == nil && id != "" {
			err = checkID("call", string(id))
		}
	}
	if err == nil && a.Before != nil && !slices.Contains([]AgentState{AgentAvailable, AgentWrapUp, AgentNotReady}, a.Before.State) {
		err = fmt.Errorf("agent: %w: was %q before", ErrInvalid, a.Before.State)
	}
	if err != nil {
		return "", err
	}
	var reds []ms
	for _, at := range a.Reds {
		reds = append(reds, msOf(at))
	}
	return rowText(agentRow{
		Group: a.Group, Reds: reds, Rested: msOf(a.Rested), Rest: msOf(a.Rest), Held: msOf(a.Held), Assist: a.Assist, Was: a.Before.row(), SOS: a.SOS.row(),
		Owes: a.Owes, Late: msOf(a.Late), Keeps: a.Keeps, Lead: a.Lead, Prior: a.Prior.row(),
		ID: a.ID, State: a.State, Reason: a.Reason, Since: msOf(a.Since), Ends: msOf(a.Until), Skills: skills,
		Console: a.Console, Session: a.Session, Call: a.Call,
	})
}

type offerRow struct {
	ID      OfferID `json:"id"`
	Call    CallID  `json:"call"`
	Agent   AgentID `json:"agent"`
	Made    ms      `json:"made"`
	Expires ms      `json:"expires"`
	Fence   int64   `json:"fence"`
}

func (r offerRow) offer() Offer {
	return Offer{ID: r.ID, Call: r.Call, Agent: r.Agent, Made: r.Made.time(), Expires: r.Expires.time(), Fence: r.Fence}
}

type eventRow struct {
	Type   EventType  `json:"type"`
	At     ms         `json:"at"`
	Call   *callRow   `json:"call"`
	Agent  *agentRow  `json:"agent"`
	Offer  *offerRow  `json:"offer"`
	Reason *reasonRow `json:"reason"`
	Why    string     `json:"why"`
	Ending Ending     `json:"ending"`
}

func (r eventRow) event(id string) Event {
	e := Event{ID: id, Type: r.Type, At: r.At.time(), Why: r.Why, Ending: r.Ending}
	if r.Call != nil {
		c := r.Call.call()
		e.Call = &c
	}
	if r.Agent != nil {
		a := r.Agent.agent()
		e.Agent = &a
	}
	if r.Offer != nil {
		o := r.Offer.offer()
		e.Offer = &o
	}
	if r.Reason != nil {
		d := r.Reason.decision()
		e.Reason = &d
	}
	return e
}

func rowText(row any) (string, error) {
	b, err := json.Marshal(row)
	if err != nil {
		return "", fmt.Errorf("row: %w", err)
	}
	return string(b), nil
}

// noSkills is the canonical form of an empty set: a bucket needs a name.
const noSkills = "-"

// skillText is the canonical form of a set, "crisis:2,mandarin:1": sorted by name, so that equal sets share a bucket.
func skillText(s Skills) (string, error) {
	if len(s) == 0 {
		return noSkills, nil
	}
	parts := make([]string, 0, len(s))
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if err := checkID("skill", name); err != nil || strings.ContainsAny(name, ":,") {
			return "", fmt.Errorf("skill %q: %w: a name without ':' and ','", name, ErrInvalid)
		}
		if s[name] < 1 || s[name] > 10 {
			return "", fmt.Errorf("skill %q: %w: level %d is not in 1..10", name, ErrInvalid, s[name])
		}
		parts = append(parts, name+":"+strconv.Itoa(s[name]))
	}
	return strings.Join(parts, ","), nil
}

func parseSkills(text string) Skills {
	if text == noSkills || text == "" {
		return nil
	}
	s := Skills{}
	for part := range strings.SplitSeq(text, ",") {
		name, level, _ := strings.Cut(part, ":")
		if n, err := strconv.Atoi(level); err == nil {
			s[name] = n
		}
	}
	return s
}

// maxID bounds ids, reasons and sessions, in bytes.
const maxID = 128

// checkID accepts 1 to 128 bytes of printable UTF-8 without spaces.
func checkID(what, id string) error {
	bad := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
	if id == "" || len(id) > maxID || !utf8.ValidString(id) || strings.ContainsFunc(id, bad) {
		return fmt.Errorf("%s id: %w: 1 to %d bytes, printable, no spaces", what, ErrInvalid, maxID)
	}
	return nil
}

func checkTier(t Tier) error {
	if !slices.Contains(tiers(), t) {
		return fmt.Errorf("tier %q: %w", t, ErrInvalid)
	}
	return nil
}
