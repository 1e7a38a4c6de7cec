package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"hotline/queue/queuetest"
)

// await bounds what a test waits for.
const await = 10 * time.Second

// followed runs a Follow and gives its events.
type followed struct {
	t      *testing.T
	events chan Event
	cancel context.CancelFunc
	done   chan error
}

func follow(t *testing.T, q *Queue, after string) *followed {
	ctx, cancel := context.WithCancel(context.Background())
	f := &followed{t: t, events: make(chan Event, 30_000), cancel: cancel, done: make(chan error, 1)}
	go func() {
		f.done <- q.Follow(ctx, after, func(e Event) error { f.events <- e; return nil })
	}()
	t.Cleanup(f.stop)
	return f
}

func (f *followed) stop() {
	f.cancel()
	select {
	case err := <-f.done:
		if !errors.Is(err, context.Canceled) {
			f.t.Errorf("follow ended with %v", err)
		}
		f.done <- err
	case <-time.After(await):
		f.t.Error("follow does not end")
	}
}

func (f *followed) next() Event {
	f.t.Helper()
	select {
	case e := <-f.events:
		return e
	case <-time.After(await):
		f.t.Fatal("no event")
		return Event{}
	}
}

// until skips events before the first of a type about an id ("" = any).
func (f *followed) until(kind EventType, id CallID) Event {
	f.t.Helper()
	for {
		e := f.next()
		if e.Type == kind && (id == "" || e.Call != nil && e.Call.ID == id) {
			return e
		}
		if e.Type == EventReset {
			f.t.Fatalf("unexpected reset before %s %s", kind, id)
		}
	}
}

// none says that no event of a type is waiting after the call id came by.
func (f *followed) none(kind EventType, before CallID) {
	f.t.Helper()
	for {
		e := f.next()
		if e.Type == kind {
			f.t.Fatalf("unexpected %s", kind)
		}
		if e.Call != nil && e.Call.ID == before {
			return
		}
	}
}

func arrive(t *testing.T, q *Queue, id CallID) {
	t.Helper()
	if err := q.Arrive(context.Background(), "", Call{ID: id}); err != nil {
		t.Fatal(err)
	}
}

