package asterisk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Outcome is how a call that the dialplan served alone came to its end.
type Outcome string

// The outcomes of a Note.
const (
	OutcomeAnswered  Outcome = "answered_by_fallback" // a fallback phone answered
	OutcomeMessage   Outcome = "message"              // a message was left
	OutcomeAbandoned Outcome = "abandoned"
)

// Note is what the dialplan leaves of a call that no controller had to its end. It holds a number in plain text and lies in memory
// only; whoever makes a task of it calls Remove afterwards.
type Note struct {
	ID       string    // Asterisk's unique id of the channel
	Call     string    // call id, when a controller had claimed the call before
	Line     string    // line id; empty when the channel did not come through a line
	Number   string    // dialled number
	Caller   string    // digits of the caller's number; empty when withheld
	Arrived  time.Time // whole seconds
	Fallback time.Time // when the fallback began; zero when the caller left before
	Ended    time.Time
	Outcome  Outcome
	Danger   bool   // the danger key was pressed
	Message  string // path of the raw A-law message (8000 Hz, one channel); empty when there is none
	Bytes    int64  // of Message
	path     string
}

// noteFile is the file's form; README.md describes it.
type noteFile struct {
	V        int     `json:"v"`
	ID       string  `json:"id"`
	Call     string  `json:"call"`
	Line     string  `json:"line"`
	Number   string  `json:"number"`
	Caller   string  `json:"caller"`
	Arrived  string  `json:"arrived"`
	Fallback string  `json:"fallback"`
	Ended    string  `json:"ended"`
	Outcome  Outcome `json:"outcome"`
	Bytes    int64   `json:"bytes"`
	Danger   bool    `json:"danger"`
}

const (
	noteSuffix    = ".json"
	messageSuffix = ".alaw"
	noteSizeLimit = 4096
	// settled is how old an unreadable note must be before it is reported: a younger one may be half written.
	settled = 2 * time.Second
)

var (
	noteIDRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$`)
	digitsRule = regexp.MustCompile(`^[0-9+]{0,64}$`)
)

// ReadNotes returns the finished notes in dir, oldest first. A note that is being written is left for the next time. Broken ones are
// reported in the error, joined, beside the good ones.
func ReadNotes(dir string) ([]Note, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asterisk: read notes: %w", err)
	}
	var notes []Note
	var broken []error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), noteSuffix) || !e.Type().IsRegular() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		n, err := readNote(path)
		if err != nil {
			if info, statErr := e.Info(); statErr == nil && time.Since(info.ModTime()) > settled {
				broken = append(broken, fmt.Errorf("asterisk: note %s: %w", e.Name(), err))
			}
			continue
		}
		notes = append(notes, n)
	}
	slices.SortFunc(notes, func(a, b Note) int { return a.Ended.Compare(b.Ended) })
	return notes, errors.Join(broken...)
}

// Remove deletes the message and then the note, so that a crash in between leaves a note that says so. Safe to repeat.
func (n Note) Remove() error {
	for _, p := range []string{n.Message, n.path} {
		if p == "" {
			continue
		}
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("asterisk: remove note: %w", err)
		}
	}
	return nil
}

func readNote(path string) (Note, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Note{}, err
	}
	if info.Size() > noteSizeLimit {
		return Note{}, fmt.Errorf("%d bytes: too large", info.Size())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return Note{}, err
	}
	n, err := decodeNote(b)
	if err != nil {
		return Note{}, err
	}
	if n.ID != strings.TrimSuffix(filepath.Base(path), noteSuffix) {
		return Note{}, errors.New("its id is not its name")
	}
	n.path = path
	message := strings.TrimSuffix(path, noteSuffix) + messageSuffix
	if info, err := os.Stat(message); err == nil {
		n.Message, n.Bytes = message, info.Size()
	}
	return n, nil
}

// decodeNote reads one note. The caller's number is the only part of it that comes from outside; the dialplan lets through digits only
// and so does this.
func decodeNote(b []byte) (Note, error) {
	var f noteFile
	if err := json.Unmarshal(b, &f); err != nil {
		return Note{}, fmt.Errorf("decode: %w", err)
	}
	if f.V != 1 {
		return Note{}, fmt.Errorf("version %d is unknown", f.V)
	}
	n := Note{
		ID: f.ID, Call: f.Call, Line: f.Line, Number: f.Number, Caller: f.Caller, Outcome: f.Outcome, Danger: f.Danger,
	}
	if !noteIDRule.MatchString(n.ID) {
		return Note{}, errors.New("id: malformed")
	}
	for field, value := range map[string]string{"call": n.Call, "line": n.Line} {
		if value != "" && !nameRule.MatchString(value) {
			return Note{}, fmt.Errorf("%s: malformed", field)
		}
	}
	for field, value := range map[string]string{"number": n.Number, "caller": n.Caller} {
		if !digitsRule.MatchString(value) {
			return Note{}, fmt.Errorf("%s: malformed", field)
		}
	}
	if !slices.Contains([]Outcome{OutcomeAnswered, OutcomeMessage, OutcomeAbandoned}, n.Outcome) {
		return Note{}, errors.New("outcome: unknown")
	}
	for _, t := range []struct {
		field, text string
		to          *time.Time
	}{{"arrived", f.Arrived, &n.Arrived}, {"fallback", f.Fallback, &n.Fallback}, {"ended", f.Ended, &n.Ended}} {
		if t.text == "" {
			continue
		}
		s, err := strconv.ParseUint(t.text, 10, 34) // 34 bits: beyond the year 2500 it is no time
		if err != nil {
			return Note{}, fmt.Errorf("%s: no time", t.field)
		}
		*t.to = time.Unix(int64(s), 0).UTC()
	}
	if n.Ended.IsZero() {
		return Note{}, errors.New("ended: missing")
	}
	return n, nil
}
