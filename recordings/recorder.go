package recordings

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Config says where and for whom a [Recorder] writes. The zero value of a field means its default.
type Config struct {
	Dir        string      // spool folder, created when absent; on a local disk of the host where [Intake] runs
	Recipients []PublicKey // of the site, and of its escrow: each can open what is recorded; at least one
	Suite      Suite       // seals the recordings; default that of the first of the Recipients
	// ChunkDuration is how much speech is sealed as one piece, 20 ms to 10 s. A kill -9 loses at most this and Window, so the default of
	// 500 ms keeps the loss under a second.
	ChunkDuration time.Duration
	Window        time.Duration    // how late a frame may come and still find its place, 20 ms to 2 s; default 200 ms
	Buffer        int              // finished pieces that may wait for a slow disk; further ones become gaps; default 16
	CloseTimeout  time.Duration    // how long Close waits for the disk; default 5 s
	Now           func() time.Time // tells the time of what comes; default time.Now. A test makes ninety minutes in seconds by it
	Log           *slog.Logger     // default slog.Default()
	Metrics       *Metrics         // default: counted nowhere
}

func (c Config) withDefaults() Config {
	setDefault(&c.ChunkDuration, 500*time.Millisecond)
	setDefault(&c.Window, 200*time.Millisecond)
	setDefault(&c.Buffer, 16)
	setDefault(&c.CloseTimeout, 5*time.Second)
	if c.Suite == nil && len(c.Recipients) > 0 {
		c.Suite = c.Recipients[0].Suite()
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Metrics == nil {
		c.Metrics = newMetrics()
	}
	return c
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Validate tells what is wrong with a configuration.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("recordings: Dir is empty"))
	}
	if len(c.Recipients) == 0 {
		errs = append(errs, errors.New("recordings: no public key to seal for; create one with CreateKey"))
	}
	if c.ChunkDuration < 20*time.Millisecond || c.ChunkDuration > 10*time.Second {
		errs = append(errs, errors.New("recordings: ChunkDuration must be between 20 ms and 10 s"))
	}
	if c.Window < 20*time.Millisecond || c.Window > 2*time.Second {
		errs = append(errs, errors.New("recordings: Window must be between 20 ms and 2 s"))
	}
	if c.Buffer < 1 || c.CloseTimeout < 0 {
		errs = append(errs, errors.New("recordings: Buffer and CloseTimeout must be positive"))
	}
	return errors.Join(errs...)
}

// Recorder writes takes. It holds public keys only: it cannot read what it wrote. Safe for concurrent use.
type Recorder struct {
	cfg    Config
	create func(path string) (sink, error)
	now    func() time.Time
	// patience is for how long after Close the end of a take is tried again that the disk refuses.
	patience time.Duration

	mu       sync.Mutex // never held over I/O: a start that stalls holds up no other take
	takes    map[string]*Take
	starting map[string]bool
}

// sink is the file of a take. Tests put a full or slow disk in its place.
type sink interface {
	Write(b []byte) (int, error)
	Truncate(size int64) error
	Seek(offset int64, whence int) (int64, error)
	Sync() error
	Close() error
}

// NewRecorder makes the spool folder ready.
func NewRecorder(cfg Config) (*Recorder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	r := &Recorder{cfg: cfg.withDefaults(), create: createLocked, now: time.Now, patience: 10 * time.Minute, takes: make(map[string]*Take), starting: make(map[string]bool)}
	if cfg.Now != nil {
		r.now = cfg.Now
	}
	if err := os.MkdirAll(r.cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("recordings: spool: %w", err)
	}
	return r, nil
}

// Start begins a take. Sample 0 of its timeline is now. ErrExists when the spool holds a recording with that id, of this or of an
// earlier process: what was recorded is never written over.
func (r *Recorder) Start(id string, meta Meta) (*Take, error) {
	return r.start(id, meta, false)
}

