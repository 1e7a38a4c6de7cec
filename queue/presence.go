package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The scripts of presence; see calls.go for what all have in common. None needs a request id: done twice is done once.
var (
	// ARGV[7] owner, [8] life, [9] ttl in ms, [10] load, [11] "1" the first of this life. Returns all peers, the owner among them, as JSON rows
	// {owner, life, load, over, by: adopter, if that still lives}; or {"fenced"}: a later life is there, or this one was adopted. Nothing is changed then.
	attendScript = newScript("attend")
	// ARGV[7] owner, [8] its life, [9] adopter, [10] the adopter's life. Returns 1, or 0 when that life is not over, or has a living adopter.
	adoptScript = newScript("adopt")
	// ARGV[7] owner, [8] life. Returns 1, or 0 when that is not (or no longer) the life that is noted.
	departScript = newScript("depart")
)

// Peer is a controller process as its peers know it. Its presence holds until its time is over, by the clock of Redis.
type Peer struct {
	Owner string `json:"owner"`
	Life  string `json:"life"` // of the process: another one after each start
	Load  int    `json:"load"` // live calls
	Over  bool   `json:"over"` // nobody has heard of it for too long
	By    string `json:"by"`   // the living peer that has taken over its calls; "" none
}

// Attend says that a process lives and has so many calls, for ttl, and returns all peers. begin is set until the first call of a life has
// succeeded: a new life takes its name over from any other. ErrFenced: another life has that name now, or a peer has adopted this one's calls;
// what this life knows of them is old.
func (q *Queue) Attend(ctx context.Context, p Peer, ttl time.Duration, begin bool) ([]Peer, error) {
	if err := errors.Join(checkID("owner", p.Owner), checkID("life", p.Life), checkTTL(ttl)); err != nil {
		return nil, fmt.Errorf("queue: attend: %w", err)
	}
	v, err := q.raw(ctx, attendScript, "", p.Owner, p.Life, ttl.Milliseconds(), p.Load, flag(begin))
	if err != nil {
		return nil, err
	}
	rows := texts(v)
	if len(rows) == 1 && rows[0] == "fenced" {
		return nil, fmt.Errorf("queue: attend: %w", ErrFenced)
	}
	peers := make([]Peer, len(rows))
	for i, text := range rows {
		if err := json.Unmarshal([]byte(text), &peers[i]); err != nil {
			return nil, fmt.Errorf("queue: attend: row: %w", err)
		}
	}
	return peers, nil
}

// Adopt takes the calls of a life that is over; of several that try one succeeds, the others get ErrFenced. An adopter whose own life ends is
// followed by the next that tries. Asked again by the same adopter it succeeds again.
func (q *Queue) Adopt(ctx context.Context, dead, adopter Peer) error {
	return q.one(ctx, adoptScript, dead.Owner, dead.Life, adopter.Owner, adopter.Life)
}

// Depart ends a life in good order: nobody adopts it, and what it left in Asterisk may be taken away. ErrFenced: another life has that name.
func (q *Queue) Depart(ctx context.Context, p Peer) error {
	return q.one(ctx, departScript, p.Owner, p.Life)
}

// one runs a script that answers 1, or 0 for ErrFenced.
func (q *Queue) one(ctx context.Context, s *script, own ...any) error {
	v, err := q.raw(ctx, s, "", own...)
	if err != nil {
		return err
	}
	if n, _ := v.(int64); n != 1 {
		return fmt.Errorf("queue: %s: %w", s.name, ErrFenced)
	}
	return nil
}
