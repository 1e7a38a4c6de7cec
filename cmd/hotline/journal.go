package main

import (
	"encoding/json"
	"log/slog"
	"os"

	"hotline/telephony/call"
)

// journalSize bounds what may wait for the disk. A journal is for those who look for a fault later: it must never slow a call.
const journalSize = 1024

// journal appends every event of every call to a file, when the configuration asks for it. It returns nil when it does not.
func (c Config) journal(log *slog.Logger) (func(call.ID, call.Event), error) {
	if !c.Journal {
		return nil, nil
	}
	f, err := os.OpenFile(c.path("log", "journal.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	lines := make(chan call.Entry, journalSize)
	go func() {
		enc := json.NewEncoder(f)
		for e := range lines {
			if err := enc.Encode(e); err != nil {
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
