package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// No ARGV. Returns {life of the journal, id and number of its last entry, birth mark, now in ms, settings, rows of calls, agents, offers,
// talks, rests, three sorted sets with scores: relax, exposed, orphans, end of settling or 0, last fence or 0}. Changes nothing.
var baseScript = newScript("base")

// Entry is a line of the journal of operations: a change with what the server chose (its time, the fences), or a point to begin from. It holds ids, times and
// figures only. As JSON it is a line of a file, which package model runs again.
type Entry struct {
	Place    string          `json:"place"` // in the journal: give it to Journal to go on behind it
	At       time.Time       `json:"at"`
	Verb     Verb            `json:"verb,omitempty"`
	Args     []string        `json:"args,omitempty"`
	Err      string          `json:"err,omitempty"`      // the refusal
	Made     []Promise       `json:"made,omitempty"`     // the offers that the change made, in this order
	Settings json.RawMessage `json:"settings,omitempty"` // when they are others than before
	Lost     string          `json:"lost,omitempty"`     // no change: the index was emptied before what follows; its new birth mark
	Base     *Base           `json:"base,omitempty"`     // no change: the whole index at this point, where a reader begins, or had missed something
}

// Promise is an offer as the journal has it.
type Promise struct {
	Fence int64   `json:"fence"`
	Call  CallID  `json:"call"`
	Agent AgentID `json:"agent"`
}

// Base is the whole index as its rows are in Redis, for package model.
type Base struct {
	Born     string             `json:"born"`
	Settings json.RawMessage    `json:"settings"`
	Calls    []json.RawMessage  `json:"calls"`
	Agents   []json.RawMessage  `json:"agents"`
	Offers   []json.RawMessage  `json:"offers"`
	Talks    map[string]string  `json:"talks,omitempty"`
	Rests    map[string]string  `json:"rests,omitempty"`
	Due      []map[string]int64 `json:"due"` // relax, exposed, orphans: by id, in ms
	Settling int64              `json:"settling,omitempty"`
	Fence    int64              `json:"fence,omitempty"`
}

// Op is the change of an entry, for package model; Req is empty, since a replay of a request never reaches the journal.
func (e Entry) Op() (Op, error) { return opOf(e.Verb, e.Args) }

// Journal calls fn with each operation after a place, in order, until ctx ends or fn fails; Config.Journal must be on in every process of the site. An
// empty place begins with the present index as a Base. So does a place that the stream no longer leads to (trimmed, or Redis came back with an older file): what lies between
// is not known. After a loss of Redis that it can read from the first operation on it says Lost instead, and misses nothing. Redis away:
// it keeps trying.
func (q *Queue) Journal(ctx context.Context, after string, fn func(Entry) error) error {
	r := &journalReader{q: q, fn: fn}
	if after != "" {
		at, err := parsePlace(after)
		if err != nil {
			return fmt.Errorf("queue: journal: %w", err)
		}
		r.at = at
	}
	return q.reconnecting(ctx, r.run)
}

// journalReader is the state of one Journal. at.born is the life of the journal, "" before the first Base.
type journalReader struct {
	q  *Queue
	at place
	fn func(Entry) error
}

func (r *journalReader) run(ctx context.Context, rdb redis.UniversalClient, alive func()) error {
	for {
		if r.at.born == "" {
			if err := r.begin(ctx, rdb); err != nil {
				return err
			}
		}
		entries, err := readStream(ctx, rdb, r.q.key("journal"), r.at.id)
		if err == nil {
			err = r.sameLife(ctx, rdb)
		}
		if err == nil {
			err = r.deliver(entries)
		}
		if errors.Is(err, errReset) {
			err = r.lost(ctx, rdb)
		}
		if err != nil {
			return err
		}
		alive()
	}
}

// sameLife compares the journal's life, and the number of its last entry, with what was read.
func (r *journalReader) sameLife(ctx context.Context, rdb redis.UniversalClient) error {
	ctx, cancel := context.WithTimeout(ctx, answerMost)
	defer cancel()
	v, err := rdb.MGet(ctx, r.q.key("journal:born"), r.q.key("journal:n")).Result()
	if err != nil {
		return fmt.Errorf("queue: journal: %w", err)
	}
	born, _ := v[0].(string)
	text, _ := v[1].(string)
	n, _ := strconv.ParseInt(text, 10, 64) // none yet: 0
	switch {
	case born == r.at.born:
	case r.at.born == unborn && born != "":
		r.at.born = born // the first operation of all
	case born == "" && r.at.born == unborn:
	default:
		return errReset
	}
	if n < r.at.n {
		return errReset
	}
	return nil
}

// unborn is the life of a journal that has no entry yet.
const unborn = "-"

func (r *journalReader) deliver(entries []redis.XMessage) error {
	for _, m := range entries {
		e, n, err := entryOf(m)
		if err != nil || n != r.at.n+1 {
			return errReset
		}
		r.at.id, r.at.n = m.ID, n
		e.Place = r.at.String()
		if err := r.fn(e); err != nil {
			return errHandler{err}
		}
	}
	return nil
}

// lost goes on in a new life from its first operation, if the stream still has it, else from the index as it is.
func (r *journalReader) lost(ctx context.Context, rdb redis.UniversalClient) error {
	ctx, cancel := context.WithTimeout(ctx, answerMost)
	defer cancel()
	born, err := rdb.Get(ctx, r.q.key("journal:born")).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("queue: journal: %w", err)
	}
	first, err := rdb.XRangeN(ctx, r.q.key("journal"), "-", "+", 1).Result()
	if err != nil {
		return fmt.Errorf("queue: journal: %w", err)
	}
	if len(first) == 0 {
		return nil // emptied, and nothing was done since: asked again after the next read
	}
	if _, n, err := entryOf(first[0]); err != nil || n != 1 || born == r.at.born {
		return r.begin(ctx, rdb)
	}
	r.at = place{id: "0-0", n: 0, born: born}
	if err := r.fn(Entry{Place: r.at.String(), At: bornAt(born), Lost: born}); err != nil {
		return errHandler{err}
	}
	return nil
}

