package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sys/unix"

	"hotline/queue"
)

// clients is how many ask at once where throughput is measured.
const clients = 50

// bare is a reserve and nothing else, six commands: the head of the waiting, its row, its move to the reserved, the agent's row, the lease, the
// event. It decides nothing about skills, keeps no order of agents, remembers no request, and tells nobody what it did.
//
// KEYS[1] waiting, ARGV[1] agent, ARGV[2] now. Returns the call.
var bare = redis.NewScript(`
local id = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
local row = redis.call('HGET', '{bare}:calls', id)
redis.call('ZADD', KEYS[1], ARGV[2], id)
redis.call('HSET', '{bare}:agents', ARGV[1], row)
redis.call('ZADD', '{bare}:ringing', ARGV[2], id)
redis.call('XADD', '{bare}:events', 'MAXLEN', '~', 20000, '*', 'e', row)
return id`)

// fillBare lets callers wait for the bare reserve.
func fillBare(ctx context.Context, rdb *redis.Client, n int) error {
	for from := 0; from < n; from += 1000 {
		pipe := rdb.Pipeline()
		for i := from; i < min(n, from+1000); i++ {
			id := string(caller(i))
			pipe.ZAdd(ctx, "{bare}:waiting", redis.Z{Score: float64(i), Member: id})
			pipe.HSet(ctx, "{bare}:calls", id, fmt.Sprintf(`{"id":"%s","line":"12355","node":"node-1","owner":"bench","state":"waiting","tier":"normal","need":"skill1:1","arrived":1700000000000,"since":1700000000000}`, id))
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return err
		}
	}
	return bare.Load(ctx, rdb).Err()
}

// bareRate is how many bare reserves a second the clients get.
func bareRate(ctx context.Context, rdb *redis.Client, n int) (float64, error) {
	start := time.Now()
	err := each(n, clients, func(i int) error {
		return bare.Run(ctx, rdb, []string{"{bare}:waiting"}, string(agent(i%5000)), time.Now().UnixMilli()).Err()
	})
	return float64(n) / time.Since(start).Seconds(), err
}

// readyRate is how many decisions a second they get: n agents become free, each is promised a caller.
func (w *world) readyRate(ctx context.Context, n int) (float64, error) {
	offers := make([]queue.OfferID, n)
	start := time.Now()
	err := each(n, clients, func(i int) error {
		var err error
		offers[i], err = w.ready(ctx, i)
		return err
	})
	took := time.Since(start)
	if err != nil {
		return 0, err
	}
	return float64(n) / took.Seconds(), each(n, clients, func(i int) error { return w.decline(ctx, i, offers[i]) })
}

// turn is a whole turn of an agent and of the callers: a decision, an answer, an end, and a new caller. It tells how long each script took.
func (w *world) turn(ctx context.Context, i int, newcomer int, told func(time.Duration, bool)) error {
	timed := func(decision bool, f func() error) error {
		start := time.Now()
		err := f()
		told(time.Since(start), decision)
		return err
	}
	var o queue.OfferID
	var c queue.Call
	steps := []func() error{
		func() (err error) { o, err = w.ready(ctx, i); return },
		func() (err error) { c, err = w.q.Accept(ctx, "", o, agent(i), session); return },
		func() error { return w.q.End(ctx, "", c.ID, queue.EndAnswered) },
		func() error { return w.q.Arrive(ctx, "", w.newcomer(newcomer)) },
		func() error { _, err := w.q.Enqueue(ctx, "", caller(newcomer), false); return err },
	}
	for n, step := range steps {
		if err := timed(n == 0, step); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) newcomer(i int) queue.Call {
	return queue.Call{ID: caller(i), Line: "12355", Node: "node-1", Owner: "bench", Needs: w.needs(i), Arrived: time.Now()}
}

// turnRate is how many turns a second the clients get.
func (w *world) turnRate(ctx context.Context, n int) (float64, error) {
	first := w.made
	w.made += n
	start := time.Now()
	err := each(n, clients, func(i int) error {
		return w.turn(ctx, i%w.agents, first+i, func(time.Duration, bool) {})
	})
	return float64(n) / time.Since(start).Seconds(), err
}

// loaded is how long scripts took under an open load: turns begin at their time, whatever the others do.
type loaded struct {
	rate                     float64 // turns a second
	late                     time.Duration
	decision, script         time.Duration // p99
	decisionP50, decisionTop time.Duration
}

// openLoop begins turns at a rate for some time.
func (w *world) openLoop(ctx context.Context, rate float64, long time.Duration) (loaded, error) {
	n := int(rate * long.Seconds())
	first := w.made
	w.made += n
	var mu sync.Mutex
	var decisions, scripts, lates []time.Duration
	var failed error
	var all sync.WaitGroup
	free := make(chan int, w.agents)
	for i := range w.agents {
		free <- i
	}
	// The kernel's clock on a thread of its own: Go's timers wake up to a millisecond late when little else happens.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.NumCPU() + 1)) // the sleeper holds a processor of the scheduler's
	began := time.Now()
	for k := range n {
		due := began.Add(time.Duration(float64(k) / rate * float64(time.Second)))
		for wait := time.Until(due); wait > 0 && ctx.Err() == nil; wait = time.Until(due) {
			pause := unix.NsecToTimespec(wait.Nanoseconds())
			_ = unix.Nanosleep(&pause, nil) // a signal ends it early; then the rest is waited for
		}
		if ctx.Err() != nil {
			return loaded{}, ctx.Err()
		}
		i := <-free
		all.Go(func() {
			late := time.Since(due)
			err := w.turn(ctx, i, first+k, func(d time.Duration, decision bool) {
				mu.Lock()
				defer mu.Unlock()
				scripts = append(scripts, d)
				if decision {
					decisions = append(decisions, d+late)
					lates = append(lates, late)
				}
			})
			if err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
			free <- i
		})
	}
	all.Wait()
	l := loaded{rate: float64(n) / time.Since(began).Seconds(), late: quantile(lates, 99), decision: quantile(decisions, 99), script: quantile(scripts, 99)}
	l.decisionP50, l.decisionTop = quantile(decisions, 50), quantile(decisions, 100)
	return l, failed
}

// quantile sorts and picks; 100 is the last.
func quantile(all []time.Duration, percent int) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(len(all)-1, len(all)*percent/100)]
}
