package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"hotline/queue"
	"hotline/test/bench/load"
	"hotline/test/robots"
	"hotline/test/stage"
)

// hotline is ours: `hotline up` with everything it has, and robots for counsellors.
type hotline struct {
	dir, binary string
	agents      int
	diary       *diary
	log         *slog.Logger
	config      string // file of further settings, or ""

	stage  *stage.Stage
	people []robots.Account
	fleet  *robots.Fleet
	known  map[string]bool // rows of the ledger of earlier passes
}

func (h *hotline) name() string { return "hotline" }

func (h *hotline) server() (string, string) { return h.stage.Demo.SIP, lineMany }

// processes are those of the instance; the robots are in our own.
func (h *hotline) processes() map[string]int {
	all := map[string]int{}
	for _, role := range h.stage.Roles() {
		if pid, err := h.stage.PID(role); err == nil {
			all[role] = pid
		}
	}
	return all
}

// open makes the folder, with prompts that are tones; the greeting is as long as app_queue's.
func (h *hotline) open() error {
	var args []string
	if h.config != "" {
		args = append(args, "--config", h.config)
	}
	s, err := stage.Open(h.binary, h.dir, args...)
	if err != nil {
		return err
	}
	h.stage = s
	if err := s.Speak(); err != nil {
		return err
	}
	for _, line := range []string{lineMany, lineFew} {
		if err := s.Say("greeting-"+line, stage.ToneGreeting, greeting); err != nil {
			return err
		}
	}
	return nil
}

func (h *hotline) start(ctx context.Context) error {
	if err := h.open(); err != nil {
		return err
	}
	if err := h.stage.Start(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, h.stage.Story(20))
	}
	if h.people == nil {
		users, err := h.stage.Hire(ctx, h.agents, queue.Skills{"mandarin": 5, "youth": 5, "crisis": 5})
		if err != nil {
			return err
		}
		for _, u := range users {
			h.people = append(h.people, robots.Account{Name: u.Name, Password: u.Password})
		}
	}
	var err error
	h.fleet, err = robots.Open(ctx, robots.Config{
		Console: h.stage.Demo.Console, Voice: load.AgentSpeech, Hears: load.CallerIn, Watch: h.diary.note, Log: h.log,
	}, h.people)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, h.stage.Story(20))
	}
	rows, err := h.ledger(ctx)
	h.known = map[string]bool{}
	for _, r := range rows {
		h.known[r.ID] = true
	}
	return err
}

func (h *hotline) stop() error {
	if h.fleet != nil {
		h.fleet.Close()
	}
	if h.stage == nil {
		return nil
	}
	// What roles wrote stays with the pass that it is of.
	logs := filepath.Join(h.dir, "log")
	err := h.stage.Stop()
	_ = os.Rename(logs, fmt.Sprintf("%s-%s", logs, time.Now().Format("150405")))
	return err
}

func (h *hotline) staff(ctx context.Context, n int, speak bool) error {
	h.fleet.Mute(!speak)
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	return h.fleet.Ready(ctx, n)
}

func (h *hotline) ledger(ctx context.Context) ([]stage.Ended, error) {
	out, err := h.stage.Command(ctx, "ledger", "--json", "--since", "2h")
	if err != nil {
		return nil, err
	}
	var rows []stage.Ended
	return rows, json.Unmarshal(out, &rows)
}

// audit reads the ledger: as many rows as callers, each with one outcome, and for each caller who spoke with a counsellor the row of the call
// that this counsellor took says answered.
func (h *hotline) audit(ctx context.Context, calls []load.Record, d *diary) (account, error) {
	a := count(calls)
	rows := map[string]stage.Ended{}
	var failed error
	// The ledger is written behind the calls: it is read when there are enough, and for two seconds there were no more.
	seen, since := -1, time.Now()
	err := stage.Poll(ctx, 20*time.Second, func() bool {
		all, err := h.ledger(ctx)
		if failed = err; err != nil {
			return false
		}
		clear(rows)
		for _, r := range all {
			if !h.known[r.ID] {
				rows[r.ID] = r
			}
		}
		if len(rows) != seen {
			seen, since = len(rows), time.Now()
		}
		return len(rows) >= len(calls) && time.Since(since) > 2*time.Second
	})
	if failed != nil {
		return a, failed
	}
	if err != nil || len(rows) != len(calls) {
		a.Unaccounted += max(len(rows)-len(calls), len(calls)-len(rows)) - 1
		a.fault(fmt.Sprintf("%d calls were placed, the ledger has %d", len(calls), len(rows)))
	}
	mine := map[string]bool{}
	for _, r := range calls {
		if r.Outcome != load.Answered {
			continue
		}
		at := r.Heard
		if at.IsZero() || !r.Joined.IsZero() && r.Joined.Before(at) {
			at = r.Joined
		}
		id := d.callOf(r.Agent, at)
		mine[id] = true
		if row, ok := rows[id]; !ok || row.Outcome != "answered" {
			a.fault(fmt.Sprintf("%s was answered by %d, the ledger says %q of %q", r.CallID, r.Agent, row.Outcome, id))
		}
	}
	for id, row := range rows {
		switch row.Outcome {
		case "answered":
			if !mine[id] {
				a.Crossed++
			}
		case "abandoned", "overflowed", "callback":
		default:
			a.fault(fmt.Sprintf("the ledger says %q of %s", row.Outcome, id))
		}
		h.known[id] = true
	}
	return a, nil
}
