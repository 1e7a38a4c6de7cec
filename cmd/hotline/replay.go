package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"hotline/casework/decisions"
	"hotline/queue"
	"hotline/queue/journal"
	"hotline/storage"
)

// queueJournal keeps the operations of the queue in a file, when the configuration asks for it. Where they are kept is a part of the worker: no caller
// waits for a disk.
func (c Config) queueJournal(q *queue.Queue, log *slog.Logger) (func(context.Context) error, error) {
	if !c.Journal {
		return func(ctx context.Context) error { <-ctx.Done(); return nil }, nil
	}
	if err := os.MkdirAll(c.path("log"), 0o700); err != nil {
		return nil, err
	}
	k, err := journal.NewKeeper(journal.Config{File: c.path("log", "queue-journal.jsonl")}, q)
	if err != nil {
		return nil, err
	}
	return persistently(journalRetry, func(err error) { log.Error("the journal of the queue is not kept; tried again", "error", err) }, k.Run), nil
}

// journalRetry is the pause after the disk refused a journal.
const journalRetry = 5 * time.Second

// persistently runs a part again when it fails: a part that only looks on must not take its role, and what that does for callers, with it.
func persistently(pause time.Duration, failed func(error), part func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for ctx.Err() == nil {
			if err := part(ctx); err != nil && ctx.Err() == nil {
				failed(err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
		return nil
	}
}

// decisions keeps why each call was offered to whom.
func (c Config) decisions(ctx context.Context, db *storage.DB, q *queue.Queue, kept func() time.Duration, log *slog.Logger) (*decisions.Keeper, error) {
	store, err := decisions.Open(ctx, db)
	if err != nil {
		return nil, err
	}
	return decisions.NewKeeper(decisions.KeeperConfig{Kept: kept, Log: log}, store, reasonsOf(q))
}

// reasonsOf reads the reasons of offers out of the queue's events.
func reasonsOf(q *queue.Queue) decisions.Follow {
	return func(ctx context.Context, after string, fn func(decisions.News) error) error {
		return q.Follow(ctx, after, func(e queue.Event) error {
			n := decisions.News{Place: e.ID}
			if e.Type == queue.EventOffered && e.Reason != nil && e.Offer != nil {
				body, err := json.Marshal(e.Reason)
				if err != nil {
					return err
				}
				n.Decision = &decisions.Decision{Offer: string(e.Offer.ID), Call: string(e.Offer.Call), Agent: string(e.Offer.Agent), At: e.Offer.Made, Body: body}
			}
			return fn(n)
		})
	}
}

func replayCommand() *cobra.Command {
	return &cobra.Command{
		Use: "replay FILE...", Short: "Run a journal of the queue again and compare every answer and every offer", Args: cobra.MinimumNArgs(1),
		Long: "Run a journal of the queue (log/queue-journal.jsonl, kept when the configuration says `journal: true`) again on the model of its rules.\n" +
			"Every answer and every offer must come out the same. The first difference is shown, and the exit status is then 1.",
		RunE: func(cmd *cobra.Command, files []string) error {
			for _, file := range files {
				if err := replayFile(cmd.OutOrStdout(), file); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func replayFile(out io.Writer, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := journal.Replay(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Fprintf(out, "%s: %d operations and %d offers came out the same", filepath.Base(file), r.Operations, r.Offers)
	if r.Losses > 0 {
		fmt.Fprintf(out, "; the index was lost %d times", r.Losses)
	}
	if r.Bases > 1 {
		fmt.Fprintf(out, "; %d times something is missing and it begins again", r.Bases-1)
	}
	if r.Skipped > 0 {
		fmt.Fprintf(out, "; %d lines before the first point to begin from were passed over", r.Skipped)
	}
	fmt.Fprintln(out)
	return nil
}