// start begins a take; that of a patient feeder has room for all that this hands over before it waits.
func (r *Recorder) start(id string, meta Meta, patient bool) (*Take, error) {
	if err := validID(id); err != nil {
		return nil, err
	}
	began := r.now()
	if meta.Started.IsZero() {
		meta.Started = began
	}
	setDefault(&meta.Kind, KindCall)
	if !r.reserve(id) {
		return nil, fmt.Errorf("%w: %s", ErrExists, id)
	}
	defer r.release(id)
	if r.spooled(id) {
		return nil, fmt.Errorf("%w: %s", ErrExists, id)
	}
	w, err := r.begin(id, meta, suffixOpen)
	if err != nil {
		return nil, fmt.Errorf("recordings: start %s: %w", id, err)
	}
	t := &Take{
		id: id, meta: meta, rec: r, wake: make(chan struct{}, 1), written: make(chan struct{}), refused: make(chan struct{}),
		began: began, last: began, patient: patient, missed: maxSamples,
		line: timeline{samples: samplesIn(r.cfg.ChunkDuration), window: samplesIn(r.cfg.Window)},
	}
	buffer := r.cfg.Buffer
	if patient {
		buffer = max(buffer, int((tailStep+t.line.window)/t.line.samples)+2)
		w.insists = t.trying
	}
	t.chunks = make(chan chunk, buffer)
	r.mu.Lock()
	r.takes[id] = t
	r.mu.Unlock()
	r.cfg.Metrics.openTakes.Inc()
	go t.run(w)
	return t, nil
}

// reserve keeps an id for a take that starts; false when there is one.
func (r *Recorder) reserve(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.takes[id]; taken || r.starting[id] {
		return false
	}
	r.starting[id] = true
	return true
}

func (r *Recorder) release(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.starting, id)
}

// begin creates the files of a part: its key, wrapped, then the rest under a name that Intake leaves alone, and, when they are locked and
// can be read back, under the given suffix. The secret half of the key is forgotten here.
func (r *Recorder) begin(id string, meta Meta, suffix string) (*writer, error) {
	for _, text := range []*string{&meta.Call, &meta.Line, &meta.Agent, (*string)(&meta.Kind)} {
		*text = strings.ToValidUTF8(*text, "?") // as JSON has it, or the manifest would not read as it was written
	}
	fresh := filepath.Join(r.cfg.Dir, id+suffixNew)
	file, err := r.create(fresh)
	if err != nil {
		return nil, err
	}
	w, err := r.beginIn(file, id, meta)
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(fresh), removeIfThere(sidecarPath(r.cfg.Dir, id)), removeIfThere(keyPath(r.cfg.Dir, id)))
	}
	w.suffix = suffix
	if suffix == suffixNew {
		return w, nil
	}
	if err := os.Rename(fresh, filepath.Join(r.cfg.Dir, id+suffix)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return w, nil
}

func (r *Recorder) beginIn(file sink, id string, meta Meta) (*writer, error) {
	public, key, err := newPartKey(id, meta, r.cfg.Suite, r.cfg.Recipients)
	if err != nil {
		return nil, err
	}
	if err := writePartKey(r.cfg.Dir, key); err != nil {
		return nil, err
	}
	w := newWriter(r, id, meta, file, public)
	if err := w.open(); err != nil {
		return nil, err
	}
	side := sidecar{ID: id, Call: meta.Call, Line: meta.Line, Agent: meta.Agent, Kind: meta.Kind, StartedMS: meta.Started.UnixMilli()}
	return w, writeSidecar(r.cfg.Dir, side)
}

func (r *Recorder) spooled(id string) bool {
	for _, suffix := range []string{suffixNew, suffixOpen, suffixSealed, suffixBroken, suffixSidecar, suffixKey} {
		if _, err := os.Lstat(filepath.Join(r.cfg.Dir, id+suffix)); err == nil {
			return true
		}
	}
	return false
}

// Close closes every take that is still open; one whose Start has not yet returned is none.
func (r *Recorder) Close() error {
	r.mu.Lock()
	var open []*Take
	for _, t := range r.takes {
		open = append(open, t)
	}
	r.mu.Unlock()
	var errs []error
	for _, t := range open {
		if _, err := t.Close(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (r *Recorder) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.takes, id)
	r.cfg.Metrics.openTakes.Dec()
}
