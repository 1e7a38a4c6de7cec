// Package queue holds who waits, who can answer, and who was promised to whom. All of it lives in Redis; every change is one Lua
// script, atomic and idempotent by request id. It knows nothing of telephony or of screens.
package queue

import "time"

type (
	// CallID names one call, a ULID given by the controller that claimed it.
	CallID string
	// AgentID names one person who answers (a user id, "u-…").
	AgentID string
	// OfferID names one promise of one call to one agent.
	OfferID string
	// LineID names a line: a dialled service such as "12355".
	LineID string
	// RequestID makes a change idempotent: the same id again returns the first answer and changes nothing. Kept for a minute.
	RequestID string
)

// Skills are levels by skill name, 1 (some) to 10 (expert). As a requirement they are minimum levels.
type Skills map[string]int

// Tier is a caller's urgency class. A lower-risk caller never overtakes a higher one.
type Tier string

// The tiers, most urgent first.
const (
	TierRed       Tier = "red"       // at risk now
	TierReturning Tier = "returning" // was cut off while at risk
	TierFollowUp  Tier = "followup"
	TierNormal    Tier = "normal"
	TierNuisance  Tier = "nuisance" // blocked for abuse by a supervisor; the danger key still works
)

// CallState is where a caller is, as the queue and the board see it.
type CallState string

// The states of a call in the index.
const (
	CallGreeting CallState = "greeting"
	CallWaiting  CallState = "waiting"
	CallOffered  CallState = "offered"
	CallTalking  CallState = "talking" // from Accept on; the audio follows one round trip later
	CallHeld     CallState = "held"    // hold audio, still belongs to its agent
	CallDegraded CallState = "degraded"
)

// AgentState is what an agent can be asked to do.
type AgentState string

// The states of an agent.
const (
	AgentOffline   AgentState = "offline" // no row; with an open SOS the row stays until EndSOS, without a session
	AgentAvailable AgentState = "available"
	AgentReserved  AgentState = "reserved"
	AgentTalking   AgentState = "talking"
	AgentWrapUp    AgentState = "wrap_up"
	AgentNotReady  AgentState = "not_ready"
)

// Reasons of NotReady that the system itself gives.
const (
	ReasonSignedIn       = "signed_in"
	ReasonNoAnswer       = "no_answer"
	ReasonDeclined       = "declined"
	ReasonConnectionLost = "connection_lost"
	ReasonBreakAfterRed  = "break_after_red"
	ReasonForced         = "forced"    // a supervisor's wish (Force)
	ReasonAssisting      = "assisting" // takes part in another's call (Assist)
	ReasonKept           = "kept"      // for a caller who was cut off while at risk (Keep); Until says until when
)

// HoldByAgent as Call.Hold: on hold by the wish of its agent.
const HoldByAgent = "agent"

