package queue

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Verb names a change of the index, as the scripts are named.
type Verb string

// The changes.
const (
	DoArrive       Verb = "arrive"
	DoEnqueue      Verb = "enqueue"
	DoRaise        Verb = "raise"
	DoRequire      Verb = "require"
	DoAccept       Verb = "accept"
	DoDecline      Verb = "decline"
	DoMark         Verb = "mark"
	DoEnd          Verb = "end"
	DoRestore      Verb = "restore"
	DoSignIn       Verb = "signin"
	DoReady        Verb = "ready"
	DoNotReady     Verb = "notready"
	DoAway         Verb = "away"
	DoSignOut      Verb = "signout"
	DoHold         Verb = "hold"
	DoRestoreAgent Verb = "restore_agent"
	DoSweep        Verb = "sweep"
	DoAssist       Verb = "assist"
	DoEndAssist    Verb = "endassist"
	DoParties      Verb = "parties"
	DoTransfer     Verb = "transfer"
	DoRequeue      Verb = "requeue"
	DoAssign       Verb = "assign"
	DoMoveUp       Verb = "moveup"
	DoForce        Verb = "force"
	DoSOS          Verb = "sos"
	DoAckSOS       Verb = "acksos"
	DoEndSOS       Verb = "endsos"
	DoExtend       Verb = "extend"
	DoAssess       Verb = "assess"
	DoOpen         Verb = "open"
	DoReclaim      Verb = "reclaim"
	DoKeep         Verb = "keep"
	DoUnkeep       Verb = "unkeep"
	DoFiled        Verb = "filed"
	DoLead         Verb = "lead"
)

// Op is one change as data, so that a run can be journalled and done again. Call.ID, Agent.ID and Agent.Session name whom it is about;
// arrive, restore and require use all of Call that they know of, parties its Parties, assess its Level, LevelBy and LevelAt, signin and restore_agent all of Agent, force its State.
type Op struct {
	Verb  Verb
	Req   RequestID
	Call  Call
	Agent Agent
	Fence int64         // of the offer, for accept and decline
	Tier  Tier          // for raise and assess
	Flag  bool          // front of enqueue, danger of raise and assess, on of lead
	State CallState     // for mark
	Why   string        // reason, hold or ending
	Span  time.Duration // for hold, extend and keep
	To    AgentID       // to whom: of transfer, requeue and assign
	By    AgentID       // who decided: of assign, moveup, force, acksos and endsos
}

// opOf reads the change out of a script's own arguments. An offer id that no script made gives the fence 0.
func opOf(verb Verb, args []string) (Op, error) {
	op := Op{Verb: verb}
	want, known := map[Verb]int{
		DoArrive: 1, DoEnqueue: 2, DoRaise: 3, DoRequire: 1, DoAccept: 3, DoDecline: 3, DoMark: 3, DoEnd: 2, DoRestore: 1, DoSignIn: 1,
		DoReady: 2, DoNotReady: 3, DoAway: 2, DoSignOut: 2, DoHold: 2, DoRestoreAgent: 1, DoSweep: 0,
		DoAssist: 2, DoEndAssist: 2, DoParties: 2, DoTransfer: 3, DoRequeue: 3, DoAssign: 3, DoMoveUp: 2, DoForce: 3, DoSOS: 3, DoAckSOS: 2, DoEndSOS: 2, DoExtend: 3, DoAssess: 6,
		DoOpen: 2, DoReclaim: 2, DoKeep: 3, DoUnkeep: 2, DoFiled: 2, DoLead: 3,
	}[verb]
	if !known || len(args) != want {
		return op, fmt.Errorf("operation %q with %d arguments: %w", verb, len(args), ErrInvalid)
	}
	var err error
	switch verb {
	case DoArrive, DoRestore, DoRequire:
		var row callRow
		err = json.Unmarshal([]byte(args[0]), &row)
		op.Call = row.call()
	case DoSignIn, DoRestoreAgent:
		var row agentRow
		err = json.Unmarshal([]byte(args[0]), &row)
		op.Agent = row.agent()
	case DoEnqueue:
		op.Call.ID, op.Flag = CallID(args[0]), args[1] == "1"
	case DoRaise:
		op.Call.ID, op.Tier, op.Flag = CallID(args[0]), Tier(args[1]), args[2] == "1"
	case DoAccept, DoDecline:
		op.Fence, op.Agent.ID, op.Agent.Session = fenceOf(OfferID(args[0])), AgentID(args[1]), args[2]
	case DoMark:
		op.Call.ID, op.State, op.Why = CallID(args[0]), CallState(args[1]), args[2]
	case DoEnd:
		op.Call.ID, op.Why = CallID(args[0]), args[1]
	case DoReady, DoAway, DoSignOut, DoNotReady:
		op.Agent.ID, op.Agent.Session = AgentID(args[0]), args[1]
		if verb == DoNotReady {
			op.Why = args[2]
		}
	case DoHold:
		op.Agent.ID = AgentID(args[0])
		op.Span, err = spanOf(args[1])
	default:
		err = op.beside(args)
	}
	if err != nil {
		return op, fmt.Errorf("operation %q: %w", verb, err)
	}
	return op, nil
}

