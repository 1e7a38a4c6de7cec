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
	ID      CallID    `json:"id"`
	Line    LineID    `json:"line,omitempty"`
	Node    string    `json:"node,omitempty"`
	Owner   string    `json:"owner,omitempty"`
	State   CallState `json:"state,omitempty"`
	Tier    Tier      `json:"tier"`
	Need    string    `json:"need"`
	Arrived ms        `json:"arrived,omitempty"`
	Since   ms        `json:"since,omitempty"`
	Talked  ms        `json:"talked,omitempty"`
	Front   ms        `json:"front,omitempty"`
	Key     ms        `json:"key,omitempty"`
	Agent   AgentID   `json:"agent,omitempty"`
	Offer   OfferID   `json:"offer,omitempty"`
	Danger  bool      `json:"danger,omitempty"`
	History int       `json:"history,omitempty"`
	Hold    string    `json:"hold,omitempty"`
}

func (r callRow) call() Call {
	return Call{
		ID: r.ID, Line: r.Line, Node: r.Node, Owner: r.Owner, State: r.State, Tier: r.Tier, Needs: parseSkills(r.Need),
		Arrived: r.Arrived.time(), Since: r.Since.time(), Talked: r.Talked.time(), Front: r.Front.time(),
		Agent: r.Agent, Offer: r.Offer, Danger: r.Danger, History: r.History, Hold: r.Hold,
	}
}

// callText checks a call and writes its row.
func callText(c Call) (string, error) {
	need, err := skillText(c.Needs)
	if err == nil {
		err = checkID("call", string(c.ID))
	}
	if err == nil && c.Agent != "" {
		err = checkID("agent", string(c.Agent))
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
	return rowText(callRow{
		ID: c.ID, Line: c.Line, Node: c.Node, Owner: c.Owner, State: c.State, Tier: c.Tier, Need: need,
		Arrived: msOf(c.Arrived), Since: msOf(c.Since), Talked: msOf(c.Talked), Front: msOf(c.Front),
		Agent: c.Agent, Danger: c.Danger, History: c.History, Hold: c.Hold,
	})
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
}

func (r agentRow) agent() Agent {
	return Agent{
		ID: r.ID, State: r.State, Reason: r.Reason, Since: r.Since.time(), Until: r.Ends.time(), Skills: parseSkills(r.Skills),
		Console: r.Console, Session: r.Session, Call: r.Call, Offer: r.Offer,
	}
}

// agentText checks an agent and writes its row.
func agentText(a Agent) (string, error) {
	skills, err := skillText(a.Skills)
	if err == nil {
		err = checkID("agent", string(a.ID))
	}
	if err != nil {
		return "", err
	}
	return rowText(agentRow{
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
	Type   EventType `json:"type"`
	At     ms        `json:"at"`
	Call   *callRow  `json:"call"`
	Agent  *agentRow `json:"agent"`
	Offer  *offerRow `json:"offer"`
	Why    string    `json:"why"`
	Ending Ending    `json:"ending"`
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
