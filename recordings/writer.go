package recordings

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// writer seals chunks into one file. It belongs to one goroutine.
type writer struct {
	rec    *Recorder
	log    *slog.Logger
	meta   Meta
	file   sink
	header header
	public PublicKey // of the part; nobody here has the other half
	env    envelope
	// suffix of the file while it is written
	suffix string

	size    int64 // of the whole frames in the file
	chain   chain
	book    markBook
	unsaved []markAt  // marks that the disk refused
	torn    bool      // the file could not be cut back to whole frames, or nobody knows what is on the disk: nothing more may follow
	full    bool      // the last write failed; said once
	counted bool      // the gaps were closed
	ended   *manifest // summary and manifest are on disk
	flush   flusher
	// insists tells whether a piece that the disk refuses is tried again; nil: never
	insists func() bool

	pieces uint32
	gaps   gapCount
	peaks  peakMeter
}

func newWriter(r *Recorder, id string, meta Meta, file sink, public PublicKey) *writer {
	samples := int(samplesIn(r.cfg.ChunkDuration))
	return &writer{
		rec: r, meta: meta, file: file, public: public, env: envelope{id: id},
		header: header{samples: samples, pieces: max(segmentSamples/samples, 1), suite: public.Suite().Name(), id: id, public: public.String()},
		flush:  flusher{file: file, dir: r.cfg.Dir, due: flushSamples},
		log:    r.cfg.Log.With("recording", id, "call_id", meta.Call),
	}
}

// open writes the header and the opening frame.
func (w *writer) open() error {
	o := opening{samples: uint32(w.header.samples), meta: w.meta}
	if _, err := rand.Read(o.key[:]); err != nil {
		return err
	}
	w.env.key = o.key[:]
	body, err := o.encode()
	if err != nil {
		return err
	}
	head := w.header.encode()
	if _, err := w.file.Write(head); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	w.size = int64(len(head))
	frame, err := w.sealed(frameOpening, slotOpening, body)
	if err != nil {
		return err
	}
	if err := w.put(frame); err != nil {
		return err
	}
	w.chain.begin(head, frame)
	return nil
}

// sealed makes the next frame.
func (w *writer) sealed(kind byte, slot uint32, body []byte) ([]byte, error) {
	sealed, err := w.public.Seal(w.env.wrap(kind, uint32(w.chain.frames), body))
	if err != nil {
		return nil, err
	}
	return frameOf(slot, sealed), nil
}

// put writes a whole frame or nothing.
func (w *writer) put(frame []byte) error {
	if w.torn {
		return errors.New("the file is torn")
	}
	if _, err := w.file.Write(frame); err != nil {
		// What a full disk took of the frame must go, or the next one would not be found.
		if cut := w.cut(); cut != nil {
			w.torn = true
			err = errors.Join(err, cut)
		}
		return fmt.Errorf("write: %w", err)
	}
	w.size += int64(len(frame))
	w.rec.cfg.Metrics.bytes.Add(float64(len(frame)))
	return nil
}

func (w *writer) cut() error {
	if err := w.file.Truncate(w.size); err != nil {
		return err
	}
	_, err := w.file.Seek(w.size, io.SeekStart)
	return err
}

// append seals one chunk. When the disk does not take it, the next one may be tried all the same, unless the file is torn.
func (w *writer) append(c chunk) error {
	if w.insists != nil && w.flush.failed() {
		w.torn = true // who feeds it goes on in another part
	}
	err := w.piece(c)
	for wait := firstRetry; err != nil && w.insists != nil && !w.torn && w.insists(); wait = min(2*wait, lastRetry) {
		w.refused(err)
		<-time.After(wait)
		err = w.piece(c)
	}
	if err != nil {
		w.refused(err)
		return err
	}
	if w.full {
		w.log.Info("the recording can be written again")
	}
	w.full = false
	w.flush.wrote(int64(c.slot+1) * int64(w.header.samples))
	return nil
}

// How long it takes until what the disk refused is tried again: at first, and at most.
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 10 * time.Second
)

func (w *writer) refused(err error) {
	if !w.full {
		w.log.Error("a piece of the recording could not be written; the call goes on", "err", err)
	}
	w.full = true
}

func (w *writer) piece(c chunk) error {
	frame, err := w.sealed(frameAudio, c.slot, c.encode())
	if err != nil {
		return err
	}
	if err := w.put(frame); err != nil {
		return err
	}
	w.chain.audio(w.header.segmentOf(c.slot), frame)
	w.pieces++
	w.gaps.chunk(c, int64(w.header.samples))
	w.peaks.chunk(c, int64(w.header.samples))
	return nil
}

// mark keeps marks: in the file at once, and for the manifest. What the disk refuses now is tried again with the next.
func (w *writer) mark(marks []markAt) {
	for _, m := range marks {
		w.book.fold(m)
		if i := slices.IndexFunc(w.unsaved, func(u markAt) bool { return u.N == m.N }); i >= 0 {
			w.unsaved[i] = m // a gap that grows while the disk is full
		} else {
			w.unsaved = append(w.unsaved, m)
		}
	}
	w.pauses()
	if len(w.unsaved) == 0 {
		return
	}
	body, err := json.Marshal(w.unsaved)
	if err != nil {
		w.log.Error("marks of a recording cannot be written", "err", err)
		return
	}
	frame := frameOf(slotMarks, w.env.wrap(frameMarks, uint32(w.chain.frames), body))
	if len(frame) > int(w.header.longest(slotMarks)) { // a thousand at once: the manifest alone has them
		w.unsaved = nil
		return
	}
	if err := w.put(frame); err == nil {
		w.chain.marks(frame)
		w.unsaved = nil
	}
}

