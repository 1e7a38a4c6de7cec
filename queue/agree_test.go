package queue_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hotline/queue"
	"hotline/queue/model"
	"hotline/queue/model/modeltest"
	"hotline/queue/queuetest"
)

// TestAgrees does the steps of seeded worlds on a real Redis and on the model: every answer, every row and every offer must be equal after
// every step, and every invariant of the index hold; `make soak` goes on with seeds that nobody has seen. A failing seed prints its steps and runs
// alone with the command that it prints.
func TestAgrees(t *testing.T) {
	const seeds, steps = 100, 60
	rdb := queuetest.Open(t)
	for seed := range queuetest.Seeds(seeds) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			w, err := modeltest.New(uint64(seed))
			if err != nil {
				t.Fatal(err)
			}
			p := newPair(t, rdb, uint64(seed), w)
			for range steps {
				s, err := w.Step()
				if err == nil {
					err = p.step(s)
				}
				if err != nil {
					for _, s := range w.Log {
						t.Log(s)
					}
					t.Fatalf("%v\nreplay: go test ./queue -run '%s$'", err, t.Name())
				}
			}
		})
	}
}

// What `make soak` gives.
var (
	soak     = flag.Duration("soak", 0, "run new seeds for so long")
	soakSeed = flag.Uint64("seed", 0, "the first seed of TestSoakAgrees")
)

// TestSoakAgrees does the same in longer worlds with seeds that nobody has seen, for the time that is asked for; else with a few known ones.
func TestSoakAgrees(t *testing.T) {
	const steps = 300
	first, until, least := *soakSeed, time.Now().Add(*soak), uint64(queuetest.Seeds(5))
	switch {
	case *soakSeed > 0:
		least = 1
	case *soak > 0:
		first = uint64(time.Now().UnixNano())
	}
	rdb := queuetest.Open(t)
	n := uint64(0)
	for ; n < least || time.Now().Before(until); n++ {
		w, err := modeltest.New(first + n)
		if err != nil {
			t.Fatal(err)
		}
		p := newPair(t, rdb, first+n, w)
		for range steps {
			s, err := w.Step()
			if err == nil {
				err = p.step(s)
			}
			if err != nil {
				for _, s := range w.Log {
					t.Log(s)
				}
				t.Fatalf("%v\nreplay: go test ./queue -run 'TestSoakAgrees$' -seed=%d", err, first+n)
			}
		}
	}
	t.Logf("%d seeds from %d", n, first)
}

// pair is the model and the queue side by side.
type pair struct {
	w      *modeltest.World
	rdb    redis.UniversalClient
	q      *queue.Queue
	now    int64
	seen   string                  // the last event
	offers map[int64]queue.OfferID // by fence
}

func newPair(t *testing.T, rdb redis.UniversalClient, seed uint64, w *modeltest.World) *pair {
	t.Helper()
	q, err := queue.New(rdb, modeltest.Config(seed))
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{w: w, rdb: rdb, q: q, offers: map[int64]queue.OfferID{7: "gone"}}
	q.SetClock(func() int64 { return p.now })
	if err := queuetest.Empty(t.Context(), rdb); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *pair) step(s modeltest.Step) error {
	ctx := context.Background()
	if s.Lost {
		if err := queuetest.Empty(ctx, p.rdb); err != nil {
			return err
		}
	}
	p.now = s.Now.UnixMilli()
	if err := p.do(ctx, s.Op); !errors.Is(err, s.Err) || (err == nil) != (s.Err == nil) {
		return fmt.Errorf("Redis answers %w, the model %w", err, s.Err)
	}
	x, err := queuetest.Read(ctx, p.rdb, "site")
	if err != nil {
		return err
	}
	if err := x.Check(); err != nil {
		return err
	}
	for id, o := range x.Offers {
		p.offers[int64(o.Fence)] = queue.OfferID(id)
	}
	return errors.Join(p.compare(x), p.outlooks(ctx), p.reasons(ctx, s.Lost))
}

// reasons compares why the offers of the last step were made.
func (p *pair) reasons(ctx context.Context, lost bool) error {
	if lost {
		p.seen = ""
	}
	entries, err := p.rdb.XRange(ctx, "{site}:events", "("+cmp.Or(p.seen, "0-0"), "+").Result()
	if err != nil {
		return err
	}
	var got []queue.Decision
	for _, m := range entries {
		p.seen = m.ID
		e, err := queue.ParseEvent(m)
		if err != nil {
			return err
		}
		if e.Reason != nil {
			got = append(got, *e.Reason)
		}
	}
	if want := p.w.M.Why; len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		return fmt.Errorf("decisions:\nRedis %+v\nmodel %+v", got, want)
	}
	return nil
}

