package telephony

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline/queue"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/call"
	"hotline/telephony/webrtc"
)

// tapes notes which recordings run, and what they say.
type tapes struct {
	mu      sync.Mutex
	calls   []string // of the recordings begun, in order
	takes   []*take
	running int
}

func (t *tapes) Start(_, call, _, agent string, _ time.Time) (webrtc.Take, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, call)
	t.running++
	k := &take{tapes: t, agent: agent}
	t.takes = append(t.takes, k)
	return k, nil
}

// state is what was begun and how many still run.
func (t *tapes) state() (begun []string, running int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.calls), t.running
}

// said is what each recording said so far.
func (t *tapes) said() [][]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all [][]string
	for _, k := range t.takes {
		all = append(all, slices.Clone(k.notes))
	}
	return all
}

type take struct {
	*tapes
	agent string
	notes []string
}

func (t *take) note(words ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.notes = append(t.notes, strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "))
}

func (t *take) Begin(kind, who, code string)     { t.note("begin", kind, who, code) }
func (t *take) End(kind, who string)             { t.note("end", kind, who) }
func (t *take) Point(kind, who, code string)     { t.note("point", kind, who, code) }
func (t *take) Pause(code, who string)           { t.note("pause", code, who) }
func (t *take) Resume()                          { t.note("resume") }
func (t *take) Write(webrtc.Side, int64, []byte) {}

func (t *take) Close() (time.Duration, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	return 0, nil
}

// says waits until recording n (from 0) has said exactly that, in that order.
func (s *scene) says(n int, want ...string) {
	s.t.Helper()
	var got []string
	deadline := time.Now().Add(8 * time.Second)
	for time.Now().Before(deadline) {
		if all := s.tapes.said(); n < len(all) {
			if got = all[n]; slices.Equal(got, want) {
				return
			}
		}
		pause(context.Background(), 10*time.Millisecond)
	}
	s.t.Fatalf("recording %d says %q, want %q", n, got, want)
}

// TestTheTapeSays: hold, who listens, danger and pauses are on the recording of the talk, which is one over the hold and over the death of the controller.
func TestTheTapeSays(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	life := s.start()
	c, id, _ := s.talk("a1")
	said := []string{"begin talk a1"}
	say := func(more ...string) {
		t.Helper()
		said = append(said, more...)
		s.says(0, said...)
	}
	say()
	s.attends("s1", otherHz)
	s.attached(life, "s1")
	s.wishes("join", "s1", id, arg("monitor"))
	say("begin monitor s1")
	s.wishes("hold", "a1", id)
	say("end talk a1", "begin hold a1")
	s.wishes("resume", "a1", id)
	say("end hold a1", "begin talk a1")
	s.wishes("record_pause", "s1", id, arg("personal"), note("60")) // not theirs to wish
	s.wishes("record_pause", "a1", id, arg("personal"), note("60"))
	say("pause personal a1")
	s.until("the index shows the pause", func() bool {
		p := s.rows()[id].Pause
		return p.By == "a1" && p.Code == "personal" && p.Until.Sub(p.Since) == time.Minute && p.Taken.Equal(p.Until)
	})
	must(t, life.kill())
	life = s.start()
	s.until("the call is adopted", func() bool { return calls(life) == 1 })
	s.wishes("risk", "a1", id, arg("high"))
	say("point risk a1 high", "resume") // nothing of a danger is left out
	s.until("the index shows no pause", func() bool { return s.rows()[id].Pause == (queue.Pause{}) })
	s.wishes("record_pause", "a1", id, arg("personal"), note("60"))
	s.wishes("record_pause", "a1", id, arg("personal"), note("1,at_risk")) // the site lets it
	say("pause personal a1", "resume")                                     // and it ends by itself
	s.wishes("leave", "s1", id)
	say("end monitor s1")
	s.hangsUp("a1", id)
	s.gone(c)
	s.until("it is sealed", func() bool { begun, running := s.tapes.state(); return len(begun) == 1 && running == 0 })
}

// TestPauseGoesOnOnAnotherLeg: the recording on the counsellor's next leg is one of the same call, and leaves out from its first word on what was to be
// left out.
func TestPauseGoesOnOnAnotherLeg(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.start()
	c, id, b := s.talk("a1")
	s.says(0, "begin talk a1")
	s.wishes("record_pause", "a1", id, arg("third_party"), note("60"))
	s.says(0, "begin talk a1", "pause third_party a1")
	b.stop()
	s.hears(c, asterisktest.HoldHz)
	openBrowser(t, s.gateway.Client, "a1")
	s.hears(c, counsellorHz)
	s.says(1, "begin talk a1", "pause third_party a1")
	s.until("it is confirmed on that leg, too", func() bool { p := s.rows()[id].Pause; return p.Asked.After(p.Since) && p.Taken.Equal(p.Until) })
	if begun, _ := s.tapes.state(); begun[0] != begun[1] || call.ID(begun[0]) != id {
		t.Errorf("recordings of the calls %v", begun)
	}
	s.wishes("record_resume", "a1", id)
	s.says(1, "begin talk a1", "pause third_party a1", "resume")
	s.hangsUp("a1", id)
	s.gone(c)
}
