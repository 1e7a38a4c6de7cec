package queue

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// script is one change or view of the index: the prelude, places, agents, beside, explain, routing and a file of lua/, run as one atomic whole.
type script struct {
	name string
	lua  *redis.Script
}

func newScript(name string) *script {
	return &script{name: name, lua: redis.NewScript(luaText("prelude") + "\n" + luaText("places") + "\n" + luaText("agents") + "\n" + luaText("beside") + "\n" + luaText("explain") + "\n" + luaText("routing") + "\n" + luaText(name))}
}

func luaText(name string) string {
	b, err := luaFiles.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic("queue: a script named in the code is not among the embedded files: " + err.Error())
	}
	return string(b)
}

// reply is what a changing script answers, in JSON.
type reply struct {
	Err   string         `json:"err"`
	Call  *callRow       `json:"call"`
	Agent *agentRow      `json:"agent"`
	Epoch int64          `json:"epoch"`
	N     int            `json:"n"`
	Made  int            `json:"made"`
	Ended map[string]int `json:"ended"`
}

// failure turns the code of a refusal into the error a caller branches on.
func (r reply) failure() error {
	switch r.Err {
	case "":
		return nil
	case "offer_gone":
		return ErrOfferGone
	case "no_call":
		return ErrNoCall
	case "no_agent":
		return ErrNoAgent
	case "agent_busy":
		return ErrAgentBusy
	case "fenced":
		return ErrFenced
	case "form_due":
		return ErrFormDue
	case "on_break":
		return ErrOnBreak
	case "wrong_state":
		return ErrWrongState
	}
	return errors.New("the script refused: " + r.Err)
}

// raw runs a script with the arguments that all have in common (see lua/prelude.lua), then its own.
func (q *Queue) raw(ctx context.Context, s *script, req RequestID, own ...any) (any, error) {
	return q.rawOn(ctx, q.rdb, s, req, own...)
}

// rawOn is raw on another client of the same Redis.
func (q *Queue) rawOn(ctx context.Context, rdb redis.UniversalClient, s *script, req RequestID, own ...any) (any, error) {
	args := append([]any{q.prefix, s.name, string(req), strconv.FormatInt(q.now(), 10), rand.Text(), q.conduct.Load().settings}, own...)
	start := time.Now()
	v, err := s.lua.Run(ctx, rdb, []string{q.key("calls")}, args...).Result()
	q.metrics.script(s.name, err, time.Since(start))
	if err != nil {
		return nil, fmt.Errorf("queue: %s: %w", s.name, err)
	}
	return v, nil
}

// change runs a script that is remembered by its request id. Without one it gets its own, so that a retry of the connection is a replay.
func (q *Queue) change(ctx context.Context, s *script, req RequestID, own ...any) (reply, error) {
	if req == "" {
		req = RequestID(rand.Text())
	}
	if err := checkID("request", string(req)); err != nil {
		return reply{}, fmt.Errorf("queue: %s: %w", s.name, err)
	}
	v, err := q.raw(ctx, s, req, own...)
	if err != nil {
		return reply{}, err
	}
	pair, ok := v.([]any)
	if !ok || len(pair) != 2 {
		return reply{}, fmt.Errorf("queue: %s: unexpected reply %T", s.name, v)
	}
	text, _ := pair[0].(string)
	var r reply
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return reply{}, fmt.Errorf("queue: %s: reply: %w", s.name, err)
	}
	if replayed, _ := pair[1].(int64); replayed == 0 {
		q.metrics.offers(r.Made, r.Ended)
	}
	if err := r.failure(); err != nil {
		return reply{}, fmt.Errorf("queue: %s: %w", s.name, err)
	}
	return r, nil
}

// changeCall is change for the scripts that answer with a call's row.
func (q *Queue) changeCall(ctx context.Context, s *script, req RequestID, own ...any) (Call, error) {
	r, err := q.change(ctx, s, req, own...)
	if err != nil {
		return Call{}, err
	}
	if r.Call == nil {
		return Call{}, fmt.Errorf("queue: %s: reply without the call", s.name)
	}
	return r.Call.call(), nil
}

// changeAgent is change for the scripts that answer with an agent's row.
func (q *Queue) changeAgent(ctx context.Context, s *script, req RequestID, own ...any) (Agent, error) {
	r, err := q.change(ctx, s, req, own...)
	if err != nil {
		return Agent{}, err
	}
	if r.Agent == nil {
		return Agent{}, fmt.Errorf("queue: %s: reply without the agent", s.name)
	}
	return r.Agent.agent(), nil
}
