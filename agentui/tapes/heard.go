package tapes

import (
	"io"
	"strconv"
	"strings"
	"sync"
)

const (
	grantsKept = 4096     // grants of which it is remembered what was heard
	spansKept  = 256      // stretches of one grant
	wavHeader  = 44       // bytes
	secondOf   = 8000 * 4 // bytes of a second of WAV
	near       = secondOf // so far apart, stretches are one: a player reads in pieces
)

// Heard remembers what was read by which grant, in bounded memory; what was forgotten is written down again.
type Heard struct {
	mu    sync.Mutex
	order []string
	by    map[string]*stretches
}

// NewHeard makes an empty one.
func NewHeard() *Heard { return &Heard{by: map[string]*stretches{}} }

type stretch struct{ from, to int64 }

// stretches are what one grant has read, in bytes of the file.
type stretches struct {
	mu   sync.Mutex
	read []stretch
}

// Reader reads for a grant. Before the first byte of each stretch that the grant has not read yet, tell is called with the second where it begins; when
// tell fails nothing is read. A player asks for many ranges: those that go on where others ended are one stretch.
func (h *Heard) Reader(grant string, src io.ReadSeeker, tell func(second int64) error) io.ReadSeeker {
	return &hearing{ReadSeeker: src, known: h.of(grant), tell: tell}
}

// Begin is what Reader does before a byte at a place, for who must know early whether it can be told.
func (h *Heard) Begin(grant string, at int64, tell func(second int64) error) error {
	return h.of(grant).begin(at, tell)
}

// FirstByte is where the first range of a request begins (RFC 9110, 14.1.2). One counted from the end is taken to begin at 0: it is told where it begins
// when it is read.
func FirstByte(ranges string) int64 {
	from, _, _ := strings.Cut(strings.TrimPrefix(ranges, "bytes="), "-")
	n, err := strconv.ParseInt(strings.TrimSpace(from), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

func (h *Heard) of(grant string) *stretches {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.by[grant]; s != nil {
		return s
	}
	if len(h.order) >= grantsKept {
		delete(h.by, h.order[0])
		h.order = h.order[1:]
	}
	s := &stretches{}
	h.by[grant] = s
	h.order = append(h.order, grant)
	return s
}

// hearing is one request for a range.
type hearing struct {
	io.ReadSeeker

	known *stretches
	tell  func(second int64) error
	at    int64
}

func (r *hearing) Seek(offset int64, whence int) (int64, error) {
	at, err := r.ReadSeeker.Seek(offset, whence)
	r.at = at
	return at, err
}

func (r *hearing) Read(b []byte) (int, error) {
	if err := r.known.begin(r.at, r.tell); err != nil {
		return 0, err
	}
	n, err := r.ReadSeeker.Read(b)
	r.known.add(r.at, r.at+int64(n))
	r.at += int64(n)
	return n, err
}

// begin tells of a stretch that is new. Requests of one grant at the same time wait for each other.
func (s *stretches) begin(at int64, tell func(second int64) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.read {
		if at >= k.from && at <= k.to+near {
			return nil
		}
	}
	if err := tell(max(at-wavHeader, 0) / secondOf); err != nil {
		return err
	}
	if len(s.read) >= spansKept {
		s.read = s.read[1:]
	}
	s.read = append(s.read, stretch{at, at})
	return nil
}

func (s *stretches) add(from, to int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.read {
		if k := &s.read[i]; from >= k.from && from <= k.to+near {
			k.to = max(k.to, to)
			return
		}
	}
}
