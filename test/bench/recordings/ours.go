package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"hotline/audio"
	"hotline/recordings"
	"hotline/recordings/vault"
	"hotline/storage"
	"hotline/test/bench/machine"
)

// ours is the hotline: a gateway that records, with public keys only, and a worker that takes in, each a process of its own.
type ours struct {
	dir  string
	pass int
}

func (*ours) name() string { return "A sealed by the hotline" }

// desk opens what worker and player share.
func desk(ctx context.Context, dir string) (*storage.DB, *recordings.Index, vault.Vault, error) {
	db, err := storage.Open(ctx, storage.Config{URL: "sqlite:" + filepath.Join(dir, "hotline.db")})
	if err != nil {
		return nil, nil, nil, err
	}
	index, err := recordings.NewIndex(ctx, db)
	if err != nil {
		return nil, nil, nil, errors.Join(err, db.Close())
	}
	store, err := vault.NewFolder(filepath.Join(dir, "store"), 0)
	if err != nil {
		return nil, nil, nil, errors.Join(err, db.Close())
	}
	return db, index, store, nil
}

// gateway is the process that records.
func gateway(o options) error {
	keys, err := recordings.LoadPublicKeys(filepath.Join(o.dir, recordings.RecipientFile))
	if err != nil {
		return err
	}
	rec, err := recordings.NewRecorder(recordings.Config{Dir: filepath.Join(o.dir, "spool"), Recipients: keys, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	var out sync.Mutex
	talks := make([]*talk, o.streams)
	for i := range talks {
		if talks[i] = oneTake(rec, i, &out); o.mute {
			talks[i].say = func(int) {}
		}
	}
	speak(talks, o.length)
	return rec.Close()
}

// oneTake is a talk that begins its take with its first frame, and says when it ends.
func oneTake(rec *recordings.Recorder, i int, out *sync.Mutex) *talk {
	id := "p" + strconv.Itoa(i)
	left, right := sides(i)
	var take *recordings.Take
	return &talk{
		say: func(n int) {
			if n == 0 {
				var err error
				if take, err = rec.Start(id, recordings.Meta{Call: "c" + strconv.Itoa(i), Line: "12355", Agent: "u-1"}); err != nil {
					slog.Error("start", "err", err)
					return
				}
			}
			if take != nil {
				take.Write(recordings.Left, int64(n*frameSamples), left)
				take.Write(recordings.Right, int64(n*frameSamples), right)
			}
		},
		end: func(n int) {
			at := time.Now()
			if take != nil {
				if _, err := take.Close(); err != nil {
					slog.Error("close", "err", err)
				}
			}
			out.Lock()
			defer out.Unlock()
			fmt.Fprintln(os.Stdout, id, at.UnixNano(), 2*n)
		},
	}
}

// worker is the process that takes in.
func worker(ctx context.Context, dir string) error {
	db, index, store, err := desk(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	in, err := recordings.NewIntake(recordings.IntakeConfig{Dir: filepath.Join(dir, "spool"), Store: store, Log: slog.New(slog.DiscardHandler)}, index)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "ready")
	return in.Run(ctx)
}

func (s *ours) record(ctx context.Context, streams int, length time.Duration, cost bool) (r result, err error) {
	s.pass++
	dir := filepath.Join(s.dir, strconv.Itoa(s.pass))
	if err := recordings.CreateKey(dir, recordings.AgeSuite{}); err != nil {
		return r, err
	}
	keys, err := recordings.LoadSecretKeys(filepath.Join(dir, recordings.IdentityFile))
	if err != nil {
		return r, err
	}
	db, index, store, err := desk(ctx, dir)
	if err != nil {
		return r, err
	}
	defer func() { _ = db.Close() }()
	work, lines, err := s.child(ctx, "worker", dir, 0, 0)
	if err != nil {
		return r, err
	}
	defer func() { _ = work.Process.Signal(syscall.SIGTERM); _ = work.Wait() }()
	if !lines.Scan() {
		return r, errors.New("the worker did not begin")
	}
	before := machine.CPU(work.Process.Pid)
	gate, lines, err := s.child(ctx, "gateway", dir, streams, length)
	if err != nil {
		return r, err
	}
	p := &player{lib: recordings.NewLibrary(index, store), keys: keys, ended: map[string]time.Time{}}
	waits := make(chan error, 1)
	go func() { waits <- p.run(ctx, streams) }()
	for lines.Scan() {
		var id string
		var at int64
		var spoken int
		if _, err := fmt.Sscan(lines.Text(), &id, &at, &spoken); err != nil {
			return r, fmt.Errorf("the gateway said %q", lines.Text())
		}
		p.note(id, time.Unix(0, at))
		r.frames += spoken
	}
	if err := errors.Join(gate.Wait(), <-waits); err != nil {
		return r, err
	}
	r.cpu = used(gate) + machine.CPU(work.Process.Pid) - before
	if cost {
		mute, err := s.mute(ctx, dir, streams, length)
		if err != nil {
			return r, err
		}
		r.cpu -= mute
	}
	r.streams, r.spoken, r.playable = streams, time.Duration(r.frames/2)*frameTime, p.waits
	found, err := p.count(ctx)
	r.missing = r.frames - found
	return r, err
}

func used(c *exec.Cmd) time.Duration { return c.ProcessState.UserTime() + c.ProcessState.SystemTime() }

// mute is what it costs to make the frames alone.
func (s *ours) mute(ctx context.Context, dir string, streams int, length time.Duration) (time.Duration, error) {
	gate, lines, err := s.child(ctx, "gateway", dir, streams, length, "-mute")
	if err != nil {
		return 0, err
	}
	for lines.Scan() {
	}
	err = gate.Wait()
	return used(gate), err
}

func (s *ours) child(ctx context.Context, role, dir string, streams int, length time.Duration, more ...string) (*exec.Cmd, *bufio.Scanner, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	args := append([]string{"-role", role, "-dir", dir, "-streams", strconv.Itoa(streams), "-length", length.String(), "-quick=false"}, more...)
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	return cmd, bufio.NewScanner(out), cmd.Start()
}

// player is who waits to hear what was recorded.
type player struct {
	lib  *recordings.Library
	keys []recordings.SecretKey

	mu    sync.Mutex
	ended map[string]time.Time
	waits []time.Duration
}

func (p *player) note(id string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended[id] = at
}

// run plays the first second of each part as soon as it is there, until it has heard them all.
func (p *player) run(ctx context.Context, streams int) error {
	heard := map[string]bool{}
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	patience := time.After(5 * time.Minute)
	for len(heard) < streams {
		select {
		case <-look.C:
		case <-patience:
			return fmt.Errorf("only %d of %d became playable", len(heard), streams)
		case <-ctx.Done():
			return ctx.Err()
		}
		p.mu.Lock()
		var due []string
		for id := range p.ended {
			if !heard[id] {
				due = append(due, id)
			}
		}
		p.mu.Unlock()
		for _, id := range due {
			if p.plays(ctx, id) {
				heard[id] = true
				p.mu.Lock()
				p.waits = append(p.waits, time.Since(p.ended[id]))
				p.mu.Unlock()
			}
		}
	}
	return nil
}

func (p *player) plays(ctx context.Context, id string) bool {
	s, err := p.lib.OpenCall(ctx, "c"+id[1:], p.keys...)
	if err != nil {
		return false
	}
	defer func() { _ = s.Close() }()
	n, err := s.ReadPCM(recordings.Left, 0, make([]int16, recordings.Rate))
	return err == nil && n == recordings.Rate
}

// count finds the frames in all that was recorded.
func (p *player) count(ctx context.Context) (found int, err error) {
	for id := range p.ended {
		s, err := p.lib.OpenCall(ctx, "c"+id[1:], p.keys...)
		if err != nil {
			return found, err
		}
		clip, err := audio.ReadWAV(s.WAV())
		if err := errors.Join(err, s.Close()); err != nil {
			return found, err
		}
		for _, pcm := range clip.Channels {
			found += frames(audio.PCMA.Encode(nil, pcm))
		}
	}
	return found, nil
}
