package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"hotline/queue/queuetest"
)

// TestReplay: each changing script, run again with its request id, answers the same and changes nothing.
func TestReplay(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Start(t).Client(t)
	talking, reserved := agentStates()[AgentTalking], agentStates()[AgentReserved]
	tests := map[string]struct {
		prepare func(d *desk)
		change  func(d *desk, r RequestID) string
	}{
		"arrive":         {func(*desk) {}, func(d *desk, r RequestID) string { return word(d.Arrive(ctx, r, Call{ID: "c1"})) }},
		"enqueue":        {callStates()[CallGreeting], func(d *desk, r RequestID) string { return answer(d.Enqueue(ctx, r, "c1", true)) }},
		"raise":          {talking, func(d *desk, r RequestID) string { return answer(d.Raise(ctx, r, "c1", TierRed, true)) }},
		"accept":         {reserved, func(d *desk, r RequestID) string { return answer(d.Accept(ctx, r, d.offer(), "a1", "s")) }},
		"accept refused": {reserved, func(d *desk, r RequestID) string { return answer(d.Accept(ctx, r, "none", "a1", "s")) }},
		"decline":        {reserved, func(d *desk, r RequestID) string { return word(d.Decline(ctx, r, d.offer(), "a1", "s")) }},
		"mark":           {talking, func(d *desk, r RequestID) string { return word(d.Mark(ctx, r, "c1", CallHeld, "x")) }},
		"end":            {talking, func(d *desk, r RequestID) string { return word(d.End(ctx, r, "c1", EndAnswered)) }},
		"restore": {func(*desk) {}, func(d *desk, r RequestID) string {
			return word(d.Restore(ctx, r, Call{ID: "c1", State: CallWaiting}))
		}},
		"signin":     {func(*desk) {}, func(d *desk, r RequestID) string { return answer(d.SignIn(ctx, r, Agent{ID: "a1", Session: "s"})) }},
		"ready":      {agentStates()[AgentNotReady], func(d *desk, r RequestID) string { return answer(d.Ready(ctx, r, "a1", "s")) }},
		"ready busy": {talking, func(d *desk, r RequestID) string { return answer(d.Ready(ctx, r, "a1", "s")) }},
		"notready":   {agentStates()[AgentAvailable], func(d *desk, r RequestID) string { return answer(d.NotReady(ctx, r, "a1", "s", "meal")) }},
		"away":       {reserved, func(d *desk, r RequestID) string { return word(d.Away(ctx, r, "a1", "s")) }},
		"signout":    {reserved, func(d *desk, r RequestID) string { return word(d.SignOut(ctx, r, "a1", "s")) }},
		"sweep":      {func(d *desk) { reserved(d); d.pass(time.Minute) }, func(d *desk, r RequestID) string { v, err := d.change(ctx, sweepScript, r); return answer(v.N, err) }},
		"restoreagent": {func(*desk) {}, func(d *desk, r RequestID) string {
			return word(d.RestoreAgent(ctx, r, Agent{ID: "a1", State: AgentAvailable}))
		}},
		"order": {func(*desk) {}, func(d *desk, r RequestID) string {
			return word(d.Order(ctx, Command{Req: r, Verb: "hangup", Call: "c1"}))
		}},
		"claim": {func(*desk) {}, func(d *desk, r RequestID) string {
			v, err := d.change(ctx, claimScript, r, "c1", "me", 3, 1000)
			return answer(v.Epoch, err)
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			tt.prepare(d)
			d.rang = d.agent("a1").Offer
			first := tt.change(d, "the-request")
			state := d.dump()
			d.pass(3 * time.Second)
			if again := tt.change(d, "the-request"); again != first {
				t.Errorf("%s, then %s", first, again)
			}
			if now := d.dump(); now != state {
				t.Errorf("changed\n%s\nto\n%s", state, now)
			}
			if ttl := rdb.PTTL(ctx, d.key("req:"+strings.Fields(scriptOf(name))[0]+":the-request")).Val(); ttl <= 0 || ttl > time.Minute {
				t.Errorf("remembered for %v", ttl)
			}
		})
	}
}

