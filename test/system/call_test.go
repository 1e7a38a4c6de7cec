package system_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/audio"
	"hotline/test/browser"
	"hotline/test/stage"
)

// One call, from the first ring to the recording: what each side says is heard by the other and stands in its channel of the recording.
func TestOneCall(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	c := s.dial("12355")
	if heard := c.awaitSound(c.answered, time.Second, "the greeting", stage.Tones(stage.ToneGreeting)); heard.Sub(c.answered) > 500*time.Millisecond {
		t.Errorf("the greeting began %v after the answer", heard.Sub(c.answered))
	}
	must(t, d.AwaitOffer(10*time.Second))
	live := s.awaitCalls(2*time.Second, "offered")[0]
	clicked := time.Now()
	must(t, d.Accept())
	if heard := c.awaitSound(clicked, 3*time.Second, "the counsellor", stage.Tones(toneFirst)); heard.Sub(clicked) > time.Second {
		t.Errorf("the counsellor was heard only %v after the click", heard.Sub(clicked))
	}
	must(t, d.AwaitHeard(3*time.Second, toneCaller))
	c.calm(toneFirst)
	began := time.Now()
	// Three seconds of talk are what the recording is judged by.
	c.awaitSound(began.Add(3*time.Second), 4*time.Second, "the counsellor", stage.Tones(toneFirst))
	c.steady(began, began.Add(3*time.Second), 200*time.Millisecond, "the counsellor's voice", stage.Tones(toneFirst))
	if share, err := d.Heard(toneCaller, began); err != nil || share < 0.9 {
		t.Errorf("the browser brought the caller for %.2f of the time (%v)", share, err)
	}
	must(t, d.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
	must(t, d.AwaitState(3*time.Second, browser.WrapUp))
	must(t, d.Done(), d.AwaitState(3*time.Second, browser.Available))

	row := s.ended(live.ID)
	if row.Outcome != "answered" || row.Cause != "agent" || row.Line != "12355" {
		t.Errorf("the ledger says %+v", row)
	}
	s.judgeRecording(row)
}

// judgeRecording plays a call's recording as the supervisor would.
func (s *scene) judgeRecording(row stage.Ended) {
	s.t.Helper()
	v := s.visit("supervisor")
	r := v.recording(row.ID)
	clip := v.listen(r.ID, "proof of the whole-system test")
	if len(clip.Channels) != 2 || clip.Rate != audio.Rate {
		s.t.Fatalf("recording has %d channels at %d Hz", len(clip.Channels), clip.Rate)
	}
	left, right := clip.Channels[0], clip.Channels[1]
	// The seams are cut off: the counsellor's tone begins and ends within them.
	inner := func(pcm []int16) []int16 { return pcm[len(pcm)/10 : len(pcm)-len(pcm)/10] }
	for name, is := range map[string]struct {
		share float64
		want  bool
	}{
		"left, counsellor":  {share(inner(left), toneFirst), true},
		"left, caller":      {share(inner(left), toneCaller), false},
		"right, caller":     {share(inner(right), toneCaller), true},
		"right, counsellor": {share(inner(right), toneFirst), false},
	} {
		if is.want && is.share < 0.9 || !is.want && is.share > 0.05 {
			s.t.Errorf("recording, %s: %.2f of the time", name, is.share)
		}
	}
	long := float64(len(left)) / audio.Rate
	if talk := float64(row.TalkMS) / 1000; math.Abs(long-talk) > 0.2 {
		s.t.Errorf("recording is %.2f s long, the talk was %.2f s", long, talk)
	}
	if !r.Complete {
		s.t.Error("recording is not complete")
	}
	s.judgeAudit(r.ID)
	s.judgeSecrecy(right)
}

// judgeSecrecy: speech never rests in plain. The caller's tone has a period of 200 samples; its bytes as the telephone sent them stand in the
// recording that was played, and in no file of the instance.
func (s *scene) judgeSecrecy(played []int16) {
	s.t.Helper()
	spoken := audio.PCMA.Encode(nil, audio.Sine(audio.Rate, toneCaller, 0.5, 0, 40))
	if !bytes.Contains(audio.PCMA.Encode(nil, played), spoken) {
		s.t.Error("the recording does not hold what the caller sent byte by byte: it was transcoded on the way")
	}
	s.everyFile(func(path string, raw []byte) {
		if bytes.Contains(raw, spoken) {
			s.t.Errorf("%s holds speech in plain", path)
		}
	})
}

// everyFile shows every file that the instance has written.
func (s *scene) everyFile(look func(path string, raw []byte)) {
	s.t.Helper()
	must(s.t, filepath.WalkDir(s.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			if raw, err := os.ReadFile(path); err == nil {
				look(path, raw)
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // files come and go
		}
		return err
	}))
}

// share is how much of the time a tone is most of what is heard.
func share(pcm []int16, hz float64) float64 {
	frames, with := 0, 0
	for ; len(pcm) >= audio.FrameSamples; pcm = pcm[audio.FrameSamples:] {
		frames++
		if audio.Tone(pcm[:audio.FrameSamples], audio.Rate, hz) >= 0.5 {
			with++
		}
	}
	return float64(with) / float64(max(1, frames))
}

// Everything that a call needs can be done by keys; muting takes the counsellor's voice away and nothing else.
func TestByKeys(t *testing.T) {
	s := play(t)
	d := s.desk(0)
	must(t, d.NotReady())
	must(t, d.Press(browser.KeyReady), d.AwaitState(5*time.Second, browser.Available))
	c := s.dial("12355")
	must(t, d.AwaitOffer(10*time.Second), d.Press(browser.KeyAccept), d.AwaitAttribute(5*time.Second, "call", "data-state", "talking"))
	c.awaitTone(3*time.Second, toneFirst)
	must(t, d.Press(browser.KeyMute))
	muted := c.awaitSound(time.Now(), 2*time.Second, "silence", func(p packet) bool { return audio.Level(p.PCM) < 0.001 })
	must(t, d.AwaitHeard(2*time.Second, toneCaller))
	must(t, d.Press(browser.KeyMute))
	voice := c.awaitTone(2*time.Second, toneFirst)
	c.silence = voice.Sub(muted) + time.Second // the silence that was asked for
	must(t, d.Press(browser.KeyHangup), d.Press(browser.KeyHangup))
	c.awaitEnd(2 * time.Second)
	must(t, d.AwaitState(3*time.Second, browser.WrapUp), d.Deny(), d.Press(browser.KeyDone), d.AwaitState(3*time.Second, browser.Available))
}
