package recordings

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"os"
	"path/filepath"
)

// writer seals chunks into one file. It belongs to one goroutine.
type writer struct {
	rec  *Recorder
	log  *slog.Logger
	id   string
	meta Meta
	file sink
	env  envelope
	// suffix of the file while it is written
	suffix string

	size    int64 // of the whole frames in the file
	ordinal uint32
	sum     hash.Hash
	torn    bool // the file could not be cut back to whole frames: nothing more may follow
	full    bool // the last write failed; said once

	chunks uint32
	gaps   gapCount
}

func newWriter(r *Recorder, id string, meta Meta, file sink) *writer {
	return &writer{
		rec: r, id: id, meta: meta, file: file, env: envelope{id: id}, sum: sha256.New(),
		log: r.cfg.Log.With("recording", id, "call_id", meta.Call),
	}
}

// open writes the header and the opening frame.
func (w *writer) open() error {
	o := opening{samples: uint32(samplesIn(w.rec.cfg.ChunkDuration)), meta: w.meta}
	if _, err := rand.Read(o.key[:]); err != nil {
		return err
	}
	w.env.key = o.key[:]
	body, err := o.encode()
	if err != nil {
		return err
	}
	head := appendHeader(nil, w.id, int(o.samples))
	if _, err := w.file.Write(head); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	w.sum.Write(head)
	w.size = int64(len(head))
	return w.frame(frameOpening, slotOpening, body)
}

// append seals one chunk. When the disk refuses it, the chunk becomes a gap and the next one is tried again.
func (w *writer) append(c chunk) {
	err := w.frame(frameAudio, c.slot, c.encode())
	if err != nil {
		w.rec.cfg.Metrics.droppedChunks.WithLabelValues("disk").Inc()
		if !w.full {
			w.log.Error("a piece of the recording could not be written; the call goes on", "err", err)
		}
		w.full = true
		return
	}
	if w.full {
		w.log.Info("the recording can be written again")
	}
	w.full = false
	w.chunks++
	w.gaps.chunk(c, samplesIn(w.rec.cfg.ChunkDuration))
}

func (w *writer) frame(kind byte, slot uint32, body []byte) error {
	if w.torn {
		return errors.New("the file is torn")
	}
	sealed, err := w.env.seal(kind, w.ordinal, body, ageRecipients(w.rec.cfg.Recipients))
	if err != nil {
		return err
	}
	b := appendFrame(nil, slot, sealed)
	if _, err := w.file.Write(b); err != nil {
		// What a full disk took of the frame must go, or the next one would not be found.
		if cut := w.cut(); cut != nil {
			w.torn = true
			err = errors.Join(err, cut)
		}
		return fmt.Errorf("write: %w", err)
	}
	w.sum.Write(b[:frameHeader])
	w.size += int64(len(b))
	w.ordinal++
	w.rec.cfg.Metrics.bytes.Add(float64(len(b)))
	return nil
}

func (w *writer) cut() error {
	if err := w.file.Truncate(w.size); err != nil {
		return err
	}
	_, err := w.file.Seek(w.size, io.SeekStart)
	return err
}

// mark keeps marks.
func (w *writer) mark([]markAt) {}

// finish writes the summary of a recording of that many samples and gives the file its final name.
func (w *writer) finish(samples int64, _ []markAt) error {
	w.gaps.end(samples)
	w.rec.cfg.Metrics.gapSeconds.Add(timeOf(w.gaps.samples).Seconds())
	s := summary{chunks: w.chunks, samples: uint64(samples), gaps: uint32(w.gaps.runs), gapSamples: uint64(w.gaps.samples)}
	w.sum.Sum(s.digest[:0])
	err := w.frame(frameSummary, slotSummary, s.encode())
	if err == nil {
		err = w.file.Sync()
	}
	if err == nil {
		err = w.settle(samples)
	}
	// The lock goes with the file's closing, after the rename: until then Intake takes the recording for a live one.
	return errors.Join(err, w.file.Close())
}

func (w *writer) settle(samples int64) error {
	dir := w.rec.cfg.Dir
	side := w.sidecar(samples)
	side.Complete = true
	if err := writeSidecar(dir, side); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, w.id+w.suffix), filepath.Join(dir, w.id+suffixSealed)); err != nil {
		return err
	}
	return syncDir(dir)
}

func (w *writer) sidecar(samples int64) sidecar {
	return sidecar{
		ID: w.id, Call: w.meta.Call, Line: w.meta.Line, Agent: w.meta.Agent, Kind: w.meta.Kind, StartedMS: w.meta.Started.UnixMilli(),
		DurationMS: timeOf(samples).Milliseconds(), Chunks: int(w.chunks), Gaps: w.gaps.runs, GapMS: timeOf(w.gaps.samples).Milliseconds(),
	}
}

// gapCount adds up what is missing, side by side. A gap that goes over the border of chunks is one gap.
type gapCount struct {
	at      int64        // up to where it was counted
	until   [sides]int64 // end of the last gap
	runs    int
	samples int64
}

func (g *gapCount) add(side Side, from, to int64) {
	if from >= to {
		return
	}
	if g.until[side] != from || from == 0 {
		g.runs++
	}
	g.until[side] = to
	g.samples += to - from
}

// chunk counts the gaps of a chunk and of the missing slots before it.
func (g *gapCount) chunk(c chunk, samples int64) {
	start := int64(c.slot) * samples
	g.end(start)
	for _, h := range c.gaps {
		g.add(h.side, start+int64(h.from), start+int64(h.from)+int64(h.n))
	}
	g.at = start + int64(c.samples())
}

// end counts up to the end: no slots came any more.
func (g *gapCount) end(samples int64) {
	for side := range Side(sides) {
		g.add(side, g.at, samples)
	}
	g.at = max(g.at, samples)
}