func scriptOf(name string) string {
	if name == "restoreagent" {
		return "restore_agent"
	}
	return name
}

// offer is the one that rang when the test began: a replay names the same.
func (d *desk) offer() OfferID { return d.rang }

func (d *desk) dump() string {
	d.t.Helper()
	x, err := queuetest.Read(context.Background(), d.rdb, "site")
	if err != nil {
		d.t.Fatal(err)
	}
	return fmt.Sprintf("%+v commands %d", x, d.rdb.XLen(context.Background(), d.key("commands")).Val())
}

// TestSameRequestOfTwoChanges: a caller may use one request id for each step of one action.
func TestSameRequestOfTwoChanges(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Start(t).Client(t), Config{})
	d.must(d.Arrive(ctx, "same", Call{ID: "c1"}))
	if c, err := d.Enqueue(ctx, "same", "c1", false); err != nil || c.State != CallWaiting {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestGarbage: rows and members that should not be there block nobody.
func TestGarbage(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Start(t).Client(t), Config{})
	add := func(key, member string) {
		if err := d.rdb.ZAdd(ctx, d.key(key), redis.Z{Score: 1, Member: member}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	add("waiting:-", "ghost")
	add("waiting", "-")
	add("idle:-", "ghost")
	add("idle", "-")
	add("idle", "no:1,such:2,bucket:3")
	add("waiting", "no:1")
	add("ringing", "ghost")
	add("wrapping", "ghost")
	add("orphans", "ghost")
	if _, err := d.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	d.caller("c1", TierNormal, nil)
	if a := d.available("a1", nil); a.Call != "c1" {
		t.Errorf("%+v", a)
	}
	// The call's row vanished while it rang, and while it was talked to.
	if err := d.rdb.HDel(ctx, d.key("calls"), "c1").Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Accept(ctx, "", d.mustAgent("a1").Offer, "a1", "s"); !errors.Is(err, ErrOfferGone) {
		t.Errorf("%v", err)
	}
	d.pass(time.Minute)
	if _, err := d.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if a := d.mustAgent("a1"); a.State != AgentNotReady {
		t.Errorf("%+v", a)
	}
	// The agent's row vanished while it rang.
	d.ready("a1")
	d.caller("c2", TierNormal, nil)
	if err := d.rdb.HDel(ctx, d.key("agents"), "a1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := d.End(ctx, "", "c2", EndAbandoned); err != nil {
		t.Fatal(err)
	}
	queuetest.Check(t, d.rdb, "site")
}

func (d *desk) mustAgent(id AgentID) Agent {
	d.t.Helper()
	s, err := d.Snapshot(context.Background())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, a := range s.Agents {
		if a.ID == id {
			return a
		}
	}
	d.t.Fatalf("no agent %s", id)
	return Agent{}
}

func TestInvalidArguments(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Start(t).Client(t), Config{})
	long := strings.Repeat("x", 129)
	for name, err := range map[string]error{
		"no call id":       d.Arrive(ctx, "r", Call{}),
		"long call id":     d.Arrive(ctx, "r", Call{ID: CallID(long)}),
		"space in id":      d.Arrive(ctx, "r", Call{ID: "a b"}),
		"not UTF-8":        d.Arrive(ctx, "r", Call{ID: "a\xff"}),
		"long request":     d.Arrive(ctx, RequestID(long), Call{ID: "c"}),
		"tier":             d.Arrive(ctx, "r", Call{ID: "c", Tier: "vip"}),
		"level 0":          d.Arrive(ctx, "r", Call{ID: "c", Needs: Skills{"crisis": 0}}),
		"level 11":         d.Arrive(ctx, "r", Call{ID: "c", Needs: Skills{"crisis": 11}}),
		"skill with colon": d.Arrive(ctx, "r", Call{ID: "c", Needs: Skills{"a:b": 1}}),
		"restore ended":    d.Restore(ctx, "r", Call{ID: "c", State: "ended"}),
		"restore offline":  d.RestoreAgent(ctx, "r", Agent{ID: "a", State: AgentOffline}),
		"mark waiting":     d.Mark(ctx, "r", "c", CallWaiting, ""),
		"order no verb":    d.Order(ctx, Command{Req: "r", Call: "c"}),
		"raise tier":       second(d.Raise(ctx, "r", "c", "vip", false)),
		"no reason":        second(d.NotReady(ctx, "r", "a", "s", "")),
		"no ttl":           second(d.Claim(ctx, "c", "o", 0, 0)),
	} {
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, cfg := range map[string]Config{
		"site":          {Site: "a}b"},
		"tier":          {HeadStart: map[Tier]time.Duration{"vip": 1}},
		"order":         {HeadStart: map[Tier]time.Duration{TierNuisance: time.Minute}},
		"red not alone": {HeadStart: map[Tier]time.Duration{TierRed: 510 * time.Hour}},
		"ring":          {Ring: time.Millisecond},
		"misses":        {MissLimit: -1},
	} {
		if _, err := New(d.rdb, cfg); !errors.Is(err, ErrInvalid) {
			t.Errorf("config %s: %v", name, err)
		}
	}
}

func second[R any](_ R, err error) error { return err }

// TestRedisAway: every method answers with an error in the time that the client allows, whether Redis is gone or hangs.
func TestRedisAway(t *testing.T) {
	ctx := context.Background()
	s := queuetest.Start(t)
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr, DialTimeout: 200 * time.Millisecond, ReadTimeout: 200 * time.Millisecond, MaxRetries: 1})
	t.Cleanup(func() { _ = rdb.Close() })
	q := realQueue(t, rdb)
	arrive(t, q, "c1")
	methods := map[string]func() error{
		"enqueue":  func() error { return second(q.Enqueue(ctx, "r1", "c1", false)) },
		"ready":    func() error { return second(q.Ready(ctx, "r2", "a1", "s")) },
		"sweep":    func() error { return second(q.Sweep(ctx)) },
		"snapshot": func() error { return second(q.Snapshot(ctx)) },
		"renew":    func() error { return second(q.Renew(ctx, []Lease{{Call: "c1", Owner: "o", Epoch: 1}}, time.Second)) },
		"order":    func() error { return q.Order(ctx, Command{Req: "r3", Verb: "hangup", Call: "c1"}) },
	}
	check := func(t *testing.T) {
		for name, method := range methods {
			start := time.Now()
			if err := method(); err == nil {
				t.Errorf("%s: no error", name)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("%s took %v", name, took)
			}
		}
	}
	t.Run("hangs", func(t *testing.T) { s.Pause(); check(t); s.Resume() })
	t.Run("gone", func(t *testing.T) { s.Kill(); check(t) })
}

