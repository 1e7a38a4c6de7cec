package agentui

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"hotline/agentui/tapes"
)

// shelf holds recordings in memory, the newest first.
type shelf struct {
	mu   sync.Mutex
	all  []tapes.Recording
	data []byte       // of each: a WAV file
	said []tapes.Mark // on each
}

const (
	shelfCall   = "01J0000000000000000000000D"
	shelfLength = 91 * time.Second
)

func newShelf() *shelf {
	s := &shelf{data: make([]byte, 44, 44+int(shelfLength.Seconds())*32000)}
	copy(s.data, "RIFFdata")
	for i := 0; len(s.data) < cap(s.data); i++ {
		s.data = binary.LittleEndian.AppendUint16(s.data, uint16(int16(i%2000*10-10_000)))
	}
	s.said = []tapes.Mark{{Kind: "talk", To: shelfLength}, {Kind: "risk", From: 30 * time.Second, To: 30 * time.Second, Code: "high"}}
	s.put(shelfCall, time.UnixMilli(1700000000000), "")
	return s
}

// put adds a recording of one part.
func (s *shelf) put(call string, at time.Time, agent string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, tapes.Recording{
		ID: call, Call: call, Line: "12355", Started: at, Length: shelfLength,
		Parts: []tapes.Part{{ID: newID(), Kind: "call", Agent: agent, To: shelfLength, Complete: true}},
	})
	slices.SortFunc(s.all, func(a, b tapes.Recording) int { return b.Started.Compare(a.Started) })
}

func (s *shelf) change(call string, how func(*tapes.Recording)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.all {
		if s.all[i].ID == call {
			how(&s.all[i])
		}
	}
}

func (s *shelf) Find(_ context.Context, q tapes.Search) (out []tapes.Recording, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.all {
		switch {
		case len(out) == q.Limit:
			return out, nil
		case !q.From.IsZero() && r.Started.Before(q.From), !q.To.IsZero() && !r.Started.Before(q.To), q.Line != "" && r.Line != q.Line,
			q.Agent != "" && !r.Own(q.Agent), !q.Before.Started.IsZero() && !r.Started.Before(q.Before.Started):
		default:
			out = append(out, r)
		}
	}
	return out, nil
}

func (s *shelf) Get(_ context.Context, id string) (tapes.Recording, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.all {
		if r.ID == id {
			return r, nil
		}
	}
	return tapes.Recording{}, tapes.ErrNotFound
}

func (s *shelf) Open(ctx context.Context, id string) (tapes.Tape, error) {
	r, err := s.Get(ctx, id)
	if err == nil && r.Erased {
		err = tapes.ErrErased
	}
	return taped{bytes.NewReader(s.data), s.said}, err
}

type taped struct {
	*bytes.Reader

	said []tapes.Mark
}

func (taped) Close() error { return nil }

func (t taped) Marks() []tapes.Mark { return t.said }

func (taped) Peaks(_ context.Context, perSecond int) ([]byte, error) {
	return bytes.Repeat([]byte{10, 200}, perSecond*int(shelfLength.Seconds())), nil
}
