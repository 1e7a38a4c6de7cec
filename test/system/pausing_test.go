package system_test

import (
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hotline/audio"
	"hotline/test/stage"
)

// What a caller does not want kept is not kept: the counsellor pauses the recording by two keys, talks on, and what was said meanwhile is nowhere in it.
func TestWhatIsLeftOut(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	c := s.talk(d, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID
	must(t, d.AwaitAttribute(3*time.Second, "recording", "data-state", "on"))
	began := time.Now()
	c.awaitSound(began.Add(time.Second), 3*time.Second, "the counsellor", stage.Tones(toneFirst)) // something to have been recorded
	must(t, d.Chord("v", chromedp.ModifierAlt), d.AwaitShown(3*time.Second, "recording-panel"))
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	g.show(d.Page, "pause-1-why", "recording-panel", "record-reason-secret", "call-hangup")
	must(t, d.Chord("v", chromedp.ModifierAlt), d.AwaitGone(3*time.Second, "recording-panel"), d.Chord("v", chromedp.ModifierAlt))
	must(t, d.AwaitFocus(3*time.Second, "record-reason-secret"))
	must(t, d.Press("1"), d.AwaitAttribute(3*time.Second, "recording", "data-state", "paused"), d.AwaitGone(3*time.Second, "recording-panel"))
	g.show(d.Page, "pause-2-paused", "record-resume", "call-hangup")
	paused := time.Now()
	c.awaitSound(paused.Add(time.Second), 3*time.Second, "the counsellor", stage.Tones(toneFirst)) // both go on
	must(t, d.AwaitHeard(3*time.Second, toneCaller))
	must(t, d.Chord("v", chromedp.ModifierAlt), d.AwaitAttribute(3*time.Second, "recording", "data-state", "on"))
	resumed := time.Now()
	c.awaitSound(resumed.Add(time.Second), 3*time.Second, "the counsellor", stage.Tones(toneFirst))
	c.leave()
	s.ended(id)
	clip := (func() audio.Clip {
		v := s.visit("supervisor")
		return v.listen(v.recording(id).ID, "proof of what is left out")
	})()
	// The pause lasted at least from the moment that the page showed it; a soft tone stands at both ends.
	silent, longest := 0, 0
	for at := 0; at+audio.FrameSamples <= len(clip.Channels[1]); at += audio.FrameSamples {
		both := audio.Level(clip.Channels[0][at:at+audio.FrameSamples]) + audio.Level(clip.Channels[1][at:at+audio.FrameSamples])
		if silent++; both > 0.001 {
			silent = 0
		}
		longest = max(longest, silent)
	}
	left := time.Duration(longest) * 20 * time.Millisecond
	if least := resumed.Sub(paused) - time.Second; left < least {
		t.Errorf("%v are left out, want at least %v", left, least)
	}
	if share(clip.Channels[1], toneCaller) < 0.1 {
		t.Error("nothing of the rest is there")
	}
}
