// Package journal keeps the operations of a queue in a file, and runs such a file again on package model.
package journal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"hotline/queue"
	"hotline/queue/model"
)

// Config says where a journal is kept. The zero value of a number means its default.
type Config struct {
	File  string // …/queue-journal.jsonl; older ones beside it are called ….1, ….2
	Bytes int64  // begin a new file beyond this; default 64 MiB
	Old   int    // how many older files are kept; default 8
}

// source is a queue.
type source interface {
	Journal(ctx context.Context, after string, fn func(queue.Entry) error) error
}

// Keeper writes the file.
type Keeper struct {
	cfg Config
	q   source
}

// NewKeeper returns a keeper of a queue's journal, which must be on in its configuration.
func NewKeeper(cfg Config, q source) (*Keeper, error) {
	if cfg.File == "" || cfg.Bytes < 0 || cfg.Old < 0 {
		return nil, fmt.Errorf("journal: a file and positive numbers are needed")
	}
	if cfg.Bytes == 0 {
		cfg.Bytes = 64 << 20
	}
	if cfg.Old == 0 {
		cfg.Old = 8
	}
	return &Keeper{cfg, q}, nil
}

var errFull = errors.New("the file is full")

// Run appends each operation to the file until ctx ends or the disk fails. It goes on behind the last line that is there; each new file begins with
// the whole index, so that every file can be run again by itself.
func (k *Keeper) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := k.fill(ctx)
		if errors.Is(err, errFull) {
			err = Rotate(k.cfg.File, k.cfg.Old)
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	return nil
}

// fill writes one file until it is full.
func (k *Keeper) fill(ctx context.Context) (err error) {
	f, err := os.OpenFile(k.cfg.File, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	place, size, err := end(f)
	if err != nil {
		return err
	}
	return k.q.Journal(ctx, place, func(e queue.Entry) error {
		if size > k.cfg.Bytes {
			return errFull
		}
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		n, err := f.Write(append(text, '\n'))
		size += int64(n)
		return err
	})
}

// end cuts off a line that was not written to its end, goes to the end, and reads the place of the last line; "" in a file without any.
func end(f *os.File) (place string, size int64, err error) {
	in := bufio.NewReaderSize(f, 1<<16)
	var last []byte
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", 0, err
		}
		size += int64(len(line))
		last = line
	}
	if err := f.Truncate(size); err != nil {
		return "", 0, err
	}
	if _, err := f.Seek(size, io.SeekStart); err != nil {
		return "", 0, err
	}
	var e queue.Entry
	if last != nil && json.Unmarshal(last, &e) == nil {
		place = e.Place
	}
	return place, size, nil
}

// Rotate gives a file and the older ones beside it the next number, "….1", "….2", and so on; at most old are kept, the oldest goes.
func Rotate(file string, old int) error {
	name := func(n int) string {
		if n == 0 {
			return file
		}
		return file + "." + strconv.Itoa(n)
	}
	for n := old; n > 0; n-- {
		if err := os.Rename(name(n-1), name(n)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Difference is where a journal and the model do not agree.
type Difference struct {
	Line int // counted from 1
	Err  error
	Text string // of the line, shortened
}

// Error implements error.
func (d *Difference) Error() string { return fmt.Sprintf("line %d: %v\n%s", d.Line, d.Err, d.Text) }

// Unwrap returns what differs.
func (d *Difference) Unwrap() error { return d.Err }

// Replay runs a file again and returns what was compared. The error is a *Difference at the first line that does not come out the same.
func Replay(in io.Reader) (model.Replay, error) {
	var r model.Replay
	lines := bufio.NewReaderSize(in, 1<<16)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var e queue.Entry
			diff := json.Unmarshal(line, &e)
			if diff == nil {
				diff = r.Next(e)
			}
			if diff != nil {
				return r, &Difference{n, diff, shorten(line)}
			}
		}
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return r, fmt.Errorf("journal: %w", err)
		}
	}
}

func shorten(line []byte) string {
	text := strings.TrimSpace(string(line))
	if len(text) > 1000 {
		return text[:1000] + "…"
	}
	return text
}