// TestRetriesChangeOnce: a connection that breaks after the request makes go-redis send the script again; it must count once.
func TestRetriesChangeOnce(t *testing.T) {
	ctx := context.Background()
	s := queuetest.Start(t)
	direct := s.Client(t)
	var broken sync.Once
	lossy := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: 3, Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		return &lossyConn{Conn: c, broken: &broken}, err
	}})
	t.Cleanup(func() { _ = lossy.Close() })
	q := realQueue(t, lossy)
	if _, err := realQueue(t, direct).Claim(ctx, "warm", "me", 0, time.Minute); err != nil {
		t.Fatal(err) // the script is known to the server now
	}
	l, err := q.Claim(ctx, "c1", "me", 0, time.Minute)
	if err != nil || l.Epoch != 1 {
		t.Errorf("%+v, %v: the claim was counted twice", l, err)
	}
	broken.Do(func() { t.Error("the connection never broke") })
}

// lossyConn loses the first answer that follows a script.
type lossyConn struct {
	net.Conn
	broken *sync.Once
	armed  bool
}

func (c *lossyConn) Write(b []byte) (int, error) {
	c.armed = strings.Contains(strings.ToLower(string(b)), "evalsha")
	return c.Conn.Write(b)
}

func (c *lossyConn) Read(b []byte) (n int, err error) {
	lost := false
	if c.armed {
		c.broken.Do(func() { lost = true })
	}
	n, err = c.Conn.Read(b)
	if lost {
		_ = c.Conn.Close()
		return 0, errors.New("connection reset")
	}
	return n, err
}

