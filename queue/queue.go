package queue

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// Errors a caller branches on.
var (
	ErrOfferGone  = errors.New("the offer expired, was withdrawn or was taken")
	ErrNoCall     = errors.New("the call is not in the index")
	ErrNoAgent    = errors.New("the agent is not signed in")
	ErrAgentBusy  = errors.New("the agent is reserved or talking")
	ErrFenced     = errors.New("a later session or owner has taken over")
	ErrWrongState = errors.New("the change does not fit the present state")
)

// Config bounds the queue. The zero value of a field means its default.
type Config struct {
	Site      string                 // hash tag of every key; default "site"
	HeadStart map[Tier]time.Duration // default red 1000 h, returning 500 h, followup 10 min, normal 0, nuisance -30 min
	Ring      time.Duration          // lease of an offer; default 15 s
	WrapUp    time.Duration          // default 60 s
	MissLimit int                    // misses in a row before NotReady(no_answer); default 1
}

// Queue is a client of the index. Safe for concurrent use; it holds no state of its own but the connection.
type Queue struct{}

func New(rdb redis.UniversalClient, cfg Config) (*Queue, error) { panic("unwritten") }

// Arrive registers a call (state greeting). The same call again updates owner and node.
func (q *Queue) Arrive(ctx context.Context, req RequestID, c Call) error { panic("unwritten") }

// Enqueue moves a call from greeting or held to waiting, and offers it at once when an agent fits. front puts it at the head of its tier
// (a caller who lost the agent); the order key it got is in the returned row. The agent it had becomes NotReady(connection_lost) when front.
func (q *Queue) Enqueue(ctx context.Context, req RequestID, id CallID, front bool) (Call, error) {
	panic("unwritten")
}

// Raise changes the tier of a call in any state; danger marks that the danger key was pressed.
func (q *Queue) Raise(ctx context.Context, req RequestID, id CallID, tier Tier, danger bool) (Call, error) {
	panic("unwritten")
}

// Accept turns an offer into a talk: call talking, agent talking. ErrOfferGone when too late. Accepting one's own accepted offer again succeeds.
func (q *Queue) Accept(ctx context.Context, req RequestID, offer OfferID, agent AgentID, session string) (Call, error) {
	panic("unwritten")
}

// Decline ends an offer: the caller keeps the place and is offered to the next, the agent becomes NotReady(declined).
func (q *Queue) Decline(ctx context.Context, req RequestID, offer OfferID, agent AgentID, session string) error {
	panic("unwritten")
}

// Mark records what the controller did with a call that has an agent: talking or held (hold says why).
func (q *Queue) Mark(ctx context.Context, req RequestID, id CallID, state CallState, hold string) error {
	panic("unwritten")
}

// End removes a call. Its offer is withdrawn (agent available again, offered the next); an agent who talked goes to wrap-up. Unknown call: nil.
func (q *Queue) End(ctx context.Context, req RequestID, id CallID, ending Ending) error {
	panic("unwritten")
}

// SignIn puts an agent into the index as NotReady(signed_in), or, when the agent is there already, moves it to the new session and leaves its state.
func (q *Queue) SignIn(ctx context.Context, req RequestID, a Agent) (Agent, error) { panic("unwritten") }

// Ready makes an agent available (from not_ready or wrap_up) and offers the best waiting call. Available already: no change.
func (q *Queue) Ready(ctx context.Context, req RequestID, id AgentID, session string) (Agent, error) {
	panic("unwritten")
}

// NotReady makes an agent unavailable. ErrAgentBusy while reserved or talking.
func (q *Queue) NotReady(ctx context.Context, req RequestID, id AgentID, session, reason string) (Agent, error) {
	panic("unwritten")
}

// Away is NotReady(connection_lost) for an agent whose browser vanished: a reserved agent's offer goes back as if declined; a talking agent is
// left as it is (the controller holds the caller and decides); wrap-up goes on. An old session changes nothing.
func (q *Queue) Away(ctx context.Context, req RequestID, id AgentID, session string) error {
	panic("unwritten")
}

// SignOut removes an agent. ErrAgentBusy while talking. An old session changes nothing.
func (q *Queue) SignOut(ctx context.Context, req RequestID, id AgentID, session string) error {
	panic("unwritten")
}

// Sweep ends what is over at the time of Redis: offers (no_answer after MissLimit) and wrap-ups (available). Safe to run anywhere, often (250 ms).
func (q *Queue) Sweep(ctx context.Context) (int, error) { panic("unwritten") }

// Restore puts a call back as its controller knows it (after Redis lost it): waiting keeps its order key; offered becomes waiting; talking and held keep their agent.
// A call that the index already holds is left alone.
func (q *Queue) Restore(ctx context.Context, req RequestID, c Call) error { panic("unwritten") }

// RestoreAgent puts an agent back as its console knows it. An agent that the index already holds is left alone. A talking agent whose call is not
// (yet) restored keeps the state talking; when the call is restored they meet; Sweep frees one whose call never came within 10 s (NotReady).
func (q *Queue) RestoreAgent(ctx context.Context, req RequestID, a Agent) error { panic("unwritten") }

// Snapshot is the whole index, consistent with its stream id.
func (q *Queue) Snapshot(ctx context.Context) (Snapshot, error) { panic("unwritten") }

// Follow calls fn with each event after the stream id, in order, until ctx ends or fn fails. Redis away: it keeps trying (50 ms to 1 s). When the stream
// was emptied (Redis lost) or trimmed past us it calls fn with EventReset once and goes on from the new end.
func (q *Queue) Follow(ctx context.Context, after string, fn func(Event) error) error {
	panic("unwritten")
}

// Order writes a command for the controller that owns the call.
func (q *Queue) Order(ctx context.Context, cmd Command) error { panic("unwritten") }

// FollowCommands calls fn with each command since the time, then with new ones, like Follow (without resets).
func (q *Queue) FollowCommands(ctx context.Context, since time.Time, fn func(Command) error) error {
	panic("unwritten")
}

// Claim takes the lease of a call for ttl: when it is free, expired or already ours (ours: a new epoch all the same, which fences an earlier self). ErrFenced when another holds it. atLeast is the epoch
// that the channel's variable carries: the new one is greater, also after Redis was lost.
func (q *Queue) Claim(ctx context.Context, id CallID, owner string, atLeast int64, ttl time.Duration) (Lease, error) {
	panic("unwritten")
}

// Renew extends the leases in one round trip and returns the calls whose lease is no longer held with that owner and epoch. Missing leases (Redis lost) are written anew.
func (q *Queue) Renew(ctx context.Context, leases []Lease, ttl time.Duration) (lost []CallID, err error) {
	panic("unwritten")
}

// Leases returns owner, epoch and expiry of every lease, for the guardian.
func (q *Queue) Leases(ctx context.Context) (map[CallID]LeaseState, error) { panic("unwritten") }

// Release gives a lease back.
func (q *Queue) Release(ctx context.Context, l Lease) error { panic("unwritten") }

// LeaseState is a lease as Redis knows it.
type LeaseState struct {
	Lease
	Expires time.Time
}
