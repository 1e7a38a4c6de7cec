package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// Alarm is the danger of one call that waits here for a supervisor, because the escalation, which is in the database, cannot take it. It outlives the call, and
// goes when the escalation has it. Nothing of it is private. One of a call counts; there are as many as calls at high risk in an outage.
type Alarm struct {
	Call  CallID    `json:"call"`
	Line  LineID    `json:"line"`
	By    AgentID   `json:"by,omitempty"`    // who said that it is high; empty: the caller, by a key
	Agent AgentID   `json:"agent,omitempty"` // who had the caller then; empty: nobody yet
	At    time.Time `json:"at"`              // zero: no danger waits here (any more), only who answered one

	HeardBy AgentID   `json:"-"` // the first who said that they look after it; empty: nobody yet
	Heard   time.Time `json:"-"`
}

// Compare puts the oldest alarm first, for [slices.SortFunc].
func (a Alarm) Compare(b Alarm) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Call, b.Call)) }

type heardRow struct {
	By AgentID   `json:"by"`
	At time.Time `json:"at"`
}

// AlarmOf is what of a call needs a supervisor at once, as the incidents' watch takes it; false when nothing does. When a danger key was pressed no row says: it
// is of now. Whom we call back is in danger by what a person says only; what led to the callback was told.
func AlarmOf(c Call, now time.Time) (Alarm, bool) {
	a := Alarm{Call: c.ID, Line: c.Line, Agent: c.Agent, At: now}
	switch {
	case c.Level == LevelHigh && c.LevelBy != "":
		a.By = c.LevelBy
		if !c.LevelAt.IsZero() {
			a.At = c.LevelAt
		}
		return a, true
	case c.Callback:
		return Alarm{}, false
	}
	return a, c.Danger || c.Tier == TierRed && c.Level == ""
}

const (
	alarmsKey = "alarms"
	heardKey  = "alarms:heard"
)

// KeepAlarm keeps one until ForgetAlarm. One of the same call that is there stays as it is.
func (q *Queue) KeepAlarm(ctx context.Context, a Alarm) error {
	if err := checkID("call", string(a.Call)); err != nil {
		return fmt.Errorf("queue: alarm: %w", err)
	}
	return q.setOnce(ctx, alarmsKey, a.Call, a)
}

// HearAlarm notes that somebody looks after the danger of a call; the first one counts. It is kept also when the alarm was forgotten a moment ago: whoever
// told the escalation of it tells it this, too.
func (q *Queue) HearAlarm(ctx context.Context, call CallID, by AgentID) error {
	for what, id := range map[string]string{"call": string(call), "agent": string(by)} {
		if err := checkID(what, id); err != nil {
			return fmt.Errorf("queue: alarm: %w", err)
		}
	}
	return q.setOnce(ctx, heardKey, call, heardRow{by, time.Now().UTC()})
}

// setOnce is one command that does nothing the second time, so that a retry of the connection needs no request id.
func (q *Queue) setOnce(ctx context.Context, key string, call CallID, row any) error {
	text, err := json.Marshal(row)
	if err == nil {
		err = q.rdb.HSetNX(ctx, q.key(key), string(call), text).Err()
	}
	if err != nil {
		return fmt.Errorf("queue: alarm: %w", err)
	}
	return nil
}

// Alarms are all that wait, the oldest first.
func (q *Queue) Alarms(ctx context.Context) ([]Alarm, error) {
	var kept, heard *redis.MapStringStringCmd
	_, err := q.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		kept, heard = p.HGetAll(ctx, q.key(alarmsKey)), p.HGetAll(ctx, q.key(heardKey))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("queue: alarms: %w", err)
	}
	byCall := map[string]Alarm{}
	for call, text := range kept.Val() {
		var a Alarm
		if json.Unmarshal([]byte(text), &a) == nil && string(a.Call) == call {
			byCall[call] = a
		}
	}
	for call, text := range heard.Val() {
		var h heardRow
		if json.Unmarshal([]byte(text), &h) != nil {
			continue
		}
		a := byCall[call]
		a.Call, a.HeardBy, a.Heard = CallID(call), h.By, h.At
		byCall[call] = a
	}
	all := make([]Alarm, 0, len(byCall))
	for _, a := range byCall {
		all = append(all, a)
	}
	slices.SortFunc(all, Alarm.Compare)
	return all, nil
}

// ForgetAlarm lets go of one as Alarms gave it, once the escalation has it. Who answered it since then stays, for the next look.
func (q *Queue) ForgetAlarm(ctx context.Context, a Alarm) error {
	_, err := q.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HDel(ctx, q.key(alarmsKey), string(a.Call))
		if a.HeardBy != "" {
			p.HDel(ctx, q.key(heardKey), string(a.Call))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("queue: alarm: %w", err)
	}
	return nil
}