// beside reads the arguments of the scripts of parties.go and floor.go.
func (op *Op) beside(args []string) error {
	var err error
	switch op.Verb {
	case DoAssist, DoEndAssist:
		op.Call.ID, op.Agent.ID = CallID(args[0]), AgentID(args[1])
	case DoParties:
		var rows []partyRow
		err = json.Unmarshal([]byte(args[1]), &rows)
		op.Call.ID = CallID(args[0])
		for _, r := range rows {
			if r.Role == pausedRole {
				op.Call.Pause = r.pause()
				continue
			}
			op.Call.Parties = append(op.Call.Parties, r.party())
		}
	case DoTransfer, DoRequeue:
		op.Call.ID, op.Agent.ID, op.To = CallID(args[0]), AgentID(args[1]), AgentID(args[2])
	case DoAssign:
		op.Call.ID, op.To, op.By = CallID(args[0]), AgentID(args[1]), AgentID(args[2])
	case DoMoveUp:
		op.Call.ID, op.By = CallID(args[0]), AgentID(args[1])
	case DoForce:
		op.Agent.ID, op.Agent.State, op.By = AgentID(args[0]), AgentState(args[1]), AgentID(args[2])
	case DoOpen, DoReclaim, DoFiled:
		op.Call.ID, op.Agent.ID = CallID(args[0]), AgentID(args[1])
	case DoKeep:
		op.Call.ID, op.Agent.ID = CallID(args[0]), AgentID(args[1])
		op.Span, err = spanOf(args[2])
	case DoUnkeep:
		op.Agent.ID, op.Agent.Session = AgentID(args[0]), args[1]
	case DoLead:
		op.Agent.ID, op.Agent.Session, op.Flag = AgentID(args[0]), args[1], args[2] == "1"
	case DoAssess:
		op.Call.ID, op.Tier, op.Flag, op.Call.Level, op.Call.LevelBy = CallID(args[0]), Tier(args[1]), args[2] == "1", Level(args[3]), AgentID(args[4])
		var at int64
		at, err = strconv.ParseInt(args[5], 10, 64)
		op.Call.LevelAt = ms(at).time()
	case DoSOS:
		op.Agent.ID, op.Agent.Session, op.Call.ID = AgentID(args[0]), args[1], CallID(args[2])
	case DoAckSOS, DoEndSOS:
		op.Agent.ID, op.By = AgentID(args[0]), AgentID(args[1])
	case DoExtend:
		op.Agent.ID, op.Agent.Session = AgentID(args[0]), args[1]
		op.Span, err = spanOf(args[2])
	}
	return err
}

// spanOf reads a duration in ms.
func spanOf(text string) (time.Duration, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	return time.Duration(n) * time.Millisecond, err
}

// fenceOf reads the fence in an offer's id; 0 when there is none.
func fenceOf(id OfferID) int64 {
	text, _, _ := strings.Cut(string(id), "-")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