// Call is one caller in the index.
type Call struct {
	ID      CallID    `json:"id"`
	Line    LineID    `json:"line"`
	Node    string    `json:"node"`  // the Asterisk that holds the channel
	Owner   string    `json:"owner"` // the controller that acts on it
	State   CallState `json:"state"`
	Tier    Tier      `json:"tier"`
	Needs   Skills    `json:"needs,omitempty"`
	Arrived time.Time `json:"arrived"`
	Since   time.Time `json:"since"`           // of the present state
	Talked  time.Time `json:"talked,omitzero"` // first time an agent accepted
	Front   time.Time `json:"front,omitzero"`  // when set, the order key of a caller who was put back to the head
	Agent   AgentID   `json:"agent,omitempty"`
	Offer   OfferID   `json:"offer,omitempty"`
	Danger  bool      `json:"danger,omitempty"`
	Level   Level     `json:"level,omitempty"`    // what a person said last of the danger (Assess)
	LevelBy AgentID   `json:"level_by,omitempty"` // who
	LevelAt time.Time `json:"level_at,omitzero"`
	LostAt  time.Time `json:"lost_at,omitzero"`  // at risk, waiting again since the agent vanished then (Open); until somebody has the caller
	LostBy  AgentID   `json:"lost_by,omitempty"` // that agent
	Again   CallID    `json:"again,omitempty"`   // the call of this caller that was cut off while at risk: the agent who is kept for it gets this one
	History int       `json:"history"`           // earlier contacts known for this caller
	Hold    string    `json:"hold,omitempty"`    // why held: "agent_away", HoldByAgent, …
	Parties []Party   `json:"parties,omitempty"`
	Pause   Pause     `json:"pause,omitzero"` // of the recording

	// Relax lowers Needs step by step while the caller waits; Asked is what was needed before any step (empty: the same as Needs).
	Relax   []Relaxation `json:"relax,omitempty"`
	Asked   Skills       `json:"asked,omitempty"`
	Waiting time.Time    `json:"waiting,omitzero"` // since when the steps count: the beginning of this wait

	// Preferred is the agent who gets the caller when available. Until PreferUntil (at most Config.Patience ahead) a caller who is not red
	// waits for that agent alone, as long as the agent is signed in, can become free and has the skills; Only shows it.
	Preferred   AgentID   `json:"preferred,omitempty"`
	PreferUntil time.Time `json:"prefer_until,omitzero"`
	Only        AgentID   `json:"only,omitempty"`

	// Assigned is the agent to whom a person assigned the waiting caller, whatever the skills (Assign): who gets the caller before others as soon
	// as free. Until AssignedUntil (at most Config.Patience ahead) a caller who is not red waits for that agent alone, while there is hope.
	Assigned      AgentID   `json:"assigned,omitempty"`
	AssignedUntil time.Time `json:"assigned_until,omitzero"`

	// Groups is the highest group of agents who may be offered: 0 = the own centre only, EveryGroup = anyone. A preferred agent and danger
	// do not pass it.
	Groups int `json:"groups"`
	// Callback marks an entry without a channel: a caller who hung up and is called back when it is their turn. It waits, is offered and accepted
	// as any call; it keeps the place of the first call when Arrived is that call's.
	Callback bool `json:"callback,omitempty"`
}

// EveryGroup as Call.Groups bounds nothing.
const EveryGroup = 99

// Terms are what a caller asks of the agents, as Call has them.
type Terms struct {
	Needs       Skills
	Relax       []Relaxation
	Groups      int
	Preferred   AgentID
	PreferUntil time.Time
	History     int
	Again       CallID
}

// Relaxation is one step by which a requirement gives way. A floor of the configuration is never passed.
type Relaxation struct {
	After time.Duration `json:"after"` // of waiting
	Skill string        `json:"skill"`
	By    int           `json:"by,omitempty"` // lowers the level by so much; below 1 drops the skill
	To    int           `json:"to,omitempty"` // when By is 0: lowers the level to this; 0 drops the skill
}

// Agent is one person who answers.
type Agent struct {
	ID      AgentID    `json:"id"`
	State   AgentState `json:"state"`
	Reason  string     `json:"reason,omitempty"` // of NotReady
	Since   time.Time  `json:"since"`
	Until   time.Time  `json:"until,omitzero"` // end of wrap-up, or of a forced break
	Skills  Skills     `json:"skills,omitempty"`
	Console string     `json:"console"` // the console process that holds the session
	Session string     `json:"session"` // the websocket session; a later one fences an earlier one
	Call    CallID     `json:"call,omitempty"`
	Offer   OfferID    `json:"offer,omitempty"`

	Group  int         `json:"group,omitempty"` // 0 to 99, lower first: own centre 0, volunteers 1, partner 2
	Reds   []time.Time `json:"reds,omitempty"`  // when red calls came to this agent, within the window of the exposure
	Rested time.Time   `json:"rested,omitzero"` // beginning of the last forced break
	Rest   time.Time   `json:"rest,omitzero"`   // end of the last forced break
	Held   time.Time   `json:"held,omitzero"`   // until then kept for a caller who was cut off; gives way to a red one

	Assist CallID  `json:"assist,omitempty"` // takes part in this call beside its agent; NotReady(assisting)
	Before *Before `json:"before,omitempty"` // of who assists: what they become again
	SOS    *SOS    `json:"sos,omitempty"`    // asked silently for help; until EndSOS, whatever the state

	Owes   CallID    `json:"owes,omitempty"`  // the call at risk without whose form (Filed) the wrap-up does not end
	Late   time.Time `json:"late,omitzero"`   // since when the form is missing for longer than Config.FormWait
	Forced time.Time `json:"forced,omitzero"` // when who leads last wanted them to take no calls (Force)
	Keeps  CallID    `json:"keeps,omitempty"` // the call for whose caller they are kept; NotReady(kept)
	Lead   bool      `json:"lead,omitempty"`  // leads the shift and can talk (Lead)
	Prior  *Prior    `json:"prior,omitempty"` // of who is rung by a rule of its own (RuleAgain, RuleSupervisor): what they were
}

