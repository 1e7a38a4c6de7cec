package system_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"hotline/audio"
	"hotline/telephony/phone"
	"hotline/test/stage"
)

// The controller hangs while a caller waits: a telephone of the line's duty is rung by the dialplan alone. What both say there is recorded like any talk,
// and ten seconds after its end no word of it lies in plain anywhere.
func TestATalkOnAFallbackPhoneIsRecorded(t *testing.T) {
	answered := make(chan *phone.Call, 1)
	duty, err := phone.Answer(context.WithoutCancel(t.Context()), phone.Config{}, "127.0.0.1:0", func(in *phone.Incoming) {
		c, err := in.Accept()
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		c.Play(phone.Tone(toneOutside))
		answered <- c
	})
	must(t, err)
	t.Cleanup(duty.Close)
	file := filepath.Join(t.TempDir(), "hotline.yaml")
	must(t, os.WriteFile(file, fmt.Appendf(nil, `lines:
  - {id: "12355", numbers: ["12355"], name: {zh-CN: 青少年服务热线, en: Youth line}, phones: ["sip:duty@%s"]}
`, duty.Addr()), 0o600))
	on, err := theHouse.open("duty", "--config", file)
	must(t, err)
	t.Cleanup(func() { must(t, on.Stop()) })
	must(t, on.Start(t.Context()))
	s := playOn(t, on)

	c := s.dial("12355")
	c.awaitTone(5*time.Second, stage.ToneHold)
	id := s.awaitCalls(2*time.Second, "waiting")[0].ID
	_, err = s.Signal("controller", syscall.SIGSTOP)
	must(t, err)
	wake := sync.OnceFunc(func() { _, err := s.Signal("controller", syscall.SIGCONT); must(t, err) })
	t.Cleanup(wake)
	var there *phone.Call
	select {
	case there = <-answered:
	case <-time.After(20 * time.Second):
		t.Fatal("the telephone of the duty did not ring")
	}
	began := c.awaitTone(10*time.Second, toneOutside)
	must(t, stage.Poll(t.Context(), 5*time.Second, func() bool { return time.Since(began) > 3*time.Second }))
	must(t, there.Hangup(t.Context()))
	ended := time.Now()

	v := s.visit("supervisor")
	r, parts := v.parts(id, 1)
	if spoken := time.Duration(r.DurationMS) * time.Millisecond; len(parts) != 1 || (spoken-ended.Sub(began)).Abs() > time.Second {
		t.Errorf("%v of a talk of %v are recorded, in %d parts", spoken, ended.Sub(began), len(parts))
	}
	if err := stage.Poll(t.Context(), time.Until(ended.Add(10*time.Second)), func() bool { return len(talkFiles(t, s.Messages())) == 0 }); err != nil {
		t.Errorf("in plain ten seconds after the end: %v", talkFiles(t, s.Messages()))
	}
	clip := v.listen(r.ID, "what was said on the telephone of the duty")
	if len(clip.Channels) != 2 || share(clip.Channels[0], toneOutside) < 0.7 || share(clip.Channels[1], toneCaller) < 0.7 {
		t.Errorf("the recording of %d samples at %d Hz does not hold both voices", len(clip.Channels[0]), audio.Rate)
	}
	s.proved(id, "1 parts are what was recorded, 0 were erased and say so, 0 are not in order")
	c.leave()
	wake()
}

// talkFiles are what Asterisk wrote of talks and nobody has sealed yet.
func talkFiles(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "talk_*"))
	must(t, err)
	return found
}