// outlooks compares what each caller may be told.
func (p *pair) outlooks(ctx context.Context) error {
	for id := range p.w.M.Calls {
		want, refused := p.w.M.Outlook(id)
		got, err := p.q.Outlook(ctx, id)
		if got != want || (err == nil) != (refused == nil) || !errors.Is(err, refused) {
			return fmt.Errorf("outlook of %s: Redis %+v, %w; the model %+v, %w", id, got, err, want, refused)
		}
	}
	return nil
}

func (p *pair) do(ctx context.Context, op model.Op) error {
	var err error
	q, id, a, s := p.q, op.Call.ID, op.Agent.ID, op.Agent.Session
	switch op.Verb {
	case model.Arrive:
		return q.Arrive(ctx, op.Req, op.Call)
	case model.Enqueue:
		_, err = q.Enqueue(ctx, op.Req, id, op.Flag)
	case model.Raise:
		_, err = q.Raise(ctx, op.Req, id, op.Tier, op.Flag)
	case model.Require:
		c := op.Call
		_, err = q.Require(ctx, op.Req, id, queue.Terms{Needs: c.Needs, Relax: c.Relax, Groups: c.Groups, Preferred: c.Preferred, PreferUntil: c.PreferUntil, History: c.History, Again: c.Again})
	case model.Accept:
		_, err = q.Accept(ctx, op.Req, p.offers[op.Fence], a, s)
	case model.Decline:
		return q.Decline(ctx, op.Req, p.offers[op.Fence], a, s)
	case model.Mark:
		return q.Mark(ctx, op.Req, id, op.State, op.Why)
	case model.End:
		return q.End(ctx, op.Req, id, queue.Ending(op.Why))
	case model.Restore:
		return q.Restore(ctx, op.Req, op.Call)
	case model.SignIn:
		_, err = q.SignIn(ctx, op.Req, op.Agent)
	case model.Ready:
		_, err = q.Ready(ctx, op.Req, a, s)
	case model.NotReady:
		_, err = q.NotReady(ctx, op.Req, a, s, op.Why)
	case model.Away:
		return q.Away(ctx, op.Req, a, s)
	case model.SignOut:
		return q.SignOut(ctx, op.Req, a, s)
	case model.Hold:
		_, err = q.Hold(ctx, op.Req, a, op.Span)
	case model.RestoreAgent:
		return q.RestoreAgent(ctx, op.Req, op.Agent)
	case model.Sweep:
		_, err = q.Sweep(ctx)
	default:
		err = p.beside(ctx, op)
	}
	return err
}

// beside does the changes of those who take part beside an agent, and of the floor.
func (p *pair) beside(ctx context.Context, op model.Op) error {
	var err error
	q, id, a := p.q, op.Call.ID, op.Agent.ID
	switch op.Verb {
	case model.Assist:
		_, err = q.Assist(ctx, op.Req, id, a)
	case model.EndAssist:
		_, err = q.EndAssist(ctx, op.Req, id, a)
	case model.SetParties:
		return q.SetParties(ctx, op.Req, id, op.Call.Parties, op.Call.Pause)
	case model.Transfer:
		_, err = q.Transfer(ctx, op.Req, id, a, op.To)
	case model.Requeue:
		_, err = q.Requeue(ctx, op.Req, id, a, op.To)
	case model.Assign:
		_, err = q.Assign(ctx, op.Req, id, op.To, op.By)
	case model.MoveUp:
		_, err = q.MoveUp(ctx, op.Req, id, op.By)
	case model.Force:
		_, err = q.Force(ctx, op.Req, a, op.Agent.State, op.By)
	case model.SOS:
		_, err = q.SOS(ctx, op.Req, a, op.Agent.Session, id)
	case model.AckSOS:
		_, err = q.AckSOS(ctx, op.Req, a, op.By)
	case model.EndSOS:
		_, err = q.EndSOS(ctx, op.Req, a, op.By)
	case model.Assess:
		_, err = q.Assess(ctx, op.Req, id, queue.Risk{Tier: op.Tier, Danger: op.Flag, Level: op.Call.Level, By: op.Call.LevelBy, At: op.Call.LevelAt})
	case model.Open:
		_, err = q.Open(ctx, op.Req, id, a)
	case model.Reclaim:
		_, err = q.Reclaim(ctx, op.Req, id, a)
	case model.Keep:
		_, err = q.Keep(ctx, op.Req, id, a, op.Span)
	case model.Unkeep:
		_, err = q.Unkeep(ctx, op.Req, a, op.Agent.Session)
	case model.Filed:
		return q.Filed(ctx, op.Req, id, a)
	case model.Lead:
		_, err = q.Lead(ctx, op.Req, a, op.Agent.Session, op.Flag)
	case model.Extend:
		_, err = q.ExtendWrapUp(ctx, op.Req, a, op.Agent.Session, op.Span)
	}
	return err
}

