package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"hotline/queue"
	"hotline/storage"
	"hotline/test/stage"
)

const redisPort = 3 // of an instance's block, see cmd/hotline

// floor is a busy site made of rows. The controller is stopped: it would take out calls that no channel has.
type floor struct {
	house *stage.Stage
	rdb   *redis.Client
	q     *queue.Queue
	db    *storage.DB
	began time.Time
	made  int
}

func newFloor(ctx context.Context, house *stage.Stage) (*floor, error) {
	password, err := os.ReadFile(filepath.Join(house.Dir, "secrets", "redis-password"))
	if err != nil {
		return nil, err
	}
	f := &floor{house: house, began: time.Now()}
	f.rdb = redis.NewClient(&redis.Options{
		Addr: fmt.Sprintf("127.0.0.1:%d", house.Base+redisPort), Password: strings.TrimSpace(string(password)), MaxRetries: -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	if f.q, err = queue.New(f.rdb, queue.Config{Site: "demo"}); err != nil {
		return nil, err
	}
	if f.db, err = storage.Open(ctx, storage.Config{URL: "sqlite:" + filepath.Join(house.Dir, "data", "hotline.db")}); err != nil {
		return nil, err
	}
	for _, role := range []string{"controller", "worker"} {
		if _, err := house.Signal(role, syscall.SIGSTOP); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// close lets the stopped processes go on, so that they can end.
func (f *floor) close() error {
	var errs []error
	for _, role := range []string{"controller", "worker"} {
		_, err := f.house.Signal(role, syscall.SIGCONT)
		errs = append(errs, err)
	}
	return errors.Join(append(errs, f.rdb.Close(), f.db.Close())...)
}

var (
	surnames = []rune("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张")
	given    = []string{"晓梅", "志强", "雨晴", "建国", "思远", "文静", "海燕", "子涵", "明轩", "若兰", "永康", "佳怡", "春生", "静怡", "一帆", "嘉宁"}
	lineIDs  = []string{"12345", "12355", "12356"}
	skills   = []string{"mandarin", "english", "youth", "crisis", "cantonese"}
)

func person(i int) queue.AgentID { return queue.AgentID(fmt.Sprintf("u-%026d", i)) }

// state of person i: what a busy evening has.
func (f *floor) person(i int) queue.Agent {
	a := queue.Agent{
		ID: person(i), Session: "s", Console: "elsewhere", State: queue.AgentAvailable, Since: f.began.Add(-time.Duration(i%1500) * time.Second),
		Skills: queue.Skills{skills[i%5]: 1 + i%10, skills[(i+2)%5]: 1 + i%7},
	}
	switch {
	case i < talks:
		a.State, a.Call = queue.AgentTalking, talk(i)
	case i < talks+40:
		a.State, a.Until = queue.AgentWrapUp, f.began.Add(time.Duration(60+i)*time.Second)
	case i < talks+200:
		a.State, a.Reason = queue.AgentNotReady, []string{"break", "meal", "training", "meeting", queue.ReasonNoAnswer, queue.ReasonForced}[i%6]
	}
	if i%9 == 0 {
		a.Reds = []time.Time{f.began.Add(-20 * time.Minute)}
	}
	return a
}

func talk(i int) queue.CallID { return queue.CallID(fmt.Sprintf("01J%023d", i)) }

// caller waits for a skill that nobody has, so that nothing of what is measured changes by itself.
func (f *floor) caller(i int) queue.Call {
	c := queue.Call{
		ID: queue.CallID(ulid.Make().String()), Line: queue.LineID(lineIDs[i%3]), Node: "node-1", Owner: "elsewhere", State: queue.CallWaiting, Tier: queue.TierNormal,
		Needs: queue.Skills{"tibetan": 5}, Arrived: time.Now().Add(-time.Duration(i) * 2 * time.Second), History: i % 4,
	}
	switch {
	case i%40 == 7:
		c.Tier, c.Danger = queue.TierRed, true
	case i%17 == 3:
		c.Tier = queue.TierReturning
	case i%13 == 2:
		c.Tier = queue.TierFollowUp
	case i%50 == 11:
		c.Tier = queue.TierNuisance
	}
	return c
}

func (f *floor) talk(i int) queue.Call {
	c := queue.Call{
		ID: talk(i), Line: queue.LineID(lineIDs[i%3]), Node: "node-1", Owner: "elsewhere", State: queue.CallTalking, Tier: queue.TierNormal, Agent: person(i),
		Arrived: f.began.Add(-time.Duration(40+i*11) * time.Second), Talked: f.began.Add(-time.Duration(30+i*11) * time.Second),
	}
	if i%21 == 4 {
		c.Tier, c.Danger = queue.TierRed, i%2 == 0
	}
	if i%23 == 5 {
		c.State, c.Hold = queue.CallHeld, queue.HoldByAgent
	}
	return c
}

func (f *floor) fill(ctx context.Context) error {
	if err := f.past(ctx); err != nil {
		return err
	}
	for i := range people {
		if err := f.q.RestoreAgent(ctx, "", f.person(i)); err != nil {
			return err
		}
	}
	for i := range talks {
		if err := f.q.Restore(ctx, "", f.talk(i)); err != nil {
			return err
		}
	}
	for i := range waiting {
		if err := f.q.Restore(ctx, "", f.caller(i)); err != nil {
			return err
		}
	}
	return nil
}

// past are the names of the people, and what came of the calls of the last thirty days.
func (f *floor) past(ctx context.Context) error {
	return f.db.InTx(ctx, func(tx *storage.Tx) error {
		for i := range people {
			name := string(surnames[i%len(surnames)]) + given[(i/7)%len(given)]
			_, err := tx.Exec(ctx, `INSERT INTO users (id, username, name, role, password, skills, locale, disabled, created_at) VALUES (?,?,?,'agent','','{}','zh-CN',?,?)`,
				string(person(i)), fmt.Sprintf("person%d", i), name, true, storage.Millis(f.began))
			if err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, pastCalls, storage.Millis(f.began))
		return err
	})
}

const pastCalls = `INSERT INTO calls (id, line, dialled, node, tier, agent, danger, arrived_ms, queued_ms, offered_ms, talked_ms, ended_ms, wait_ms, talk_ms, outcome,
		ended_by, q850, caller_ref, caller_sealed, followed_ms)
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
	SELECT 'past' || i, CASE WHEN i % 5 < 2 THEN '12345' WHEN i % 5 < 4 THEN '12355' ELSE '12356' END, '12355', 'node-1', 'normal', '', FALSE,
		at, at, at, CASE WHEN i % 41 = 0 THEN 0 ELSE at + CASE WHEN i % 33 = 0 THEN 22000 ELSE 2000 + (i * 7919) % 12000 END END,
		at + 900000, 9, CASE WHEN i % 41 = 0 THEN 0 ELSE 300000 + (i * 104729) % 1500000 END,
		CASE WHEN i % 41 = 0 THEN 'abandoned' ELSE 'answered' END, 'caller', 16, '', NULL, 1
	FROM (SELECT i, ? - 1000000 - CAST(i * 86400 AS BIGINT) - CAST((i * 31337) % 86000 AS BIGINT) AS at FROM n) AS past`

// change makes changes at the rate until ctx ends, of the kinds that a floor has, and returns how many.
func (f *floor) change(ctx context.Context) (int, error) {
	tick := time.NewTicker(time.Second / rate)
	defer tick.Stop()
	var last queue.CallID
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return n, nil
		case <-tick.C:
		}
		i := talks + 40 + (n*37)%(people-talks-40)
		var err error
		switch n % 4 {
		case 0:
			_, err = f.q.NotReady(ctx, "", person(i), "s", "break")
		case 1:
			_, err = f.q.Ready(ctx, "", person(talks+40+((n-1)*37)%(people-talks-40)), "s")
		case 2:
			c := f.caller(n)
			last, err = c.ID, f.q.Restore(ctx, "", c)
		case 3:
			err = f.q.End(ctx, "", last, queue.EndAbandoned)
		}
		if err != nil && ctx.Err() == nil {
			return n, err
		}
	}
}

// arrive lets one more caller wait.
func (f *floor) arrive(ctx context.Context) error {
	f.made++
	return f.q.Restore(ctx, "", f.caller(100+f.made))
}
