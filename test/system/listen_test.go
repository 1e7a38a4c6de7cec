package system_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/audio"
	"hotline/recordings"
	"hotline/test/browser"
)

const (
	longTalk = 90 * time.Minute
	startsIn = 500 * time.Millisecond
)

// A supervisor opens a talk of ninety minutes: sound comes at once, though nobody waits for the whole of it; jumps, comments and the wish for a copy go by the
// keyboard, and all of it is in the audit trail.
func TestListening(t *testing.T) {
	s := play(t)
	id := s.recorded(longTalk)
	v := s.visit("supervisor")
	if r := v.recording(id); r.DurationMS != longTalk.Milliseconds() || !r.Complete {
		t.Fatalf("%v", r)
	}
	d := s.signIn("supervisor", 0, toneSupervisor)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	must(t, d.Turn("recordings"))
	must(t, d.AwaitShown(5*time.Second, "recording"))
	late := 0
	for n := range 3 { // the first has to bring the page's own script and to open the file
		_, err := browser.Eval[bool](d.Page, fmt.Sprintf(`document.querySelector('[data-recording=%q] [data-testid="recording-listen"]').click(), true`, id))
		must(t, err)
		must(t, d.Type("recording-ask-reason", "督导复核"), d.Click("recording-ask-confirm"))
		must(t, d.Await(10*time.Second, `document.querySelector('[data-testid="recording-player"]')?.dataset.startedAfter !== undefined`))
		after, err := browser.Eval[int](d.Page, `Number(document.querySelector('[data-testid="recording-player"]').dataset.startedAfter)`)
		must(t, err)
		took := time.Duration(after) * time.Millisecond
		t.Logf("sound after %v", took)
		if took > startsIn {
			late++
		}
		if n < 2 {
			must(t, d.Click("player-close"))
		}
	}
	if late > 1 { // a machine that is busy with something else may be late once
		t.Errorf("sound came more than %v after the wish to listen, %d times of three", startsIn, late)
	}
	must(t, d.Await(20*time.Second, `document.querySelector('[data-testid="waveform"]') !== null`))
	at := `Number(document.querySelector('[data-testid="deck-at"]').dataset.at)`
	must(t, d.Await(5*time.Second, at+` > 300`))
	// Far into it by one press on the picture, then by keys.
	_, err := browser.Eval[bool](d.Page, `(() => { const w = document.querySelector('[data-testid="waveform"]'), b = w.getBoundingClientRect();
		w.dispatchEvent(new MouseEvent('click', { bubbles: true, clientX: b.left + b.width / 2, clientY: b.top + 9 })); return true; })()`)
	must(t, err)
	must(t, d.Await(3*time.Second, at+` > 2690000 && `+at+` < 2720000`))
	must(t, d.Press(" "))
	must(t, d.AwaitAttribute(2*time.Second, "recording-player", "data-playing", "false"))
	must(t, d.Click("comment-open"))
	must(t, d.AwaitShown(2*time.Second, "comment-text"))
	must(t, d.Type("comment-text", "这里应先询问计划"), d.Click("comment-save"))
	must(t, d.AwaitShown(3*time.Second, "moment-comment"))
	must(t, d.Press("?"))
	must(t, d.AwaitShown(2*time.Second, "player-help"))
	g.show(d.Page, "recordings-1-player", "deck-toggle", "waveform", "player-close")
	must(t, d.Press("\u001b"))
	if barriers, err := d.Barriers("../.."); err != nil || len(barriers) > 0 {
		t.Errorf("barriers: %q, %v", barriers, err)
	}
	must(t, d.Click("export-open"), d.Type("export-ask-reason", "法院调取证据"), d.Click("export-ask-confirm"))
	must(t, d.AwaitShown(3*time.Second, "export"))
	if g.dir != "" {
		g.show(d.Page, "recordings-2-copies", "exports-open")
	}
	must(t, d.AwaitAttribute(2*time.Second, "export", "data-state", "asked"))
	second := s.signIn("administrator", 0, toneSupervisor)
	must(t, second.Turn("recordings"))
	must(t, second.AwaitShown(5*time.Second, "export-grant"))
	// By its own click and not by a place on the screen: the page still moves while its last parts come in.
	_, err = browser.Eval[bool](second.Page, `document.querySelector('[data-testid="export-grant"]').click(), true`)
	must(t, err)
	must(t, second.AwaitAttribute(3*time.Second, "export", "data-state", "granted"))
	for action, least := range map[string]int{"recording.access": 3, "recording.read": 2, "recording.play": 3, "recording.seek": 1, "recording.comment": 1, "export.ask": 1, "export.grant": 1} {
		if n := s.audited(action, id); n < least {
			t.Errorf("%d rows of %s in the audit trail", n, action)
		}
	}
}

// recorded puts a talk into the spool as a gateway would, only faster, and tells its call. Both voices come and go.
func (s *scene) recorded(length time.Duration) string {
	s.t.Helper()
	keys, err := recordings.LoadPublicKeys(filepath.Join(s.Dir, "secrets", recordings.RecipientFile))
	must(s.t, err)
	clock := time.Now().Add(-length)
	rec, err := recordings.NewRecorder(recordings.Config{
		Dir: filepath.Join(s.Dir, "recordings", "spool"), Recipients: keys, Now: func() time.Time { return clock }, Buffer: int(length / (500 * time.Millisecond)), CloseTimeout: time.Minute,
	})
	must(s.t, err)
	call := ulid.Make().String()
	take, err := rec.Start(ulid.Make().String(), recordings.Meta{Call: call, Line: "12355", Started: clock})
	must(s.t, err)
	second := func(hz float64) []byte { return audio.PCMA.Encode(nil, audio.Sine(8000, hz, 0.3, 0, 8000)) }
	voices, still := [2][]byte{second(440), second(1000)}, audio.PCMA.Encode(nil, make([]int16, 8000))
	var spoken [2][]byte
	for n := range int64(length / time.Second) {
		for side := range int64(2) {
			voice := voices[side]
			if (n/7+side)%3 != 0 { // they take turns, with pauses
				voice = still
			}
			spoken[side] = voice
		}
		for at := 0; at < len(still); at += audio.FrameSamples { // as the network brings it
			for side, voice := range spoken {
				take.Write(recordings.Side(side), n*8000+int64(at), voice[at:at+audio.FrameSamples])
			}
		}
		if n < int64(length/time.Second)-1 { // it ends with the last word
			clock = clock.Add(time.Second)
		}
	}
	_, err = take.Close()
	must(s.t, err, rec.Close())
	return call
}

// audited counts the rows of an action about an object.
func (s *scene) audited(action, object string) (rows int) {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, "data", "hotline.db")+"?mode=ro")
	must(s.t, err)
	defer func() { _ = db.Close() }()
	must(s.t, db.QueryRowContext(s.t.Context(), `SELECT count(*) FROM audit WHERE object = ? AND action = ?`, object, action).Scan(&rows))
	return rows
}
