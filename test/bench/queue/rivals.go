package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	_ "modernc.org/sqlite" // the database that FreeSWITCH uses by default

	"hotline/queue"
	"hotline/queue/model"
)

// linear is the same decision by a scan over everybody who waits, in process: the oldest whom the agent can serve.
type linear struct {
	arrived []int64
	needs   []queue.Skills
}

func newLinear(n, skills int) *linear {
	l := &linear{}
	for i := range n {
		l.arrived = append(l.arrived, int64(n-i)) // the oldest last, as a scan does not know
		l.needs = append(l.needs, queue.Skills{fmt.Sprintf("skill%d", i%skills): 1})
	}
	return l
}

func (l *linear) decide(has queue.Skills) int {
	best := -1
	for i, at := range l.arrived {
		if (best < 0 || at < l.arrived[best]) && has.Fits(l.needs[i]) {
			best = i
		}
	}
	return best
}

// linearCost is the mean of some decisions.
func linearCost(n, skills int) time.Duration {
	l := newLinear(n, skills)
	turns := max(3, 200_000/n)
	start := time.Now()
	for i := range turns {
		if l.decide(queue.Skills{fmt.Sprintf("skill%d", i%skills): 1}) < 0 {
			return 0
		}
	}
	return time.Since(start) / time.Duration(turns)
}

// callcenter is mod_callcenter's way: at each tick one query for an agent for each caller who waits, in SQLite. It is the work of a tick in
// which one agent of many is free, as the module's thread does it: queries ordered by the callers' places, until all were looked at.
type callcenter struct {
	db     *sql.DB
	agents *sql.Stmt
}

func newCallcenter(ctx context.Context, agents, skills int) (*callcenter, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // a database in memory belongs to its connection
	c := &callcenter{db: db}
	for _, text := range []string{
		`CREATE TABLE agents (name TEXT PRIMARY KEY, status TEXT, state TEXT, last_bridge_end INTEGER, ready_time INTEGER)`,
		`CREATE TABLE tiers (queue TEXT, agent TEXT, state TEXT, level INTEGER, position INTEGER)`,
		`CREATE INDEX tiers_queue ON tiers (queue)`,
	} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	for i := range agents {
		state := "In a queue call"
		if i == 0 {
			state = "Waiting"
		}
		if _, err := db.ExecContext(ctx, `INSERT INTO agents VALUES (?, 'Available', ?, 0, 0)`, agent(i), state); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		if _, err := db.ExecContext(ctx, `INSERT INTO tiers VALUES (?, ?, 'Ready', 1, 1)`, fmt.Sprintf("skill%d", i%skills), agent(i)); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	c.agents, err = db.PrepareContext(ctx, `SELECT a.name, a.status, a.state, t.level, t.position FROM agents a JOIN tiers t ON a.name = t.agent
		WHERE t.queue = ? AND a.status = 'Available' AND a.ready_time <= ? ORDER BY t.level, t.position, a.last_bridge_end`)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return c, nil
}

func (c *callcenter) close() { _ = c.db.Close() }

// query is what one waiting caller costs: every agent of the queue is read until one is free.
func (c *callcenter) query(ctx context.Context, q string) (err error) {
	rows, err := c.agents.QueryContext(ctx, q, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name, status, state string
		var level, position int
		if err := rows.Scan(&name, &status, &state, &level, &position); err != nil {
			return err
		}
		if state == "Waiting" {
			break
		}
	}
	return rows.Err()
}

// tick is the time of one tick with so many callers. More than most are not asked for but reckoned; then whole is false.
func (c *callcenter) tick(ctx context.Context, callers, skills int) (took time.Duration, whole bool, err error) {
	const most = 2000
	n := min(callers, most)
	start := time.Now()
	for i := range n {
		if err := c.query(ctx, fmt.Sprintf("skill%d", i%skills)); err != nil {
			return 0, false, err
		}
	}
	took = time.Since(start)
	return time.Duration(float64(took) * float64(callers) / float64(n)), n == callers, nil
}

// modelCost is the decision of package queue/model: the rules as a pure value, which looks at everybody on purpose, since its office is to
// prove the scripts and not to be quick.
func modelCost(n, skills int) (time.Duration, error) {
	m, err := model.New(queue.Config{Ring: time.Hour})
	if err != nil {
		return 0, err
	}
	now := time.Now()
	m.Begin(now.Add(-time.Hour))
	needs := func(i int) queue.Skills { return queue.Skills{fmt.Sprintf("skill%d", i%skills): 1} }
	for i := range n {
		c := queue.Call{ID: caller(i), Line: "12355", State: queue.CallWaiting, Needs: needs(i), Arrived: now}
		if err := m.Do(now, model.Op{Verb: model.Restore, Req: queue.RequestID(fmt.Sprint("c", i)), Call: c}); err != nil {
			return 0, err
		}
	}
	now = now.Add(10 * time.Second) // restored callers have gathered
	if err := m.Do(now, model.Op{Verb: model.Sweep}); err != nil {
		return 0, err
	}
	a := queue.Agent{ID: agent(0), Session: session, Console: "bench", Skills: needs(0)}
	if err := m.Do(now, model.Op{Verb: model.SignIn, Req: "in", Agent: a}); err != nil {
		return 0, err
	}
	turns := max(3, 20_000/n)
	var took time.Duration
	for i := range turns {
		start := time.Now()
		if err := m.Do(now, model.Op{Verb: model.Ready, Req: queue.RequestID(fmt.Sprint("r", i)), Agent: a}); err != nil {
			return 0, err
		}
		took += time.Since(start)
		if len(m.Made) != 1 {
			return 0, errNoOffer
		}
		o := m.Made[0]
		if err := m.Do(now, model.Op{Verb: model.Decline, Req: queue.RequestID(fmt.Sprint("d", i)), Agent: a, Fence: o.Fence}); err != nil {
			return 0, err
		}
	}
	return took / time.Duration(turns), nil
}
