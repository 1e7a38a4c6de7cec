package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// ARGV[7] row of the command, JSON; its time is set by the script. Returns nothing. See calls.go for what all scripts have in common.
var orderScript = newScript("order")

type commandRow struct {
	Req  RequestID `json:"req"`
	At   ms        `json:"at"`
	Verb string    `json:"verb"`
	Call CallID    `json:"call"`
	By   AgentID   `json:"by,omitempty"`

	Agent AgentID `json:"agent,omitempty"`
	Arg   string  `json:"arg,omitempty"`
	Note  string  `json:"note,omitempty"`
}

func (r commandRow) command(id string) Command {
	return Command{ID: id, Req: r.Req, At: r.At.time(), Verb: r.Verb, Call: r.Call, By: r.By, Agent: r.Agent, Arg: r.Arg, Note: r.Note}
}

// Order writes a command for the controller that owns the call. The same request id again writes nothing.
func (q *Queue) Order(ctx context.Context, cmd Command) error {
	text, err := rowText(commandRow{Req: cmd.Req, Verb: cmd.Verb, Call: cmd.Call, By: cmd.By, Agent: cmd.Agent, Arg: cmd.Arg, Note: cmd.Note})
	if err == nil {
		err = checkID("call", string(cmd.Call))
	}
	if err == nil {
		err = checkID("verb", cmd.Verb)
	}
	for _, more := range []string{string(cmd.Agent), cmd.Arg, cmd.Note} {
		if err == nil && more != "" {
			err = checkID("order", more)
		}
	}
	if err != nil {
		return fmt.Errorf("queue: order: %w", err)
	}
	_, err = q.change(ctx, orderScript, cmd.Req, text)
	return err
}

// FollowCommands calls fn with each command since the time, then with new ones, like Follow (without resets). The time is compared with the clock of Redis.
func (q *Queue) FollowCommands(ctx context.Context, since time.Time, fn func(Command) error) error {
	last := strconv.FormatInt(max(since.UnixMilli(), 1)-1, 10) + "-18446744073709551615" // the greatest id before since
	return q.reconnecting(ctx, func(ctx context.Context, rdb redis.UniversalClient, alive func()) error {
		for {
			entries, err := readStream(ctx, rdb, q.key("commands"), last)
			if err != nil {
				return err
			}
			alive()
			for _, m := range entries {
				last = m.ID
				text, _ := m.Values["c"].(string)
				var row commandRow
				if json.Unmarshal([]byte(text), &row) != nil {
					continue // not written by our script: nobody's wish
				}
				if err := fn(row.command(m.ID)); err != nil {
					return errHandler{err}
				}
			}
		}
	})
}
