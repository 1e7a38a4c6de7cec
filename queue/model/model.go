// Package model is the queue as a pure value: the rules of package queue and its Lua, without Redis, the clock passed in. It is written from
// the rules and not from the scripts (it looks at every caller, they look at heads of buckets), so that each proves the other. It serves
// simulation and replay; callers in service are the affair of package queue alone. Not safe for concurrent use.
package model

import (
	"strings"
	"time"

	"hotline/queue"
)

// The changes are those of package queue.
type (
	Verb = queue.Verb
	Op   = queue.Op
)

// The changes, as package queue names them.
const (
	Arrive       = queue.DoArrive
	Enqueue      = queue.DoEnqueue
	Raise        = queue.DoRaise
	Require      = queue.DoRequire
	Accept       = queue.DoAccept
	Decline      = queue.DoDecline
	Mark         = queue.DoMark
	End          = queue.DoEnd
	Restore      = queue.DoRestore
	SignIn       = queue.DoSignIn
	Ready        = queue.DoReady
	NotReady     = queue.DoNotReady
	Away         = queue.DoAway
	SignOut      = queue.DoSignOut
	Hold         = queue.DoHold
	RestoreAgent = queue.DoRestoreAgent
	Sweep        = queue.DoSweep
	Assist       = queue.DoAssist
	EndAssist    = queue.DoEndAssist
	SetParties   = queue.DoParties
	Transfer     = queue.DoTransfer
	Requeue      = queue.DoRequeue
	Assign       = queue.DoAssign
	MoveUp       = queue.DoMoveUp
	Force        = queue.DoForce
	SOS          = queue.DoSOS
	AckSOS       = queue.DoAckSOS
	EndSOS       = queue.DoEndSOS
	Extend       = queue.DoExtend
	Assess       = queue.DoAssess
	Open         = queue.DoOpen
	Reclaim      = queue.DoReclaim
	Keep         = queue.DoKeep
	Unkeep       = queue.DoUnkeep
	Filed        = queue.DoFiled
	Lead         = queue.DoLead
)

// Call is a caller's row; times in ms since 1970, 0 = none.
type Call struct {
	ID                                              queue.CallID
	Line                                            queue.LineID
	Node, Owner                                     string
	State                                           queue.CallState
	Tier                                            queue.Tier
	Need, Asked                                     string
	Relax                                           []Step
	Arrived, Since, Talked, Front, From, Key, Until int64 // Until: end of the wait for Preferred
	Preferred, Only, Agent, exposed                 queue.AgentID
	Offer                                           int64 // fence
	Danger                                          bool
	Callback                                        bool
	History, Groups                                 int
	Hold                                            string
	Parties                                         []queue.Party
	Pause                                           queue.Pause
	Assigned                                        queue.AgentID
	AssignTill                                      int64 // until when for Assigned alone
	Level                                           queue.Level
	LevelBy                                         queue.AgentID
	LevelAt                                         int64
	Lost, Keep                                      int64 // since when open; for how long the agent is kept at the end
	LostBy                                          queue.AgentID
	Again                                           queue.CallID
	Filed                                           bool

	due int64 // of the next step or of the wait for one agent
}

// Step is a relaxation with the requirement after it.
type Step struct {
	queue.Relaxation
	Need string
}

// Agent is an agent's row; times in ms since 1970, 0 = none.
type Agent struct {
	ID                                    queue.AgentID
	State                                 queue.AgentState
	Reason, Skills, Spot                  string // Spot: the idle bucket
	Console, Session                      string
	Since, Ends, Idle, Rested, Rest, Held int64
	Group, Misses                         int
	Call                                  queue.CallID
	Offer, accepted                       int64 // fences
	Reds                                  []int64
	Away                                  bool
	Began                                 int64 // of the handling, and for which line
	Line                                  queue.LineID

	Assist queue.CallID
	Was    Was // of who assists
	SOS    *Help

	Owes, Keeps  queue.CallID
	Late         int64
	Forced, Rung int64 // Rung: when they last did not come to a ring of RuleSupervisor
	Lead         bool
	Prior        *Prior // of who is rung although not available

	exposed, orphan int64 // due times
}

// Was is what an assisting agent was.
type Was struct {
	State       queue.AgentState
	Reason      string
	Since, Ends int64
}