// TestConcurrency: eight clients at once, then the index is whole and nobody was promised twice.
func TestConcurrency(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Start(t).Client(t)
	q, err := New(rdb, Config{Ring: time.Second, WrapUp: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	after := snapshot(t, q).After
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(g), 2))
			for range 150 {
				call, agent := CallID(fmt.Sprint("c", rnd.IntN(12))), AgentID(fmt.Sprint("a", rnd.IntN(5)))
				offer := OfferID("none")
				if s, err := q.Snapshot(ctx); err == nil && len(s.Offers) > 0 {
					o := s.Offers[rnd.IntN(len(s.Offers))]
					offer, agent = o.ID, o.Agent
				}
				var err error
				switch rnd.IntN(10) {
				case 0, 1:
					err = q.Arrive(ctx, "", Call{ID: call, Tier: tiers()[rnd.IntN(5)]})
				case 2, 3:
					_, err = q.Enqueue(ctx, "", call, rnd.IntN(2) == 0)
				case 4:
					_, err = q.SignIn(ctx, "", Agent{ID: agent, Session: "s"})
				case 5, 6:
					_, err = q.Ready(ctx, "", agent, "s")
				case 7:
					_, err = q.Accept(ctx, "", offer, agent, "s")
				case 8:
					_, err = q.Sweep(ctx)
				case 9:
					err = q.End(ctx, "", call, EndAnswered)
				}
				if w := word(err); strings.HasPrefix(w, "unexpected") {
					t.Error(w)
				}
			}
		})
	}
	wg.Wait()
	queuetest.Check(t, rdb, "site")
	onePromise(t, q, after)
}

