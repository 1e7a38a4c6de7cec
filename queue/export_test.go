package queue

import (
	"encoding/json"

	"github.com/redis/go-redis/v9"
)

// SetClock gives the scripts another clock, in ms since 1970.
func (q *Queue) SetClock(now func() int64) { q.now = now }

// ParseEvent reads an entry of the event stream.
func ParseEvent(m redis.XMessage) (Event, error) {
	text, _ := m.Values["e"].(string)
	var row eventRow
	err := json.Unmarshal([]byte(text), &row)
	return row.event(m.ID), err
}
