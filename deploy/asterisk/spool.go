package asterisk

import (
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

const (
	notePrefix    = "note_1_" // 1 is the version of the form
	messageSuffix = ".alaw"
	noteFields    = 10
	// messageBytes of A-law (8000 a second) make a message; less is a caller who hung up at the tone, or the rest of a silence.
	messageBytes = 12000
)

var (
	noteIDRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$`)
	digitsRule = regexp.MustCompile(`^[0-9+]{0,32}$`)
)

// ReadNotes returns the notes in dir, oldest end first; a folder that is not there has none. Broken ones are reported in the error,
// joined and without their names, which hold numbers, beside the good ones.
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
		if !strings.HasPrefix(e.Name(), notePrefix) || !e.Type().IsRegular() {
			continue
		}
		n, err := parseNote(e.Name())
		if err != nil {
			broken = append(broken, fmt.Errorf("asterisk: note: %w", err))
			continue
		}
		n.path = filepath.Join(dir, e.Name())
		n.listen(filepath.Join(dir, n.ID+messageSuffix))
		notes = append(notes, n)
	}
	slices.SortFunc(notes, func(a, b Note) int { return a.Ended.Compare(b.Ended) })
	return notes, errors.Join(broken...)
}

// listen adds the message. The note is the last thing that a call leaves, so the message is complete.
func (n *Note) listen(message string) {
	info, err := os.Stat(message)
	if err != nil {
		return
	}
	n.Message, n.Bytes = message, info.Size()
	if n.Bytes >= messageBytes {
		n.Outcome = OutcomeMessage
	}
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

// parseNote reads the name of a note: see README.md. The caller's number is the only part of it that comes from outside; the dialplan
// lets through digits only and so does this.
func parseNote(name string) (Note, error) {
	fields := strings.Split(strings.TrimSuffix(strings.TrimPrefix(name, notePrefix), messageSuffix), "_")
	if len(fields) != noteFields {
		return Note{}, fmt.Errorf("%d fields, want %d", len(fields), noteFields)
	}
	n := Note{ID: fields[0], Call: fields[1], Line: fields[2], Number: fields[3], Caller: fields[4], Outcome: OutcomeAbandoned}
	if !noteIDRule.MatchString(n.ID) {
		return Note{}, errors.New("id: malformed")
	}
	for _, value := range []string{n.Call, n.Line} {
		if value != "" && !nameRule.MatchString(value) {
			return Note{}, errors.New("call or line: malformed")
		}
	}
	for _, value := range []string{n.Number, n.Caller} {
		if !digitsRule.MatchString(value) {
			return Note{}, errors.New("number: malformed")
		}
	}
	var err error
	for i, to := range []*time.Time{&n.Arrived, &n.Fallback, &n.Ended} {
		if *to, err = epoch(fields[5+i]); err != nil {
			return Note{}, err
		}
	}
	if n.Ended.IsZero() {
		return Note{}, errors.New("its end is missing")
	}
	answered, err := yesNo(fields[8])
	if err != nil {
		return Note{}, err
	}
	if answered {
		n.Outcome = OutcomeAnswered
	}
	n.Danger, err = yesNo(fields[9])
	return n, err
}

// epoch is whole seconds since 1970; empty is the zero time.
func epoch(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	s, err := strconv.ParseUint(text, 10, 34) // 34 bits: beyond the year 2500 it is no time
	if err != nil {
		return time.Time{}, errors.New("time: malformed")
	}
	return time.Unix(int64(s), 0).UTC(), nil
}

func yesNo(text string) (bool, error) {
	if text != "0" && text != "1" {
		return false, errors.New("flag: malformed")
	}
	return text == "1", nil
}