// begin takes the whole index.
func (r *journalReader) begin(ctx context.Context, rdb redis.UniversalClient) error {
	v, err := r.q.rawOn(ctx, rdb, baseScript, "")
	if err != nil {
		return err
	}
	list, _ := v.([]any)
	if len(list) != 16 {
		return fmt.Errorf("queue: journal: unexpected reply %T", v)
	}
	text := func(i int) string { s, _ := list[i].(string); return s }
	number := func(i int) int64 { n, _ := strconv.ParseInt(text(i), 10, 64); return n }
	r.at = place{id: text(1), n: number(2), born: text(0)}
	if r.at.born == "" {
		r.at.born = unborn
	}
	b := &Base{
		Born: text(3), Settings: json.RawMessage(text(5)), Calls: raws(list[6]), Agents: raws(list[7]), Offers: raws(list[8]),
		Talks: pairs(list[9]), Rests: pairs(list[10]), Settling: number(14), Fence: number(15),
	}
	for i := 11; i <= 13; i++ {
		due := map[string]int64{}
		for id, at := range pairs(list[i]) {
			due[id], _ = strconv.ParseInt(at, 10, 64)
		}
		b.Due = append(b.Due, due)
	}
	if err := r.fn(Entry{Place: r.at.String(), At: ms(number(4)).time(), Base: b}); err != nil {
		return errHandler{err}
	}
	return nil
}

func raws(v any) []json.RawMessage {
	list := texts(v)
	out := make([]json.RawMessage, 0, len(list))
	for _, s := range list {
		out = append(out, json.RawMessage(s))
	}
	return out
}

// bornAt is the time in a birth mark.
func bornAt(mark string) time.Time {
	_, text, _ := strings.Cut(mark, ".")
	n, _ := strconv.ParseInt(text, 10, 64)
	return ms(n).time()
}

// BornAt is when the index that an entry begins from was born: offers are held back for a moment from then on while it is restored.
func (e Entry) BornAt() time.Time {
	if e.Base != nil {
		return bornAt(e.Base.Born)
	}
	return bornAt(e.Lost)
}

// entryOf reads an entry of the stream; see lua/prelude.lua.
func entryOf(m redis.XMessage) (Entry, int64, error) {
	text := func(name string) string { s, _ := m.Values[name].(string); return s }
	n, err := strconv.ParseInt(text("n"), 10, 64)
	if err != nil {
		return Entry{}, 0, fmt.Errorf("queue: journal: number: %w", err)
	}
	at, err := strconv.ParseInt(text("t"), 10, 64)
	if err != nil {
		return Entry{}, 0, fmt.Errorf("queue: journal: time: %w", err)
	}
	e := Entry{At: ms(at).time(), Verb: Verb(text("v")), Err: text("e")}
	if s := text("s"); s != "" {
		e.Settings = json.RawMessage(s)
	}
	if err := json.Unmarshal([]byte(text("a")), &e.Args); err != nil {
		return Entry{}, 0, fmt.Errorf("queue: journal: arguments: %w", err)
	}
	if made := text("m"); made != "" {
		var list [][3]any
		if err := json.Unmarshal([]byte(made), &list); err != nil {
			return Entry{}, 0, fmt.Errorf("queue: journal: offers: %w", err)
		}
		for _, o := range list {
			fence, _ := o[0].(float64)
			call, _ := o[1].(string)
			agent, _ := o[2].(string)
			e.Made = append(e.Made, Promise{Fence: int64(fence), Call: CallID(call), Agent: AgentID(agent)})
		}
	}
	if e.Verb == "rebirth" {
		e = Entry{At: e.At, Lost: "." + text("t")}
	}
	return e, n, nil
}

// settingsRow is Config as it travels with each script.
type settingsRow struct {
	Ring     int64          `json:"ring"`
	Wrap     int64          `json:"wrap"`
	WrapMost int64          `json:"wrap_most"`
	Settle   int64          `json:"settle"`
	Form     int64          `json:"form"`
	Miss     int            `json:"miss"`
	Head     map[Tier]int64 `json:"head"`
	Patience int64          `json:"patience"`
	Window   int64          `json:"window"`
	Limit    int            `json:"limit"`
	Rest     int64          `json:"rest"`
	Floors   Skills         `json:"floors"`
	Journal  bool           `json:"journal"`
}

// ParseSettings reads the configuration out of the settings of an entry. The site is not among them.
func ParseSettings(text json.RawMessage) (Config, error) {
	var r settingsRow
	if err := json.Unmarshal(text, &r); err != nil {
		return Config{}, fmt.Errorf("queue: settings: %w", err)
	}
	span := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	c := Config{
		Ring: span(r.Ring), WrapUp: span(r.Wrap), WrapMost: span(r.WrapMost), FormWait: span(r.Form), Settle: span(r.Settle), MissLimit: r.Miss, Patience: span(r.Patience), Floors: r.Floors, Journal: r.Journal,
		Exposure: Exposure{Window: span(r.Window), Limit: r.Limit, Break: span(r.Rest)}, HeadStart: map[Tier]time.Duration{},
	}
	for t, d := range r.Head {
		c.HeadStart[t] = span(d)
	}
	return c, c.Validate()
}