// Offer is the promise of one call to one agent, with a lease.
type Offer struct {
	ID      OfferID   `json:"id"`
	Call    CallID    `json:"call"`
	Agent   AgentID   `json:"agent"`
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
	Fence   int64     `json:"fence"` // grows with every offer of the site
}

// Ending says how a call left.
type Ending string

// How a call left the index.
const (
	EndAnswered   Ending = "answered"
	EndAbandoned  Ending = "abandoned"
	EndOverflowed Ending = "overflowed"
	EndDegraded   Ending = "degraded"
	EndCallback   Ending = "callback"
)

// EventType names a fact of the event stream.
type EventType string

// The facts. Every event carries the whole row it changed (Call, Agent, Offer) as it is after the change.
const (
	EventCall       EventType = "call"        // a call's row changed
	EventCallGone   EventType = "call_gone"   // a call left; Ending says how
	EventAgent      EventType = "agent"       // an agent's row changed
	EventAgentGone  EventType = "agent_gone"  // an agent signed out
	EventOffered    EventType = "offered"     // Offer was made; Call and Agent show it
	EventOfferEnded EventType = "offer_ended" // Why: accepted, declined, expired, withdrawn
	EventReset      EventType = "reset"       // never stored: Follow found an emptied or trimmed stream; take a new snapshot, restore what you own
)

// Why an offer ended.
const (
	OfferAccepted  = "accepted"
	OfferDeclined  = "declined"
	OfferExpired   = "expired"
	OfferWithdrawn = "withdrawn"
)

// Event is one fact. Several events of one script have consecutive ids.
type Event struct {
	ID     string    `json:"-"` // place in the stream, opaque: give it to Follow or Later
	Type   EventType `json:"type"`
	At     time.Time `json:"at"`
	Call   *Call     `json:"call,omitempty"`
	Agent  *Agent    `json:"agent,omitempty"`
	Offer  *Offer    `json:"offer,omitempty"`
	Reason *Decision `json:"reason,omitempty"` // of offered
	Why    string    `json:"why,omitempty"`
	Ending Ending    `json:"ending,omitempty"`
}

// Snapshot is the whole index at one stream id.
type Snapshot struct {
	After  string // follow events after this id; opaque
	Born   string // names this life of the index: another value means that Redis lost it in between
	Now    time.Time
	Calls  []Call // in order of service: waiting first, by order key; then offered, then the others by arrival
	Agents []Agent
	Offers []Offer // the promises that ring now
}

// Command is a wish addressed to the controller that owns a call.
type Command struct {
	ID   string    `json:"-"` // stream id
	Req  RequestID `json:"req"`
	At   time.Time `json:"at"`
	Verb string    `json:"verb"` // docs/protocol.md, section 4
	Call CallID    `json:"call"`
	By   AgentID   `json:"by"`

	Agent AgentID `json:"agent,omitempty"` // whom it concerns
	Arg   string  `json:"arg,omitempty"`   // what the verb needs: a role, digits, the id of a contact; never a number, at most 128 bytes
	Note  string  `json:"note,omitempty"`  // id of a written summary, or to whom digits go
}

// Lease is the right to act on a call.
type Lease struct {
	Call  CallID
	Owner string
	Epoch int64 // grows with every change of owner; carried in the channel's variable
}
