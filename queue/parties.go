package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// PartyRole is how somebody takes part in a call beside its caller and its agent.
type PartyRole string

// The roles.
const (
	PartyConsult PartyRole = "consult" // a colleague whom the agent asked
	PartyMonitor PartyRole = "monitor" // a supervisor who listens
	PartyWhisper PartyRole = "whisper" // a supervisor whom the agent alone hears
	PartyBarge   PartyRole = "barge"   // a supervisor whom the caller hears, too
	PartyOutside PartyRole = "outside" // a number of the phonebook
)

// PartyState is how far a party is.
type PartyState string

// The states of a party.
const (
	PartyInvited PartyState = "invited" // rings at that person's console, or the outside number rings
	PartyIn      PartyState = "in"
	PartyFailed  PartyState = "failed" // did not come: Why; shown for a moment
)

// Why a party failed.
const (
	WhyBusy        = "busy"
	WhyNoAnswer    = "no_answer"
	WhyDeclined    = "declined"
	WhyUnreachable = "unreachable"
	WhyNotAllowed  = "not_allowed"
	WhyGone        = "gone"
)

// Party is one who takes part in a call, as the call's controller knows it.
type Party struct {
	Agent   AgentID    `json:"agent,omitempty"` // empty for "outside"
	Role    PartyRole  `json:"role"`
	State   PartyState `json:"state"`
	By      AgentID    `json:"by,omitempty"` // who asked
	Since   time.Time  `json:"since,omitzero"`
	Note    string     `json:"note,omitempty"`    // id of the written summary in the database
	Contact string     `json:"contact,omitempty"` // outside: id in the phonebook, never a number
	Why     string     `json:"why,omitempty"`     // of failed
}

// Pause is a stretch that an agent wishes to leave out of the recording of a call, as the call's controller knows it; and apart from the wish, what the
// gateway that records has confirmed.
type Pause struct {
	By    AgentID   `json:"by"`
	Code  string    `json:"code"`           // why
	Since time.Time `json:"since"`          // zero: nothing is left out
	Until time.Time `json:"until"`          // it ends by itself then
	Asked time.Time `json:"asked,omitzero"` // since when the recording that runs is asked for it or, with Over, to go on
	Taken time.Time `json:"taken,omitzero"` // until then that recording leaves out what is said, as confirmed; zero: not confirmed, all may be recorded
	Over  time.Time `json:"over,omitzero"`  // not wanted any more since then, and not confirmed that it is recorded again; zero: wanted
}

// pausedRole is how a pause stands among the parties in Redis: it is told, changes and goes with them.
const pausedRole PartyRole = "recording_paused"

// Before is what an assisting agent was, and becomes again.
type Before struct {
	State  AgentState `json:"state"`            // available, wrap_up or not_ready
	Reason string     `json:"reason,omitempty"` // of not_ready
	Since  time.Time  `json:"since,omitzero"`
	Until  time.Time  `json:"until,omitzero"` // end of the wrap-up, or of a forced break
}

// SOS is a silent call for help of an agent.
type SOS struct {
	At    time.Time `json:"at"`
	Call  CallID    `json:"call,omitempty"`   // during which it was asked
	AckBy AgentID   `json:"ack_by,omitempty"` // who comes
	AckAt time.Time `json:"ack_at,omitzero"`
}

// maxParties is how many may take part in a call at once.
const maxParties = 16

// The scripts of those beside a call; see calls.go for what all have in common.
var (
	// ARGV[7] call, [8] agent. Returns agent. Errors: no_agent, no_call, agent_busy (reserved, talking, assisting another call), wrong_state (the
	// call has no agent). Assists that call already: no change.
	assistScript = newScript("assist")
	// ARGV[7] call, [8] agent. Returns agent. Errors: no_agent. Does not assist that call: no change.
	endAssistScript = newScript("endassist")
	// ARGV[7] call, [8] rows of all parties, JSON. Returns nothing. Errors: no_call.
	partiesScript = newScript("parties")
	// ARGV[7] call, [8] agent it is with, [9] agent it goes to. Returns call. Errors: no_call, wrong_state (not with the first), no_agent (the other
	// is not there), agent_busy (the other is reserved, talking, or assists another call). Is with the other already: no change.
	transferScript = newScript("transfer")
	// ARGV[7] call, [8] agent it is with, [9] agent it is for, "" anyone. Returns call. Errors: no_call, wrong_state (not with the first, the same
	// twice, or red), no_agent (the other is not signed in).
	requeueScript = newScript("requeue")
)

// Assist makes an agent take part in a call that is with another agent: NotReady(assisting), with Agent.Assist, remembering what they were. Nobody is
// offered to them until EndAssist, or until the call ends or waits again, which ends every assist of it. Ready, NotReady and SignOut are refused meanwhile
// (ErrAgentBusy); Away marks them, so that they are not available afterwards.
func (q *Queue) Assist(ctx context.Context, req RequestID, call CallID, agent AgentID) (Agent, error) {
	return q.changeAgent(ctx, assistScript, req, string(call), string(agent))
}

// EndAssist makes an assisting agent what they were; who was available is so again, from now on, and may be offered to, or sent to a rest, at once.
func (q *Queue) EndAssist(ctx context.Context, req RequestID, call CallID, agent AgentID) (Agent, error) {
	return q.changeAgent(ctx, endAssistScript, req, string(call), string(agent))
}

// SetParties replaces the list of those who take part in a call (at most 16), and the pause of its recording, as its controller knows them. The same again
// tells nobody anything.
func (q *Queue) SetParties(ctx context.Context, req RequestID, call CallID, parties []Party, pause Pause) error {
	rows, err := partyRows(parties, pause)
	if err == nil {
		err = checkID("call", string(call))
	}
	var text []byte
	if err == nil {
		text, err = json.Marshal(rows)
	}
	if err != nil {
		return fmt.Errorf("queue: parties: %w", err)
	}
	_, err = q.change(ctx, partiesScript, req, string(call), string(text))
	return err
}

