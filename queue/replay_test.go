package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"hotline/queue/queuetest"
)

// TestReplay: each changing script, run again with its request id, answers the same and changes nothing.
func TestReplay(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	talking, reserved := agentStates()[AgentTalking], agentStates()[AgentReserved]
	tests := map[string]struct { // by script, then what is special
		prepare func(d *desk)
		change  func(d *desk, r RequestID) string
	}{
		"arrive":  {func(*desk) {}, func(d *desk, r RequestID) string { return word(d.Arrive(ctx, r, Call{ID: "c1"})) }},
		"enqueue": {callStates()[CallGreeting], func(d *desk, r RequestID) string { return answer(d.Enqueue(ctx, r, "c1", true)) }},
		"raise":   {talking, func(d *desk, r RequestID) string { return answer(d.Raise(ctx, r, "c1", TierRed, true)) }},
		"require": {callStates()[CallWaiting], func(d *desk, r RequestID) string {
			return answer(d.Require(ctx, r, "c1", Terms{Needs: Skills{"x": 2}, Groups: 1}))
		}},
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
		"hold":       {agentStates()[AgentAvailable], func(d *desk, r RequestID) string { return answer(d.Hold(ctx, r, "a1", time.Minute)) }},
		"notready":   {agentStates()[AgentAvailable], func(d *desk, r RequestID) string { return answer(d.NotReady(ctx, r, "a1", "s", "meal")) }},
		"away":       {reserved, func(d *desk, r RequestID) string { return word(d.Away(ctx, r, "a1", "s")) }},
		"signout":    {reserved, func(d *desk, r RequestID) string { return word(d.SignOut(ctx, r, "a1", "s")) }},
		"sweep":      {func(d *desk) { reserved(d); d.pass(time.Minute) }, func(d *desk, r RequestID) string { v, err := d.change(ctx, sweepScript, r); return answer(v.N, err) }},
		"restore_agent": {func(*desk) {}, func(d *desk, r RequestID) string {
			return word(d.RestoreAgent(ctx, r, Agent{ID: "a1", State: AgentAvailable}))
		}},
		"order": {func(*desk) {}, func(d *desk, r RequestID) string {
			return word(d.Order(ctx, Command{Req: r, Verb: "hangup", Call: "c1"}))
		}},
		"assist":    {besideTalk, func(d *desk, r RequestID) string { return answer(d.Assist(ctx, r, "c1", "a2")) }},
		"endassist": {assisting, func(d *desk, r RequestID) string { return answer(d.EndAssist(ctx, r, "c1", "a2")) }},
		"parties": {talking, func(d *desk, r RequestID) string {
			return word(d.SetParties(ctx, r, "c1", []Party{{Agent: "a2", Role: PartyConsult, State: PartyIn, Since: d.time()}}, Pause{}))
		}},
		"transfer": {assisting, func(d *desk, r RequestID) string { return answer(d.Transfer(ctx, r, "c1", "a1", "a2")) }},
		"requeue":  {besideTalk, func(d *desk, r RequestID) string { return answer(d.Requeue(ctx, r, "c1", "a1", "a2")) }},
		"assign": {func(d *desk) { callStates()[CallWaiting](d); d.signIn("a1", nil) }, func(d *desk, r RequestID) string {
			return answer(d.Assign(ctx, r, "c1", "a1", "boss"))
		}},
		"moveup": {func(d *desk) { d.caller("c0", TierNormal, nil); d.pass(1); d.caller("c1", TierNormal, nil) }, func(d *desk, r RequestID) string {
			return answer(d.MoveUp(ctx, r, "c1", "boss"))
		}},
		"force":  {agentStates()[AgentNotReady], func(d *desk, r RequestID) string { return answer(d.Force(ctx, r, "a1", AgentAvailable, "boss")) }},
		"sos":    {talking, func(d *desk, r RequestID) string { return answer(d.SOS(ctx, r, "a1", "s", "c1")) }},
		"acksos": {calledForHelp, func(d *desk, r RequestID) string { return answer(d.AckSOS(ctx, r, "a1", "boss")) }},
		"endsos": {calledForHelp, func(d *desk, r RequestID) string { return answer(d.EndSOS(ctx, r, "a1", "boss")) }},
		"assess": {talking, func(d *desk, r RequestID) string {
			return answer(d.Assess(ctx, r, "c1", Risk{Tier: TierRed, Level: LevelHigh, By: "a1", At: d.time()}))
		}},
		"open":    {redTalk, func(d *desk, r RequestID) string { return answer(d.Open(ctx, r, "c1", "a1")) }},
		"reclaim": {opened, func(d *desk, r RequestID) string { return answer(d.Reclaim(ctx, r, "c1", "a1")) }},
		"keep":    {redTalk, func(d *desk, r RequestID) string { return answer(d.Keep(ctx, r, "c1", "a1", time.Minute)) }},
		"unkeep":  {cutOff, func(d *desk, r RequestID) string { return answer(d.Unkeep(ctx, r, "a1", "s")) }},
		"filed":   {redTalk, func(d *desk, r RequestID) string { return word(d.Filed(ctx, r, "c1", "a1")) }},
		"lead":    {talking, func(d *desk, r RequestID) string { return answer(d.Lead(ctx, r, "a1", "s", true)) }},
		"extend":  {agentStates()[AgentWrapUp], func(d *desk, r RequestID) string { return answer(d.ExtendWrapUp(ctx, r, "a1", "s", time.Minute)) }},
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
			if ttl := rdb.PTTL(ctx, d.key("req:"+strings.Fields(name)[0]+":the-request")).Val(); ttl <= 0 || ttl > time.Minute {
				t.Errorf("remembered for %v", ttl)
			}
		})
	}
}