// Prior is what somebody was who is rung although not available.
type Prior struct {
	State       queue.AgentState
	Reason      string
	Since, Ends int64
	Keeps       queue.CallID
}

// Help is an agent's call for help.
type Help struct {
	At, AckAt int64
	Call      queue.CallID
	AckBy     queue.AgentID
}

// Offer is a promise that rings; its fence names it.
type Offer struct {
	Fence, Made, Expires int64
	Call                 queue.CallID
	Agent                queue.AgentID
}

type request struct {
	verb Verb
	req  queue.RequestID
}

// Queue is one index. It remembers the answer to each request until Lose.
type Queue struct {
	Calls  map[queue.CallID]*Call
	Agents map[queue.AgentID]*Agent
	Offers map[int64]*Offer
	Made   []Offer          // those that the last change made
	Why    []queue.Decision // of each of these

	cfg                        queue.Config
	head                       map[queue.Tier]int64
	now, fence, born, settling int64
	ring, wrap, most, settle   int64
	form                       int64
	patience, window, rest     int64
	talks                      map[queue.AgentID]queue.CallID
	rests                      map[queue.AgentID]Agent
	told                       map[request]error
	served                     map[queue.LineID]times
	levels                     map[string]queue.Skills
}

// New returns an empty index.
func New(cfg queue.Config) (*Queue, error) {
	q := &Queue{head: map[queue.Tier]int64{}, levels: map[string]queue.Skills{}}
	if err := q.Configure(cfg); err != nil {
		return nil, err
	}
	q.Lose()
	return q, nil
}

// Lose empties the index, as a Redis that came back without its data. Its owners restore it.
func (q *Queue) Lose() {
	q.Calls, q.Agents, q.Offers, q.Made = map[queue.CallID]*Call{}, map[queue.AgentID]*Agent{}, map[int64]*Offer{}, nil
	q.talks, q.rests, q.told = map[queue.AgentID]queue.CallID{}, map[queue.AgentID]Agent{}, map[request]error{}
	q.served = map[queue.LineID]times{}
	q.born, q.settling, q.fence = 0, 0, 0
}

// Settling reports whether a restored index holds its offers back.
func (q *Queue) Settling() bool { return q.settling != 0 }

// Do makes a change at a time. The same request again, while it is remembered, returns the first answer and changes nothing. The errors are
// those of package queue.
func (q *Queue) Do(now time.Time, op Op) error {
	q.now, q.Made, q.Why = now.UnixMilli(), nil, nil
	if q.born == 0 {
		q.born = q.now
	}
	key := request{op.Verb, op.Req}
	if err, ok := q.told[key]; ok {
		return err
	}
	err := q.change(op)
	if op.Req != "" {
		q.told[key] = err
	}
	return err
}

func (q *Queue) change(op Op) error {
	switch op.Verb {
	case Arrive:
		return q.arrive(op.Call)
	case Enqueue:
		return q.enqueue(op.Call.ID, op.Flag)
	case Raise:
		return q.raise(op.Call.ID, op.Tier, op.Flag)
	case Require:
		return q.require(op.Call)
	case Accept:
		return q.accept(op)
	case Decline:
		return q.decline(op)
	case Mark:
		return q.mark(op.Call.ID, op.State, op.Why)
	case End:
		return q.end(op)
	case Restore:
		return q.restore(op.Call)
	case SignIn:
		return q.signIn(op.Agent)
	case Ready:
		return q.ready(op)
	case NotReady:
		return q.notReady(op)
	case Away:
		q.away(op)
		return nil
	case SignOut:
		return q.signOut(op)
	case Hold:
		return q.hold(op)
	case RestoreAgent:
		return q.restoreAgent(op.Agent)
	case Sweep:
		q.sweep()
		return nil
	}
	return q.beside(op)
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func at(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// skills parses a canonical text, once.
func (q *Queue) skills(text string) queue.Skills {
	s, ok := q.levels[text]
	if !ok {
		s = queue.Skills{}
		for part := range strings.SplitSeq(text, ",") {
			name, level, found := strings.Cut(part, ":")
			n := 0
			for _, d := range level {
				n = n*10 + int(d-'0')
			}
			if found {
				s[name] = n
			}
		}
		q.levels[text] = s
	}
	return s
}

// Fits reports whether skills satisfy a requirement, both as canonical text.
func (q *Queue) Fits(skills, need string) bool { return q.skills(skills).Fits(q.skills(need)) }
