package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"hotline/agentui/users"
	"hotline/queue"
	"hotline/test/robots"
	"hotline/test/stage"
)

// site is a whole instance, with the people of the benchmark signed in.
type site struct {
	stage *stage.Stage
	rdb   *redis.Client
	queue *queue.Queue
	pages *pages
	slow  *http.Cookie // of the supervisor who reads nothing
	floor *floor
}

// open starts the instance and signs everybody in: hashing passwords is slow on purpose and no part of what is measured.
func open(ctx context.Context, o options, dir string) (*site, error) {
	binary, err := stage.Build(ctx, dir)
	if err != nil {
		return nil, err
	}
	st, err := stage.Open(binary, filepath.Join(dir, "instance"))
	if err != nil {
		return nil, err
	}
	s := &site{stage: st}
	if err := st.Speak(); err != nil {
		return s, err
	}
	if err := st.Start(ctx); err != nil {
		return s, fmt.Errorf("%w\n%s", err, st.Story(20))
	}
	const redisPort = 3 // after the base, docs/operations.md
	password, err := os.ReadFile(filepath.Join(st.Dir, "secrets", "redis-password"))
	if err != nil {
		return s, err
	}
	s.rdb = redis.NewClient(&redis.Options{Password: strings.TrimSpace(string(password)), Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(st.Port(redisPort)))})
	if s.queue, err = queue.New(s.rdb, queue.Config{Site: "demo"}); err != nil {
		return s, err
	}
	table := newTable()
	s.pages = &pages{server: st.Demo.Console, table: table}
	s.floor = &floor{q: s.queue, table: table}
	return s, s.people(ctx, o)
}

// people makes the accounts and signs them in.
func (s *site) people(ctx context.Context, o options) error {
	skills := queue.Skills{"mandarin": 5, "youth": 5, "crisis": 5}
	counsellors, err := s.stage.Hire(ctx, o.pages-o.boards, skills)
	if err != nil {
		return err
	}
	supervisors, err := s.stage.HireAs(ctx, users.Supervisor, "lead", o.boards+1, nil)
	if err != nil {
		return err
	}
	cookies := make([]*http.Cookie, o.pages+1)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, u := range append(supervisors, counsellors...) {
		g.Go(func() (err error) {
			cookies[i], err = robots.SignIn(gctx, s.pages.server, i, robots.Account{Name: u.Name, Password: u.Password})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	s.slow = cookies[0]
	for i, c := range cookies[1:] {
		s.pages.all = append(s.pages.all, &page{n: i + 1, viewer: i < o.boards, path: "/ws", cookie: c, seen: map[int]int64{}})
	}
	// Hashing has left its memory in the process: the measuring begins with a fresh one. Sign-ins outlive it.
	pid, err := s.stage.Signal("console", syscall.SIGTERM)
	if err != nil {
		return err
	}
	if err := s.stage.AwaitRestart(ctx, "console", pid, 30*time.Second); err != nil {
		return err
	}
	return stage.Poll(ctx, 30*time.Second, func() bool { return s.stage.Ready() == nil })
}

// staff waits until the index knows every counsellor, and lets some of them talk.
func (s *site) staff(ctx context.Context, counsellors, talking int) error {
	var agents []queue.AgentID
	var last error
	err := stage.Poll(ctx, 30*time.Second, func() bool {
		snap, err := s.queue.Snapshot(ctx)
		if last = err; err != nil {
			return false
		}
		agents = agents[:0]
		for _, a := range snap.Agents {
			agents = append(agents, a.ID)
		}
		return len(agents) >= counsellors
	})
	if err != nil {
		return fmt.Errorf("%d of %d counsellors are in the index: %w", len(agents), counsellors, errors.Join(err, last))
	}
	s.floor.agents = agents[:talking]
	return s.floor.fill(ctx)
}

// rss is the resident memory of the console in kB.
func (s *site) rss() (int, error) {
	pid, err := s.stage.PID("console")
	if err != nil {
		return 0, err
	}
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(l, "VmRSS:"); ok {
			return strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
		}
	}
	return 0, fmt.Errorf("no VmRSS of %d", pid)
}

func (s *site) close() error {
	if s.pages != nil {
		s.pages.close()
	}
	if s.rdb != nil {
		_ = s.rdb.Close()
	}
	return s.stage.Stop()
}