// TestReplayByNature: the scripts without a request id, run twice, leave what they left once.
func TestReplayByNature(t *testing.T) {
	ctx := context.Background()
	rdb := queuetest.Open(t)
	tests := map[string]func(d *desk) error{
		"renew": func(d *desk) error {
			return second(d.Renew(ctx, []Lease{{Call: "c1", Owner: "me", Epoch: 1}}, time.Second))
		},
		"release": func(d *desk) error { return d.Release(ctx, Lease{Call: "c1", Owner: "me", Epoch: 1}) },
		"attend": func(d *desk) error {
			return second(d.Attend(ctx, Peer{Owner: "me", Life: "1", Load: 2}, time.Second, true))
		},
		"adopt": func(d *desk) error {
			return d.Adopt(ctx, Peer{Owner: "dead", Life: "1"}, Peer{Owner: "me", Life: "1"})
		},
		"depart": func(d *desk) error {
			err := d.Depart(ctx, Peer{Owner: "me", Life: "1"})
			if errors.Is(err, ErrFenced) {
				return nil // gone already
			}
			return err
		},
		"rebirth": func(d *desk) error {
			_, err := d.rawOn(ctx, d.Queue.rdb, rebirthScript, "", d.born, "9999999999999-0", 1<<40)
			return err
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, rdb, Config{})
			d.caller("c1", TierNormal, nil)
			d.born = d.snapshot().Born
			for _, err := range []error{
				second(d.Claim(ctx, "c1", "me", 0, time.Second)), second(d.Attend(ctx, Peer{Owner: "me", Life: "1"}, time.Minute, true)),
				second(d.Attend(ctx, Peer{Owner: "dead", Life: "1"}, time.Millisecond, true)),
			} {
				d.must(err)
			}
			d.pass(time.Second / 2)
			before := d.everything()
			if err := change(d); err != nil {
				t.Fatal(err)
			}
			once := d.everything()
			if err := change(d); err != nil {
				t.Fatal(err)
			}
			if twice := d.everything(); twice != once || once == before {
				t.Errorf("before\n%s\nonce\n%s\ntwice\n%s", before, once, twice)
			}
		})
	}
}

// TestReplaysAreComplete: every script that changes something has its row in one of the two tables above.
func TestReplaysAreComplete(t *testing.T) {
	shared := []string{"prelude", "places", "agents", "beside", "explain", "routing"}
	reading := []string{"snapshot", "position", "leases", "outlook", "base"}
	source, err := os.ReadFile("replay_test.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := luaFiles.ReadDir("lua")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".lua")
		row := regexp.MustCompile(`(?m)^\t\t"` + name + `"?[ "].*func\(`)
		if known := slices.Contains(shared, name) || slices.Contains(reading, name); known == row.Match(source) {
			t.Errorf("%s: a row of TestReplay or TestReplayByNature, or a word here that it changes nothing", name)
		}
	}
}

// everything is all that Redis holds of the site.
func (d *desk) everything() string {
	d.t.Helper()
	text, err := d.rdb.Eval(context.Background(), `
		local out = {}
		for _, key in ipairs(redis.call('KEYS', '*')) do
			local kind = redis.call('TYPE', key).ok
			local value = kind == 'hash' and redis.call('HGETALL', key) or kind == 'zset' and redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
				or kind == 'string' and {redis.call('GET', key)} or kind == 'stream' and {redis.call('XLEN', key)} or redis.call('LRANGE', key, 0, -1)
			table.sort(value)
			out[#out + 1] = key .. ' ' .. table.concat(value, ' ')
		end
		table.sort(out)
		return table.concat(out, '\n')`, []string{d.key("calls")}).Text()
	if err != nil {
		d.t.Fatal(err)
	}
	words := strings.Fields(text)
	for i, w := range words { // Lua writes the fields of a row in any order
		var row map[string]any
		if json.Unmarshal([]byte(w), &row) == nil {
			sorted, err := json.Marshal(row)
			if err != nil {
				d.t.Fatal(err)
			}
			words[i] = string(sorted)
		}
	}
	slices.Sort(words)
	return strings.Join(words, "\n")
}

// offer is the one that rang when the test began: a replay names the same.
func (d *desk) offer() OfferID { return d.rang }

func (d *desk) dump() string {
	d.t.Helper()
	x, err := queuetest.Read(context.Background(), d.rdb, "site")
	if err != nil {
		d.t.Fatal(err)
	}
	text, err := json.Marshal(x)
	if err != nil {
		d.t.Fatal(err)
	}
	return fmt.Sprintf("%s commands %d", text, d.rdb.XLen(context.Background(), d.key("commands")).Val())
}

// TestSameRequestOfTwoChanges: a caller may use one request id for each step of one action.
func TestSameRequestOfTwoChanges(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t, queuetest.Open(t), Config{})
	d.must(d.Arrive(ctx, "same", Call{ID: "c1"}))
	if c, err := d.Enqueue(ctx, "same", "c1", false); err != nil || c.State != CallWaiting {
		t.Errorf("%+v, %v", c, err)
	}
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