// compare finds the first row that differs.
func (p *pair) compare(x queuetest.Index) error {
	calls, agents, offers := map[string]queuetest.Call{}, map[string]queuetest.Agent{}, map[string]queuetest.Offer{}
	for id, c := range p.w.M.Calls {
		calls[string(id)] = queuetest.Call{
			ID: string(id), State: string(c.State), Tier: string(c.Tier), Need: c.Need, Agent: string(c.Agent), Offer: p.offer(c.Offer), Only: string(c.Only),
			Preferred: string(c.Preferred), Hold: c.Hold, Key: float64(c.Key), Arrived: float64(c.Arrived), Since: float64(c.Since), Talked: float64(c.Talked),
			Front: float64(c.Front), From: float64(c.From), Prefer: float64(c.Until), Danger: c.Danger,
			Groups: c.Groups, Callback: c.Callback, History: c.History, Assigned: string(c.Assigned), Assign: float64(c.AssignTill), Parties: parties(c.Parties, c.Pause),
			Lost: float64(c.Lost), LostBy: string(c.LostBy), Again: string(c.Again), Keep: float64(c.Keep), Filed: c.Filed,
			Level: string(c.Level), LevelBy: string(c.LevelBy), LevelAt: float64(c.LevelAt),
		}
	}
	for id, a := range p.w.M.Agents {
		row := queuetest.Agent{
			ID: string(id), State: string(a.State), Reason: a.Reason, Skills: a.Skills, Call: string(a.Call), Offer: p.offer(a.Offer), Spot: a.Spot, Session: a.Session,
			Idle: float64(a.Idle), Ends: float64(a.Ends), Since: float64(a.Since), Rested: float64(a.Rested), Rest: float64(a.Rest), Held: float64(a.Held),
			Group: a.Group, Misses: a.Misses, Away: a.Away, Assist: string(a.Assist),
			Owes: string(a.Owes), Late: float64(a.Late), Keeps: string(a.Keeps), Lead: a.Lead, Forced: float64(a.Forced), Rung: float64(a.Rung),
		}
		if r := a.Prior; r != nil {
			row.Prior = &queuetest.Prior{State: string(r.State), Reason: r.Reason, Since: float64(r.Since), Ends: float64(r.Ends), Keeps: string(r.Keeps)}
		}
		if a.Assist != "" {
			row.Was = &queuetest.Was{State: string(a.Was.State), Reason: a.Was.Reason, Since: float64(a.Was.Since), Ends: float64(a.Was.Ends)}
		}
		if h := a.SOS; h != nil {
			row.SOS = &queuetest.SOS{Call: string(h.Call), At: float64(h.At), AckBy: string(h.AckBy), AckAt: float64(h.AckAt)}
		}
		for _, at := range a.Reds {
			row.Reds = append(row.Reds, float64(at))
		}
		agents[string(id)] = row
	}
	for _, o := range p.w.M.Offers {
		id := p.offer(o.Fence)
		offers[id] = queuetest.Offer{ID: id, Call: string(o.Call), Agent: string(o.Agent), Made: float64(o.Made), Expires: float64(o.Expires), Fence: float64(o.Fence)}
	}
	for id, a := range x.Agents { // which queuetest checks against the rows
		a.Crew = ""
		x.Agents[id] = a
	}
	return errors.Join(differ("call", x.Calls, calls), differ("agent", x.Agents, agents), differ("offer", x.Offers, offers))
}

func parties(list []queue.Party, pause queue.Pause) (out []queuetest.Party) {
	if !pause.Since.IsZero() {
		defer func() {
			out = append(out, queuetest.Party{
				Role: "recording_paused", State: "in", By: string(pause.By), Why: pause.Code, Since: float64(pause.Since.UnixMilli()),
				Until: float64(pause.Until.UnixMilli()), Asked: millis(pause.Asked), Taken: millis(pause.Taken), Over: millis(pause.Over),
			})
		}()
	}
	for _, x := range list {
		out = append(out, queuetest.Party{
			Agent: string(x.Agent), Role: string(x.Role), State: string(x.State), By: string(x.By), Note: x.Note, Contact: x.Contact, Why: x.Why, Since: millis(x.Since),
		})
	}
	return out
}

// millis is a time as Redis holds it.
func millis(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli())
}

func (p *pair) offer(fence int64) string {
	if fence == 0 {
		return ""
	}
	if id, ok := p.offers[fence]; ok {
		return string(id)
	}
	return time.UnixMilli(fence).String()
}

func differ[R any](kind string, redis, pure map[string]R) error {
	ids := maps.Clone(redis)
	maps.Copy(ids, pure)
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if r, m := redis[id], pure[id]; !reflect.DeepEqual(r, m) {
			return fmt.Errorf("%s %s:\nRedis %s\nmodel %s", kind, id, shown(r), shown(m))
		}
	}
	return nil
}

func shown(row any) string {
	text, err := json.Marshal(row)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