func realQueue(t *testing.T, rdb redis.UniversalClient) *Queue {
	t.Helper()
	q, err := New(rdb, Config{})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func snapshot(t *testing.T, q *Queue) Snapshot {
	t.Helper()
	s, err := q.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFollowAfterSnapshot(t *testing.T) {
	q := realQueue(t, queuetest.Open(t))
	arrive(t, q, "c1")
	s := snapshot(t, q)
	arrive(t, q, "c2")
	f, g := follow(t, q, s.After), follow(t, q, s.After)
	for _, f := range []*followed{f, g} {
		e := f.next()
		if e.Type != EventCall || e.Call.ID != "c2" || !Later(e.ID, s.After) || Later(s.After, e.ID) || Later(e.ID, e.ID) {
			t.Errorf("%+v", e)
		}
	}
	again := follow(t, q, snapshot(t, q).After)
	arrive(t, q, "c3")
	if e := again.next(); e.Call.ID != "c3" {
		t.Errorf("%+v", e)
	}
}

func TestFollowEmptyIndex(t *testing.T) {
	q := realQueue(t, queuetest.Open(t))
	f := follow(t, q, snapshot(t, q).After)
	arrive(t, q, "c1")
	if e := f.next(); e.Type != EventCall {
		t.Errorf("%+v", e)
	}
}

// TestFollowNoticesLoss: emptied, or killed and started empty, is told once, and within 300 ms of Redis answering again.
func TestFollowNoticesLoss(t *testing.T) {
	s := queuetest.Start(t)
	rdb := s.Client(t)
	losses := map[string]func() time.Time{
		"flushed": func() time.Time {
			start := time.Now()
			if err := queuetest.Empty(context.Background(), rdb); err != nil {
				t.Fatal(err)
			}
			return start
		},
		"killed": func() time.Time { s.Kill(); s.Restart(t); return time.Now() },
		"away for two seconds": func() time.Time {
			s.Kill()
			<-time.After(2 * time.Second) // the outage itself
			s.Restart(t)
			return time.Now()
		},
	}
	for name, lose := range losses {
		t.Run(name, func(t *testing.T) {
			q := realQueue(t, rdb)
			f := follow(t, q, snapshot(t, q).After)
			var e Event
			// A machine that is busy with something else can make one loss late, so it is late when each of three is.
			for try := 1; ; try++ {
				arrive(t, q, "before")
				f.until(EventCall, "before")
				back := lose()
				e = f.next()
				took := time.Since(back)
				t.Logf("noticed after %v", took)
				if e.Type != EventReset || took > 300*time.Millisecond && try == 3 {
					t.Fatalf("%s after %v", e.Type, took)
				}
				if took <= 300*time.Millisecond {
					break
				}
			}
			fresh := snapshotSoon(t, q)
			if e2 := (Event{ID: fresh.After}); Later(e.ID, e2.ID) {
				t.Errorf("the reset at %s lies after a later snapshot at %s", e.ID, fresh.After)
			}
			arrive(t, q, "after")
			f.none(EventReset, "after")
		})
	}
}

// snapshotSoon waits for the pool of the shared client, which after failed dials refuses for up to a second.
func snapshotSoon(t *testing.T, q *Queue) Snapshot {
	t.Helper()
	for end := time.Now().Add(await); ; {
		s, err := q.Snapshot(context.Background())
		if err == nil {
			return s
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// TestFollowLossBetweenSnapshotAndFollow: a place of another life of the index is a loss.
func TestFollowLossBetweenSnapshotAndFollow(t *testing.T) {
	rdb := queuetest.Open(t)
	q := realQueue(t, rdb)
	arrive(t, q, "c1")
	s := snapshot(t, q)
	if err := queuetest.Empty(context.Background(), rdb); err != nil {
		t.Fatal(err)
	}
	arrive(t, q, "c2")
	f := follow(t, q, s.After)
	if e := f.next(); e.Type != EventReset {
		t.Errorf("%+v", e)
	}
	arrive(t, q, "c3")
	f.none(EventReset, "c3")
}

// TestFollowReconnects: a broken connection or a restart that kept the data is no loss.
func TestFollowReconnects(t *testing.T) {
	s := queuetest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	q := realQueue(t, s.Client(t))
	f := follow(t, q, snapshot(t, q).After)
	arrive(t, q, "c1")
	f.until(EventCall, "c1")
	if err := s.Client(t).Do(context.Background(), "CLIENT", "KILL", "TYPE", "normal").Err(); err != nil {
		t.Fatal(err)
	}
	arrive(t, q, "c2")
	f.none(EventReset, "c2")
	s.Kill()
	s.Restart(t)
	snapshotSoon(t, q)
	arrive(t, q, "c3")
	f.none(EventReset, "c3")
}

// TestFollowOlderFile: Redis comes back with the data of a moment ago, so that places and numbers are given a second time.
func TestFollowOlderFile(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	q := realQueue(t, rdb)
	back := func(n int) {
		t.Helper()
		last, err := rdb.XRevRangeN(ctx, q.key("events"), "+", "-", int64(n)).Result()
		if err != nil {
			t.Fatal(err)
		}
		_, err = rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
			for _, m := range last {
				p.XDel(ctx, q.key("events"), m.ID)
			}
			p.DecrBy(ctx, q.key("seq"), int64(n))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		arrive(t, q, CallID(fmt.Sprint("c", i)))
	}
	again := func() {
		t.Helper()
		if err := q.Arrive(ctx, "same", Call{ID: "again"}); err != nil {
			t.Fatal(err)
		}
	}
	again()
	f := follow(t, q, snapshot(t, q).After)
	back(2)
	if e := f.next(); e.Type != EventReset {
		t.Errorf("quiet: %+v", e)
	}
	if s := snapshot(t, q); len(s.Calls) > 0 {
		t.Errorf("rows of the older file are still there: %+v", s.Calls)
	}
	again() // an answer remembered from before is about rows that are gone
	f.until(EventCall, "again")
	arrive(t, q, "seen")
	f.none(EventReset, "seen")
	after := snapshot(t, q).After
	back(1)
	for i := range 4 {
		arrive(t, q, CallID(fmt.Sprint("d", i)))
	}
	if e := follow(t, q, after).next(); e.Type != EventReset {
		t.Errorf("overwritten: %+v", e)
	}
}

// TestFollowTrimmed: more events than the stream keeps while nobody read.
func TestFollowTrimmed(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	q := realQueue(t, rdb)
	arrive(t, q, "c1")
	s := snapshot(t, q)
	for i := range 10 {
		arrive(t, q, CallID(fmt.Sprint("d", i)))
	}
	if err := rdb.XTrimMaxLen(ctx, q.key("events"), 5).Err(); err != nil {
		t.Fatal(err)
	}
	f := follow(t, q, s.After)
	if e := f.next(); e.Type != EventReset {
		t.Errorf("%+v", e)
	}
	if now := snapshot(t, q); len(now.Calls) != 11 || now.Born != s.Born {
		t.Errorf("a trimmed stream is no loss of rows: %+v", now)
	}
	arrive(t, q, "new")
	f.none(EventReset, "new")
}

func TestStreamIsBounded(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	q := realQueue(t, rdb)
	arrive(t, q, "c1")
	for i := range 21_000 / 100 {
		pipe := rdb.Pipeline()
		for j := range 100 {
			args := []any{q.prefix, "arrive", "", "0", "born", q.conduct.Load().settings, fmt.Sprintf(`{"id":"c1","need":"-","tier":"normal","owner":"%d"}`, i*100+j)}
			arriveScript.lua.EvalSha(ctx, pipe, []string{q.key("calls")}, args...)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if n := rdb.XLen(ctx, q.key("events")).Val(); n < 20_000 || n > 20_200 {
		t.Errorf("%d events are kept", n)
	}
}

func TestFollowEnds(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := queuetest.Start(t)
	q := realQueue(t, s.Client(t))
	arrive(t, q, "c1")
	own := errors.New("own")
	if err := q.Follow(context.Background(), "", func(Event) error { return own }); !errors.Is(err, own) {
		t.Errorf("%v", err)
	}
	for _, after := range []string{"nonsense", "1-1/x/y", "1-1/2", "1-1/-9/z"} {
		if err := q.Follow(context.Background(), after, func(Event) error { return own }); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", after, err)
		}
	}
	s.Kill()
	ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
	defer cancel()
	if err := q.Follow(ctx, "", func(Event) error { return own }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// TestEvents is the table of the facts that each change tells, in order.
func TestEvents(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	tests := []struct {
		name    string
		prepare func(d *desk)
		change  func(d *desk)
		want    []string
	}{
		{"arrive", func(*desk) {}, func(d *desk) { d.greeted("c1", TierNormal, nil) }, []string{"call c1 greeting"}},
		{"arrive again, nothing new", callStates()[CallGreeting], func(d *desk) { d.greeted("c1", TierNormal, nil) }, nil},
		{"enqueue", callStates()[CallGreeting], func(d *desk) { _, _ = d.Enqueue(ctx, d.req(), "c1", false) }, []string{"call c1 waiting"}},
		{"enqueue, offered at once", func(d *desk) { d.available("a1", nil); callStates()[CallGreeting](d) },
			func(d *desk) { _, _ = d.Enqueue(ctx, d.req(), "c1", false) }, []string{"offered c1 a1"}},
		{"ready", func(d *desk) { d.signIn("a1", nil) }, func(d *desk) { d.ready("a1") }, []string{"agent a1 available"}},
		{"ready again", func(d *desk) { d.available("a1", nil) }, func(d *desk) { d.ready("a1") }, nil},
		{"accept", agentStates()[AgentReserved], func(d *desk) { d.accept("a1") }, []string{"offer_ended c1 a1 accepted", "call c1 talking", "agent a1 talking"}},
		{"decline, offered to the next", func(d *desk) { agentStates()[AgentReserved](d); d.available("a2", nil) },
			func(d *desk) { _ = d.Decline(ctx, d.req(), d.agent("a1").Offer, "a1", "s") },
			[]string{"offer_ended c1 a1 declined", "agent a1 not_ready", "offered c1 a2"}},
		{"miss", agentStates()[AgentReserved], func(d *desk) { d.pass(time.Minute); d.sweep() },
			[]string{"offer_ended c1 a1 expired", "call c1 waiting", "agent a1 not_ready"}},
		{"hang-up while ringing, the next is offered", func(d *desk) { agentStates()[AgentReserved](d); d.caller("c2", TierNormal, nil) },
			func(d *desk) { _ = d.End(ctx, d.req(), "c1", EndAbandoned) },
			[]string{"offer_ended c1 a1 withdrawn", "call_gone c1 offered abandoned", "offered c2 a1"}},
		{"end of a talk", agentStates()[AgentTalking], func(d *desk) { _ = d.End(ctx, d.req(), "c1", EndAnswered) },
			[]string{"call_gone c1 talking answered", "agent a1 wrap_up"}},
		{"sign out", agentStates()[AgentReserved], func(d *desk) { _ = d.SignOut(ctx, d.req(), "a1", "s") },
			[]string{"offer_ended c1 a1 declined", "agent_gone a1 offline", "call c1 waiting"}},
		{"a refusal tells nothing", agentStates()[AgentTalking], func(d *desk) { _ = d.SignOut(ctx, d.req(), "a1", "s") }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			tt.prepare(d)
			after := d.snapshot().After
			tt.change(d)
			got := d.happened(after)
			for i := range got {
				got[i] = strings.TrimSpace(got[i])
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
