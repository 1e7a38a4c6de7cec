package main

import (
	"encoding/json"
	"log/slog"
	"os"
	"syscall"

	"hotline/queue/journal"
	"hotline/telephony/call"
)

// journalSize bounds what may wait for the disk. A journal is for those who look for a fault later: it must never slow a call.
const journalSize = 1024

// How much of the calls' journal is kept: as much as of the queue's.
const (
	journalBytes = 64 << 20 // a file
	journalOld   = 8        // older files
)

// journal appends every event of every call to a file, when the configuration asks for it. It returns nil when it does not.
func (c Config) journal(log *slog.Logger) (func(call.ID, call.Event), error) {
	if !c.Journal {
		return nil, nil
	}
	f, err := openAppender(c.path("log", "journal.jsonl"), journalBytes, journalOld)
	if err != nil {
		return nil, err
	}
	lines := make(chan call.Entry, journalSize)
	go func() {
		for e := range lines {
			text, err := json.Marshal(e)
			if err == nil {
				err = f.append(append(text, '\n'))
			}
			if err != nil {
				log.Error("journal", "error", err)
			}
		}
	}()
	return func(id call.ID, e call.Event) {
		select {
		case lines <- call.Entry{Call: id, Event: e}:
		default:
			log.Warn("the journal cannot keep up; an event is missing in it", "call_id", id)
		}
	}, nil
}

// appender appends lines to a file to which other processes, with appenders of their own, append as well: the controllers share one journal. A file that
// is full is set aside.
type appender struct {
	path  string
	bytes int64 // of a file, about
	old   int
	f     *os.File
}

func openAppender(path string, bytes int64, old int) (*appender, error) {
	a := &appender{path: path, bytes: bytes, old: old}
	return a, a.open()
}

func (a *appender) open() error {
	f, err := os.OpenFile(a.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if a.f != nil {
		_ = a.f.Close() // written to its end, or an error was told then
	}
	a.f = f
	return nil
}

// append writes one line, in one piece.
func (a *appender) append(line []byte) error {
	if err := a.turn(); err != nil {
		return err
	}
	_, err := a.f.Write(line)
	return err
}

// turn makes sure that the next line goes to the file of that name, and not to one that is full or was set aside.
func (a *appender) turn() error {
	own, current, err := a.look()
	if err != nil {
		return err
	}
	if current && own.Size() < a.bytes {
		return nil
	}
	if current {
		// One of those who find it full sets it aside; the lock is on the file itself, and goes with it.
		if err := syscall.Flock(int(a.f.Fd()), syscall.LOCK_EX); err != nil {
			return err
		}
		if _, current, err = a.look(); err == nil && current {
			err = journal.Rotate(a.path, a.old)
		}
		if err != nil {
			_ = syscall.Flock(int(a.f.Fd()), syscall.LOCK_UN)
			return err
		}
	}
	return a.open() // closing the old one gives the lock back
}

// look says what the open file is like, and whether it is still the one of that name.
func (a *appender) look() (own os.FileInfo, current bool, err error) {
	if own, err = a.f.Stat(); err != nil {
		return nil, false, err
	}
	named, err := os.Stat(a.path)
	if os.IsNotExist(err) {
		return own, false, nil
	}
	return own, err == nil && os.SameFile(own, named), err
}