// Transfer gives a call that is talking or held from its agent to another at once: the one is talking, the other in wrap-up. The other may be available,
// in wrap-up, not ready, or assist this call. Red: it counts for the exposure of the new agent. The call's row shows the new agent: the
// controller moves the audio when it sees that.
func (q *Queue) Transfer(ctx context.Context, req RequestID, call CallID, from, to AgentID) (Call, error) {
	return q.changeCall(ctx, transferScript, req, string(call), string(from), string(to))
}

// Requeue is a blind transfer: the agent goes to wrap-up, the caller waits at the head of the tier, assigned to an agent when one is named, and with what was
// asked for at first. ErrWrongState for a red call: it is never given away without somebody who takes it.
func (q *Queue) Requeue(ctx context.Context, req RequestID, call CallID, from, to AgentID) (Call, error) {
	return q.changeCall(ctx, requeueScript, req, string(call), string(from), string(to))
}

// partyRow is a party as Redis keeps it.
type partyRow struct {
	Agent   AgentID    `json:"agent,omitempty"`
	Role    PartyRole  `json:"role"`
	State   PartyState `json:"state"`
	By      AgentID    `json:"by,omitempty"`
	Since   ms         `json:"since,omitempty"`
	Note    string     `json:"note,omitempty"`
	Contact string     `json:"contact,omitempty"`
	Why     string     `json:"why,omitempty"`
	Until   ms         `json:"until,omitempty"` // of a pause, as what follows
	Asked   ms         `json:"asked,omitempty"`
	Taken   ms         `json:"taken,omitempty"`
	Over    ms         `json:"over,omitempty"`
}

func (r partyRow) pause() Pause {
	return Pause{
		By: r.By, Code: r.Why, Since: r.Since.time(), Until: r.Until.time(), Asked: r.Asked.time(), Taken: r.Taken.time(), Over: r.Over.time(),
	}
}

func (r partyRow) party() Party {
	return Party{Agent: r.Agent, Role: r.Role, State: r.State, By: r.By, Since: r.Since.time(), Note: r.Note, Contact: r.Contact, Why: r.Why}
}

// partyRows checks a list of parties and a pause and returns their rows, never nil.
func partyRows(parties []Party, pause Pause) ([]partyRow, error) {
	if len(parties) > maxParties {
		return nil, fmt.Errorf("%d parties: %w: at most %d", len(parties), ErrInvalid, maxParties)
	}
	rows := make([]partyRow, 0, len(parties))
	for _, p := range parties {
		if err := checkParty(p); err != nil {
			return nil, err
		}
		rows = append(rows, partyRow{Agent: p.Agent, Role: p.Role, State: p.State, By: p.By, Since: msOf(p.Since), Note: p.Note, Contact: p.Contact, Why: p.Why})
	}
	if pause.Since.IsZero() {
		return rows, nil
	}
	for _, id := range []string{string(pause.By), pause.Code} {
		if err := checkID("pause", id); err != nil {
			return nil, err
		}
	}
	return append(rows, partyRow{
		Role: pausedRole, State: PartyIn, By: pause.By, Why: pause.Code, Since: msOf(pause.Since), Until: msOf(pause.Until),
		Asked: msOf(pause.Asked), Taken: msOf(pause.Taken), Over: msOf(pause.Over),
	}), nil
}

func checkParty(p Party) error {
	roles := []PartyRole{PartyConsult, PartyMonitor, PartyWhisper, PartyBarge, PartyOutside}
	states := []PartyState{PartyInvited, PartyIn, PartyFailed}
	if !slices.Contains(roles, p.Role) || !slices.Contains(states, p.State) || (p.Agent == "") != (p.Role == PartyOutside) {
		return fmt.Errorf("party %q as %q: %w: an agent, or an outside contact, invited, in or failed", p.State, p.Role, ErrInvalid)
	}
	for _, id := range []string{string(p.Agent), string(p.By), p.Note, p.Contact, p.Why} {
		if id == "" {
			continue
		}
		if err := checkID("party", id); err != nil {
			return err
		}
	}
	return nil
}

// beforeRow and sosRow are parts of an agent's row.
type beforeRow struct {
	State  AgentState `json:"state"`
	Reason string     `json:"reason,omitempty"`
	Since  ms         `json:"since,omitempty"`
	Ends   ms         `json:"ends,omitempty"`
}

type sosRow struct {
	At    ms      `json:"at"`
	Call  CallID  `json:"call,omitempty"`
	AckBy AgentID `json:"ack_by,omitempty"`
	AckAt ms      `json:"ack_at,omitempty"`
}

func (r *beforeRow) before() *Before {
	if r == nil {
		return nil
	}
	return &Before{State: r.State, Reason: r.Reason, Since: r.Since.time(), Until: r.Ends.time()}
}

func (b *Before) row() *beforeRow {
	if b == nil {
		return nil
	}
	return &beforeRow{State: b.State, Reason: b.Reason, Since: msOf(b.Since), Ends: msOf(b.Until)}
}

func (r *sosRow) sos() *SOS {
	if r == nil {
		return nil
	}
	return &SOS{At: r.At.time(), Call: r.Call, AckBy: r.AckBy, AckAt: r.AckAt.time()}
}

func (s *SOS) row() *sosRow {
	if s == nil {
		return nil
	}
	return &sosRow{At: msOf(s.At), Call: s.Call, AckBy: s.AckBy, AckAt: msOf(s.AckAt)}
}