// onePromise reads all events since a place: a call or agent is never in a new offer while in another.
func onePromise(t *testing.T, q *Queue, after string) {
	t.Helper()
	end, stop := snapshot(t, q).After, errors.New("stop")
	open, made := map[string]OfferID{}, 0
	err := q.Follow(context.Background(), after, func(e Event) error {
		switch e.Type {
		case EventOffered:
			made++
			for _, who := range []string{"call " + string(e.Offer.Call), "agent " + string(e.Offer.Agent)} {
				if open[who] != "" {
					t.Errorf("%s in %s and %s", who, open[who], e.Offer.ID)
				}
				open[who] = e.Offer.ID
			}
		case EventOfferEnded:
			delete(open, "call "+string(e.Offer.Call))
			delete(open, "agent "+string(e.Offer.Agent))
		case EventReset:
			t.Error("reset")
		}
		if e.ID == end {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || made == 0 {
		t.Errorf("%v after %d offers", err, made)
	}
}

func TestMetrics(t *testing.T) {
	s := queuetest.Start(t)
	d := newDesk(t, s.Client(t), Config{})
	reg := prometheus.NewPedanticRegistry()
	if err := d.Register(reg); err != nil {
		t.Fatal(err)
	}
	agentStates()[AgentReserved](d)
	offer := d.agent("a1").Offer
	for range 2 { // the second is a replay and must not be counted
		if _, err := d.Accept(t.Context(), "same", offer, "a1", "s"); err != nil {
			t.Fatal(err)
		}
	}
	d.caller("c2", TierRed, nil)
	want := map[string]float64{"hotline_queue_offers_made_total": 1, "hotline_queue_offers_ended_total accepted": 1, "hotline_queue_waiting red": 1, "hotline_queue_waiting normal": 0}
	got := gather(t, reg)
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s = %v, want %v", name, got[name], v)
		}
	}
	s.Kill()
	gather(t, reg) // a scrape without Redis still answers
}

func gather(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			out[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return out
}

// wholeLife runs a call from arrival to end, and a Follow beside it.
func wholeLife(t *testing.T, rdb redis.UniversalClient) {
	t.Helper()
	ctx := t.Context()
	q := realQueue(t, rdb)
	f := follow(t, q, snapshot(t, q).After)
	arrive(t, q, "c1")
	if _, err := q.Enqueue(ctx, "", "c1", false); err != nil {
		t.Fatal(err)
	}
	if _, err := q.SignIn(ctx, "", Agent{ID: "a1", Session: "s"}); err != nil {
		t.Fatal(err)
	}
	a, err := q.Ready(ctx, "", "a1", "s")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Accept(ctx, "", a.Offer, "a1", "s"); err != nil {
		t.Fatal(err)
	}
	if err := q.End(ctx, "", "c1", EndAnswered); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Claim(ctx, "c1", "me", 0, time.Minute); err != nil {
		t.Fatal(err)
	}
	f.until(EventCallGone, "c1")
	queuetest.Check(t, rdb, "site")
}

// TestCluster: every script and reader through a cluster client; all keys of a site lie in one slot.
func TestCluster(t *testing.T) {
	ctx := context.Background()
	s := queuetest.Start(t, "--cluster-enabled", "yes")
	node := s.Client(t)
	if err := node.Do(ctx, "CLUSTER", "ADDSLOTSRANGE", 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(await); !strings.Contains(node.ClusterInfo(ctx).Val(), "cluster_state:ok"); {
		if time.Now().After(end) {
			t.Fatal(node.ClusterInfo(ctx).Val())
		}
	}
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{s.Addr}})
	t.Cleanup(func() { _ = rdb.Close() })
	wholeLife(t, rdb)
	slots := map[int64]bool{}
	for _, key := range node.Keys(ctx, "*").Val() {
		slots[node.ClusterKeySlot(ctx, key).Val()] = true
	}
	if len(slots) != 1 {
		t.Errorf("keys in %d slots", len(slots))
	}
}

// TestSentinel: through a sentinel client, also after the master was killed and started empty.
func TestSentinel(t *testing.T) {
	s := queuetest.Start(t)
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "sentinel.conf")
	sentinel := queuetest.StartSentinel(t, conf, "main", port)
	rdb := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "main", SentinelAddrs: []string{sentinel}})
	t.Cleanup(func() { _ = rdb.Close() })
	wholeLife(t, rdb)
	q := realQueue(t, rdb)
	f := follow(t, q, snapshot(t, q).After)
	arrive(t, q, "c2")
	f.until(EventCall, "c2")
	s.Kill()
	s.Restart(t)
	if e := f.next(); e.Type != EventReset {
		t.Errorf("%+v", e)
	}
}

func FuzzPlace(f *testing.F) {
	for _, seed := range []string{"", "0-0", "1-1/5/abc.1700000000000", "1//", "x/y/z", "18446744073709551615-18446744073709551615/-1/"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		p, err := parsePlace(a)
		if err == nil && strings.Count(a, "/") == 2 {
			if again, err := parsePlace(p.String()); err != nil || again != p {
				t.Errorf("%q: %+v, then %+v, %v", a, p, again, err)
			}
		}
		if Later(a, b) && Later(b, a) {
			pa, errA := parsePlace(a)
			pb, errB := parsePlace(b)
			if errA == nil && errB == nil && pa.born == pb.born {
				t.Errorf("%q and %q are each later than the other", a, b)
			}
		}
	})
}
