package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"filippo.io/age"
)

// pipe is raw audio, both sides in turn, into the standard input of the age command: what one would do without a recorder. A talk is one
// file that is whole only at its end.
type pipe struct {
	dir    string
	binary string
}

func (*pipe) name() string { return "C piped into age" }

func (p *pipe) build(ctx context.Context) error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	p.binary = filepath.Join(p.dir, "age")
	cmd := exec.CommandContext(ctx, "go", "install", "filippo.io/age/cmd/age@"+ageVersion)
	cmd.Env = append(os.Environ(), "GOBIN="+p.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build age: %w\n%s", err, out)
	}
	return nil
}

// ageVersion is that of the library in go.mod.
const ageVersion = "v1.3.2"

// piped is one talk and its process.
type piped struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	file string
	took time.Duration
	n    int
	err  error
}

func (p *pipe) record(ctx context.Context, streams int, length time.Duration, _ bool) (r result, err error) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return r, err
	}
	talks, all := make([]*talk, streams), make([]*piped, streams)
	for i := range talks {
		one := &piped{file: filepath.Join(p.dir, strconv.Itoa(i)+".age")}
		all[i], talks[i] = one, p.talk(ctx, one, key.Recipient().String(), i)
	}
	speak(talks, length)
	for _, one := range all {
		r.frames += 2 * one.n
		r.cpu += one.cmd.ProcessState.UserTime() + one.cmd.ProcessState.SystemTime()
		r.playable = append(r.playable, one.took)
		if one.err != nil {
			return r, one.err
		}
		found, err := count(one.file, key)
		if err != nil {
			return r, err
		}
		r.missing += 2*one.n - found
	}
	r.streams, r.spoken = streams, time.Duration(r.frames/2)*frameTime
	return r, nil
}

func (p *pipe) talk(ctx context.Context, one *piped, to string, i int) *talk {
	left, right := sides(i)
	return &talk{
		say: func(n int) {
			if n == 0 {
				one.cmd = exec.CommandContext(ctx, p.binary, "-r", to, "-o", one.file)
				if one.in, one.err = one.cmd.StdinPipe(); one.err == nil {
					one.err = one.cmd.Start()
				}
			}
			if one.err == nil {
				_, one.err = one.in.Write(append(bytes.Clone(left), right...))
			}
		},
		end: func(n int) {
			began := time.Now()
			one.n = n
			one.err = errors.Join(one.err, one.in.Close(), one.cmd.Wait())
			one.took = time.Since(began)
		},
	}
}

func count(file string, key age.Identity) (int, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	plain, err := age.Decrypt(f, key)
	if err != nil {
		return 0, err
	}
	b, err := io.ReadAll(plain)
	return frames(b), errors.Join(err, os.Remove(file))
}
