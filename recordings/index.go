package recordings

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Index is the table of finished recordings.
type Index struct{ db *storage.DB }

// NewIndex brings its table to the newest form.
func NewIndex(ctx context.Context, db *storage.DB) (*Index, error) {
	if err := db.MigrateEmbedded(ctx, "recordings", migrations); err != nil {
		return nil, err
	}
	return &Index{db}, nil
}

// row is a recording with its place in the store.
type row struct {
	Recording
	path string // relative to the store folder
}

const rowColumns = `id, call_id, line, agent, kind, started_ms, duration_ms, chunks, gaps, gap_ms, complete, bytes, stored_ms, path`

// seenColumns are what is read of a row: with what closes its chain, and whether it was erased.
const seenColumns = rowColumns + `, COALESCE((SELECT h.head FROM recording_heads h WHERE h.part = recordings.id), ''),
	COALESCE((SELECT length(k.key_sealed) = 0 FROM recording_keys k WHERE k.part = recordings.id), FALSE)`

// Get returns one recording, or ErrNotFound.
func (x *Index) Get(ctx context.Context, id string) (Recording, error) {
	r, err := x.row(ctx, id)
	return r.Recording, err
}

func (x *Index) row(ctx context.Context, id string) (row, error) {
	r, err := scanRow(x.db.QueryRow(ctx, `SELECT `+seenColumns+` FROM recordings WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, ErrNotFound
	}
	if err != nil {
		return row{}, fmt.Errorf("recordings: read %s: %w", id, err)
	}
	return r, nil
}

// List returns at most limit (1 to 1000) recordings that started before the time (zero: now), newest first.
func (x *Index) List(ctx context.Context, before time.Time, limit int) ([]Recording, error) {
	if before.IsZero() {
		before = time.Now().Add(time.Minute) // clocks of hosts differ
	}
	return x.list(ctx, `WHERE started_ms < ? ORDER BY started_ms DESC, id DESC LIMIT ?`, storage.Millis(before), min(max(limit, 1), 1000))
}

// ByCall returns the recordings of one call, in order.
func (x *Index) ByCall(ctx context.Context, call string) ([]Recording, error) {
	return x.list(ctx, `WHERE call_id = ? ORDER BY started_ms, id`, call)
}

func (x *Index) list(ctx context.Context, rest string, args ...any) ([]Recording, error) {
	out, err := storage.Select(ctx, x.db, func(s storage.Row) (Recording, error) {
		r, err := scanRow(s)
		return r.Recording, err
	}, `SELECT `+seenColumns+` FROM recordings `+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("recordings: list: %w", err)
	}
	return out, nil
}

func scanRow(s storage.Row) (r row, err error) {
	var started, duration, gap, stored int64
	err = s.Scan(&r.ID, &r.Call, &r.Line, &r.Agent, &r.Kind, &started, &duration, &r.Chunks, &r.Gaps, &gap, &r.Complete, &r.Bytes,
		&stored, &r.path, &r.Head, &r.Erased)
	r.Started, r.Stored = storage.Time(started), storage.Time(stored)
	r.Duration, r.GapTime = time.Duration(duration)*time.Millisecond, time.Duration(gap)*time.Millisecond
	return r, err
}
