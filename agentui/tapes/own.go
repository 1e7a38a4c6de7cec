package tapes

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// span is a stretch of a recording's time line.
type span struct{ from, to time.Duration }

// exact is how exactly the index of recordings knows where a part ends: the sound may go on for less than that.
const exact = time.Millisecond

// ownSpans are where a person's own parts are what is heard: where two run beside each other that is the one that began first.
func (r Recording) ownSpans(agent string) (out []span) {
	for i, p := range r.Parts {
		if p.Agent != agent || agent == "" {
			continue
		}
		left := []span{{p.From, p.To}}
		for _, before := range r.Parts[:i] {
			if before.Agent != agent {
				left = without(left, span{before.From, before.To + exact})
			}
		}
		out = append(out, left...)
	}
	return joined(out)
}

// joined puts stretches in order and makes one of those that touch.
func joined(all []span) (out []span) {
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, s := range all {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

func without(all []span, hole span) (out []span) {
	for _, s := range all {
		if first := (span{s.from, min(s.to, hole.from)}); first.from < first.to {
			out = append(out, first)
		}
		if rest := (span{max(s.from, hole.to), s.to}); rest.from < rest.to {
			out = append(out, rest)
		}
	}
	return out
}

// own is a recording as somebody gets it who may hear their own parts only: the line of time stays, the rest is silence and says nothing.
type own struct {
	Tape

	agent  string
	spans  []span // in order, none over another
	silent bool   // who only listened is not told
	at     int64
}

// Own limits an open recording to what one person said and heard themselves. listened: whoever only listened to it shows.
func Own(tape Tape, r Recording, agent string, listened bool) Tape {
	return &own{Tape: tape, agent: agent, spans: r.ownSpans(agent), silent: !listened}
}

func (o *own) Read(b []byte) (int, error) {
	n, err := o.Tape.Read(b)
	o.blank(b[:n], o.at)
	o.at += int64(n)
	return n, err
}

func (o *own) Seek(offset int64, whence int) (int64, error) {
	at, err := o.Tape.Seek(offset, whence)
	if err == nil {
		o.at = at
	}
	return at, err
}

func (o *own) ReadAt(b []byte, off int64) (int, error) {
	n, err := o.Tape.ReadAt(b, off)
	o.blank(b[:n], off)
	return n, err
}

// blank makes silence of what is not the person's own. b are bytes of the file from off on; its head stays.
func (o *own) blank(b []byte, off int64) {
	from := min(max(wavHeader-off, 0), int64(len(b))) // in b
	for _, s := range o.spans {
		begin, end := wavHeader+bytesOf(s.from)-off, wavHeader+bytesOf(s.to)-off
		if begin > from {
			clear(b[from:min(begin, int64(len(b)))])
		}
		if from = min(max(from, end), int64(len(b))); from == int64(len(b)) {
			return
		}
	}
	clear(b[from:])
}

// bytesOf is where in the samples of a file a moment is: at the beginning of a frame.
func bytesOf(d time.Duration) int64 {
	return int64(d) * rate / int64(time.Second) * (secondOf / rate)
}

func (o *own) Peaks(ctx context.Context, perSecond int) ([]byte, error) {
	peaks, err := o.Tape.Peaks(ctx, perSecond)
	if err != nil {
		return nil, err
	}
	peaks = append([]byte(nil), peaks...)
	step := time.Second / time.Duration(perSecond)
	for i := 0; i+1 < len(peaks); i += 2 {
		from := time.Duration(i/2) * step
		if !o.whole(from, from+step) {
			peaks[i], peaks[i+1] = 0, 0
		}
	}
	return peaks, nil
}

// whole tells whether a stretch is their own from its beginning to its end.
func (o *own) whole(from, to time.Duration) bool {
	for _, s := range o.spans {
		if from >= s.from && to <= s.to {
			return true
		}
	}
	return false
}

func (o *own) Marks() []Mark {
	var out []Mark
	for _, m := range o.Tape.Marks() {
		if m.Who != o.agent && (m.Kind == "talk" || m.Kind == "hold") || o.silent && m.Kind == "monitor" {
			continue
		}
		for _, s := range o.spans {
			cut := m
			cut.From, cut.To = max(m.From, s.from), min(m.To, s.to)
			if cut.From < cut.To || m.From == m.To && cut.From == cut.To {
				out = append(out, cut)
				if m.From == m.To {
					break
				}
			}
		}
	}
	return out
}
