package main

import (
	"context"
	"errors"
	"fmt"

	"hotline/agentui/tapes"
	"hotline/casework/assessments"
	"hotline/casework/retention"
	"hotline/crisis"
	"hotline/recordings"
	"hotline/storage"
)

// library gives recordings to the console, which alone has the secret keys.
type library struct {
	lib   *recordings.Library
	index *recordings.Index
	keys  []recordings.SecretKey
	calls retention.Keeping
}

var _ tapes.Library = library{}

// library opens what was recorded, with the secret keys.
func (c Config) library(index *recordings.Index, calls retention.Keeping) (library, error) {
	keys, err := recordings.LoadSecretKeys(c.path("secrets", recordings.IdentityFile))
	if err != nil {
		return library{}, err
	}
	store, err := c.vault()
	return library{recordings.NewLibrary(index, store), index, keys, calls}, err
}

func (l library) Find(ctx context.Context, s tapes.Search) ([]tapes.Recording, error) {
	call, among := l.wanted(s)
	all, err := l.index.Find(ctx, recordings.Query{
		From: s.From, To: s.To, Line: s.Line, Agent: s.Agent, Before: recordings.Place(s.Before), Limit: s.Limit, Call: call, Among: among,
	})
	if err != nil {
		return nil, err
	}
	out := make([]tapes.Recording, 0, len(all))
	for _, w := range all {
		out = append(out, recorded(w))
	}
	return out, nil
}

// wanted says in the words of the casework which calls a search is about, and among which they are.
func (l library) wanted(s tapes.Search) (call storage.Condition, among []storage.Set) {
	var of []storage.Condition
	switch s.Class {
	case tapes.ClassHold:
		of, among = append(of, l.calls.Held()), append(among, l.calls.AllHeld())
	case tapes.ClassHighRisk:
		of, among = append(of, l.calls.HighRisk(), l.calls.Held().Not()), append(among, l.calls.AllHighRisk())
	case tapes.ClassOrdinary:
		of = append(of, l.calls.HighRisk().Not(), l.calls.Held().Not())
	}
	if s.Level != "" {
		var above []string
		for _, one := range crisis.Levels() {
			if one.Over(crisis.Level(s.Level)) {
				above = append(above, string(one))
			}
		}
		of, among = append(of, assessments.Highest(s.Level, above...)), append(among, assessments.AllSaid(s.Level))
	}
	for i, one := range of {
		if i > 0 {
			one = call.And(one)
		}
		call = one
	}
	return call, among
}

func (l library) Get(ctx context.Context, id string) (tapes.Recording, error) {
	w, err := l.index.Whole(ctx, id)
	if err != nil {
		return tapes.Recording{}, tapeError(err)
	}
	return recorded(w), nil
}

func (l library) Open(ctx context.Context, id string) (tapes.Tape, error) {
	s, err := l.lib.OpenCall(ctx, id, l.keys...)
	if err != nil {
		return nil, tapeError(err)
	}
	return tape{s.WAV(), s}, nil
}

// recorded lays the parts of a recording on its time line, as recordings.Session does.
func recorded(w recordings.Whole) tapes.Recording {
	first := w.Parts[0]
	out := tapes.Recording{ID: w.ID, Call: first.Call, Line: first.Line, Started: first.Started, Erased: w.Erased}
	for _, p := range w.Parts {
		from := max(p.Started.Sub(first.Started), 0)
		out.Parts = append(out.Parts, tapes.Part{ID: p.ID, Kind: string(p.Kind), Agent: p.Agent, From: from, To: from + p.Duration, Complete: p.Complete})
		out.Length = max(out.Length, from+p.Duration)
	}
	return out
}

// tapeError says an error in the console's words.
func tapeError(err error) error {
	if _, changed := errors.AsType[*recordings.ErrTampered](err); changed {
		return fmt.Errorf("%w: %w", tapes.ErrDamaged, err)
	}
	switch {
	case errors.Is(err, recordings.ErrNotFound):
		return tapes.ErrNotFound
	case errors.Is(err, recordings.ErrErased):
		return tapes.ErrErased
	}
	return err
}

// tape is an open recording for the console.
type tape struct {
	*recordings.WAV
	session *recordings.Session
}

func (t tape) Close() error { return t.session.Close() }

func (t tape) Marks() []tapes.Mark {
	var out []tapes.Mark
	for _, m := range t.session.Timeline() {
		out = append(out, tapes.Mark{Kind: string(m.Kind), From: m.From, To: m.To, Who: m.Who, Code: m.Code})
	}
	return out
}

func (t tape) Peaks(ctx context.Context, perSecond int) ([]byte, error) {
	p, err := t.session.Peaks(ctx, perSecond)
	if err != nil {
		return nil, tapeError(err)
	}
	left, right := p.Sides[recordings.Left], p.Sides[recordings.Right]
	out := make([]byte, 0, 2*len(left))
	for i := range left {
		out = append(out, left[i], right[i])
	}
	return out, nil
}
