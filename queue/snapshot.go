package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// The scripts that look at the index; see calls.go for what all have in common. They change nothing but the birth mark of an empty Redis, save rebirth.
var (
	// No ARGV. Returns {birth mark, id of the last event, number of the last event, now in ms, rows of calls, rows of agents, offers}.
	snapshotScript = newScript("snapshot")
	// No ARGV. Returns {birth mark, id of the last event, number of the last event}.
	positionScript = newScript("position")
	// ARGV[7] birth mark, [8] id and [9] number of the last event that a reader saw. When Redis came back with an older file (a crash of its
	// host, a failover) what it holds is no longer true: empties the index, keeps the streams, makes a new birth mark, returns 1. Otherwise 0.
	rebirthScript = newScript("rebirth")
)

// place is a point in the event stream. Its text is what Snapshot.After and Event.ID carry.
type place struct {
	id   string // stream id of the last event seen
	n    int64  // its number; -1 unknown
	born string // life of the index; "" unknown
}

func (p place) String() string { return p.id + "/" + strconv.FormatInt(p.n, 10) + "/" + p.born }

// parsePlace reads the text of a place, or a plain stream id; "" is the beginning.
func parsePlace(text string) (place, error) {
	if text == "" {
		return place{id: "0-0", n: -1}, nil
	}
	parts := strings.Split(text, "/")
	p := place{id: parts[0], n: -1}
	if _, _, err := parseStreamID(p.id); err != nil {
		return place{}, err
	}
	if len(parts) == 1 {
		return p, nil
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || len(parts) != 3 || n < -1 {
		return place{}, fmt.Errorf("place %q: %w", text, ErrInvalid)
	}
	p.n, p.born = n, parts[2]
	return p, nil
}

func parseStreamID(id string) (at, seq uint64, err error) {
	a, b, _ := strings.Cut(id, "-")
	if at, err = strconv.ParseUint(a, 10, 64); err == nil && b != "" {
		seq, err = strconv.ParseUint(b, 10, 64)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("stream id %q: %w", id, ErrInvalid)
	}
	return at, seq, nil
}

// Later reports whether the event id lies after a place of the same stream (Event.ID, Snapshot.After): false for an event that a snapshot
// already contains. Places of different lives of the index, or that cannot be read, count as later.
func Later(id, than string) bool {
	a, errA := parsePlace(id)
	b, errB := parsePlace(than)
	if errA != nil || errB != nil || a.born != b.born {
		return true
	}
	atA, seqA, _ := parseStreamID(a.id)
	atB, seqB, _ := parseStreamID(b.id)
	return cmp.Or(cmp.Compare(atA, atB), cmp.Compare(seqA, seqB)) > 0
}

func placeOf(list []any) (place, error) {
	born, _ := list[0].(string)
	id, _ := list[1].(string)
	text, _ := list[2].(string)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id == "" || born == "" {
		return place{}, fmt.Errorf("queue: place in the stream: unexpected reply")
	}
	return place{id: id, n: n, born: born}, nil
}

func (q *Queue) position(ctx context.Context, rdb redis.UniversalClient) (place, error) {
	v, err := q.rawOn(ctx, rdb, positionScript, "")
	if err != nil {
		return place{}, err
	}
	list, _ := v.([]any)
	if len(list) != 3 {
		return place{}, fmt.Errorf("queue: position: unexpected reply %T", v)
	}
	return placeOf(list)
}

// Snapshot is the whole index, consistent with its stream id.
func (q *Queue) Snapshot(ctx context.Context) (Snapshot, error) {
	v, err := q.raw(ctx, snapshotScript, "")
	if err != nil {
		return Snapshot{}, err
	}
	list, _ := v.([]any)
	if len(list) != 7 {
		return Snapshot{}, fmt.Errorf("queue: snapshot: unexpected reply %T", v)
	}
	at, err := placeOf(list)
	if err != nil {
		return Snapshot{}, err
	}
	text, _ := list[3].(string)
	now, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return Snapshot{}, fmt.Errorf("queue: snapshot: time: %w", err)
	}
	s := Snapshot{After: at.String(), Born: at.born, Now: ms(now).time()}
	calls, err := decodeRows[callRow](list[4])
	if err != nil {
		return Snapshot{}, err
	}
	slices.SortFunc(calls, byService)
	for _, r := range calls {
		s.Calls = append(s.Calls, r.call())
	}
	agents, err := decodeRows[agentRow](list[5])
	if err != nil {
		return Snapshot{}, err
	}
	slices.SortFunc(agents, func(a, b agentRow) int { return cmp.Compare(a.ID, b.ID) })
	for _, r := range agents {
		s.Agents = append(s.Agents, r.agent())
	}
	offers, err := decodeRows[offerRow](list[6])
	if err != nil {
		return Snapshot{}, err
	}
	slices.SortFunc(offers, func(a, b offerRow) int { return cmp.Compare(a.Fence, b.Fence) })
	for _, r := range offers {
		s.Offers = append(s.Offers, r.offer())
	}
	return s, nil
}

// byService sorts the waiting by order key, then the offered by order key, then the others by arrival.
func byService(a, b callRow) int {
	rank := func(r callRow) int {
		switch r.State {
		case CallWaiting:
			return 0
		case CallOffered:
			return 1
		default:
			return 2
		}
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Arrived, b.Arrived), cmp.Compare(a.ID, b.ID))
}

func decodeRows[R any](v any) ([]R, error) {
	list := texts(v)
	rows := make([]R, len(list))
	for i, text := range list {
		if err := json.Unmarshal([]byte(text), &rows[i]); err != nil {
			return nil, fmt.Errorf("queue: snapshot: row: %w", err)
		}
	}
	return rows, nil
}
