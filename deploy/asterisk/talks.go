package asterisk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Talk is what a caller and a fallback phone say to each other, as the dialplan writes it down in memory: two growing files of raw A-law (8000 Hz, one
// channel). Whoever seals them destroys them.
type Talk struct {
	Channel string // Asterisk's unique id of the caller's channel
	ID      string // the same, and which of its talks
	Call    string // call id, when a controller had claimed the call before
	Line    string
	Caller  string // file of what the caller says
	Phone   string // file of what the person at the phone says
	Over    bool   // the caller's channel has ended
}

const (
	talkPrefix = "talk_1_" // 1 is the version of the form
	talkCaller = "_caller.alaw"
	talkPhone  = "_phone.alaw"
	talkFields = 4
)

// ReadTalks returns the talks whose files are in dir; a folder that is not there has none. Broken names are reported in the error, beside the good
// ones.
func ReadTalks(dir string) ([]Talk, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asterisk: read talks: %w", err)
	}
	ended := map[string]bool{}
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(e.Name(), notePrefix); ok {
			id, _, _ := strings.Cut(rest, "_")
			ended[id] = true
		}
	}
	var talks []Talk
	var broken []error
	for _, e := range entries {
		name, isTalk := strings.CutPrefix(e.Name(), talkPrefix)
		name, isCaller := strings.CutSuffix(name, talkCaller)
		if !isTalk || !isCaller || !e.Type().IsRegular() {
			continue
		}
		t, err := parseTalk(name)
		if err != nil {
			broken = append(broken, fmt.Errorf("asterisk: talk: %w", err))
			continue
		}
		t.Caller, t.Phone = filepath.Join(dir, e.Name()), filepath.Join(dir, talkPrefix+name+talkPhone)
		if _, err := os.Stat(t.Phone); err != nil {
			continue // being created, or being destroyed
		}
		t.Over = ended[t.Channel]
		talks = append(talks, t)
	}
	return talks, errors.Join(broken...)
}

func parseTalk(name string) (Talk, error) {
	fields := strings.Split(name, "_")
	if len(fields) != talkFields {
		return Talk{}, fmt.Errorf("%d fields, want %d", len(fields), talkFields)
	}
	t := Talk{ID: fields[0] + "_" + fields[3], Call: fields[1], Line: fields[2], Channel: fields[0]}
	if _, err := strconv.ParseUint(fields[3], 10, 16); err != nil || !noteIDRule.MatchString(t.Channel) {
		return Talk{}, errors.New("id: malformed")
	}
	for _, value := range []string{t.Call, t.Line} {
		if value != "" && !nameRule.MatchString(value) {
			return Talk{}, errors.New("call or line: malformed")
		}
	}
	return t, nil
}