// owes tells whether the file does not have a mark as it is now.
func (w *writer) owes(n int) bool {
	return slices.ContainsFunc(w.unsaved, func(m markAt) bool { return m.N == n })
}

// pauses tells the counting of gaps what is none.
func (w *writer) pauses() {
	w.gaps.paused = w.gaps.paused[:0]
	for _, m := range w.book.all {
		if m.Kind != MarkPaused {
			continue
		}
		to := m.To
		if to == openEnd {
			to = maxSamples
		}
		w.gaps.paused = append(w.gaps.paused, span{m.From, to})
	}
}

// finish ends a part of that many samples and closes the file.
func (w *writer) finish(samples int64) error {
	return errors.Join(w.conclude(samples), w.close())
}

// close lets go of the file. Its lock goes with it, after the rename: until then Intake takes the recording for a live one.
func (w *writer) close() error {
	_ = w.flush.settle() // told by conclude
	return w.file.Close()
}

// conclude writes the summary and the manifest of a part of that many samples and gives the file its final name. Unless the file is torn it may be
// tried again: a full disk is left as it was before.
func (w *writer) conclude(samples int64) error {
	if !w.counted {
		w.counted = true
		w.gaps.end(samples)
		w.gaps.close()
		w.rec.cfg.Metrics.gapSeconds.Add(timeOf(w.gaps.samples).Seconds())
	}
	if err := w.flush.settle(); err != nil {
		w.torn = true // nobody knows what is on the disk
		return err
	}
	if w.ended == nil {
		size := w.size
		m, err := w.end(samples)
		if err == nil {
			if err = w.file.Sync(); err != nil && !noRoom(err) {
				w.torn = true // nobody knows what is on the disk
			}
		}
		if err != nil {
			w.size = size
			if cut := w.cut(); cut != nil {
				w.torn = true
				err = errors.Join(err, cut)
			}
			return err
		}
		w.ended = m
	}
	return w.settle(w.ended)
}

func noRoom(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// end writes the last two frames.
func (w *writer) end(samples int64) (*manifest, error) {
	m := newManifest(&w.header, &w.chain, w.meta)
	m.Samples, m.Complete = samples, true
	m.Marks = w.book.closed(samples)
	for _, lost := range lostMarks(w.gaps.list, m.Marks) {
		if len(m.Marks) < maxMarks {
			lost.N = len(m.Marks)
			m.Marks = append(m.Marks, lost)
		}
	}
	m.Gaps, m.GapCount, m.GapSamples = w.gaps.list, w.gaps.runs, w.gaps.samples
	c := closing{pieces: w.pieces, samples: uint64(samples), chain: w.chain.h, notes: m.notes(), peaks: w.peaks.done(samples)}
	frame, err := w.sealed(frameSummary, slotSummary, c.encode())
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(frame)
	m.Summary = &segment{N: -1, At: w.chain.end, Bytes: int64(len(frame)), Frame: w.chain.frames, Hash: hex.EncodeToString(sum[:])}
	body, err := m.encode()
	if err != nil {
		return nil, err
	}
	if err := w.put(frame); err != nil {
		return nil, err
	}
	return m, w.put(frameOf(slotManifest, body))
}

// newManifest says what the chain and the header tell.
func newManifest(h *header, c *chain, meta Meta) *manifest {
	first := c.first
	c.close()
	m := &manifest{
		Format: 2, Part: h.id, Suite: h.suite, Call: meta.Call, Line: meta.Line, Agent: meta.Agent, Kind: meta.Kind, Started: meta.Started.UnixMilli(),
		Opening: c.opening, First: hex.EncodeToString(first[:]), Segments: c.segments, Chain: hex.EncodeToString(c.h[:]),
	}
	for _, s := range c.segments {
		m.Pieces += s.Pieces
	}
	return m
}

func (w *writer) settle(m *manifest) error {
	dir := w.rec.cfg.Dir
	if err := writeSidecar(dir, sidecarOf(m)); err != nil {
		return err
	}
	err := os.Rename(filepath.Join(dir, m.Part+w.suffix), filepath.Join(dir, m.Part+suffixSealed))
	if err == nil {
		err = syncDir(dir)
	}
	w.torn = err != nil // it may have its name
	return err
}

// sidecarOf is what the sidecar of a finished part says.
func sidecarOf(m *manifest) sidecar {
	return sidecar{
		ID: m.Part, Call: m.Call, Line: m.Line, Agent: m.Agent, Kind: m.Kind, StartedMS: m.Started, DurationMS: timeOf(m.Samples).Milliseconds(),
		Chunks: m.Pieces, Gaps: m.GapCount, GapMS: timeOf(m.GapSamples).Milliseconds(), Complete: m.Complete,
	}
}
