package asterisk_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/audio"
	"hotline/deploy/asterisk"
	"hotline/deploy/prompts"
	"hotline/telephony/phone"
	"hotline/test/ports"
)

// These tests are law 2: nothing of ours runs but Asterisk.

func TestStartsWithoutComplaint(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for l := range strings.Lines(s.out.String()) {
		l = strings.TrimSpace(l)
		switch {
		case l == "", l == "Asterisk Ready.", strings.HasPrefix(l, "PBX UUID: "):
		case l == "Could not find option 'minimum_size' with type 'threadpool' in module 'stasis'": // an omission in Asterisk's own documentation file
		default:
			t.Errorf("unexpected: %s", l)
		}
	}
	for _, dir := range []string{s.Dirs.Log, s.Dirs.Spool, s.Messages} {
		err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
			if err == nil && !info.IsDir() {
				t.Errorf("%s was written", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestCallerLeavesAMessage(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	begun := time.Now()
	c := s.call(t, "12355")
	c.await(t, greetingZH)
	if waited := time.Since(begun); waited > 3*time.Second {
		t.Errorf("the first word came after %v: half a second is for a controller to claim the call", waited)
	}
	c.await(t, greetingZH, greetingEN, leave, beep)
	<-c.Play(phone.Clip(audio.Sine(audio.Rate, caller, 0.4, 0, 4*audio.Rate)))
	c.press(t, "#")
	c.await(t, closing)
	<-c.Done()
	if byUs, _ := c.Ended(); byUs {
		t.Error("Asterisk was to end the call after its last words")
	}
	packets := c.Heard()
	for _, gap := range audio.Gaps(packets, packets[0].At, packets[len(packets)-1].At, 500*time.Millisecond, nil) {
		t.Errorf("nothing came for %v, not even silence", gap)
	}
	n := s.notes(t, 1)[0]
	if n.Outcome != asterisk.OutcomeMessage || n.Line != "12355" || n.Number != "12355" || n.Caller != callerNumber || n.Danger || n.Call != "" {
		t.Errorf("%+v", n)
	}
	if n.Ended.Sub(n.Arrived) > time.Minute || n.Ended.Before(n.Fallback) || n.Fallback.Before(n.Arrived) {
		t.Errorf("times: %v, %v, %v", n.Arrived, n.Fallback, n.Ended)
	}
	if share := toneShare(t, n.Message, caller); share < 0.8 {
		t.Errorf("%.0f %% of the message is what the caller said", 100*share)
	}
	if info, err := os.Stat(s.Messages); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of messages: %v %v", info.Mode(), err)
	}
}

// toneShare is the share of 20 ms pieces of a raw A-law file in which the tone is.
func toneShare(t *testing.T, file string, hz float64) float64 {
	t.Helper()
	coded, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pcm, found, pieces := audio.PCMA.Decode(nil, coded), 0, 0
	for piece := range slices.Chunk(pcm, audio.FrameSamples) {
		pieces++
		if audio.Tone(piece, audio.Rate, hz) > 0.8 {
			found++
		}
	}
	return float64(found) / float64(max(1, pieces))
}

func TestCallerHangsUpInTheMessage(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.call(t, "12356")
	c.await(t, beep)
	<-c.Play(phone.Clip(audio.Sine(audio.Rate, caller, 0.4, 0, 3*audio.Rate)))
	c.hangUp(t)
	n := s.notes(t, 1)[0]
	if n.Outcome != asterisk.OutcomeMessage || n.Line != "12356" || n.Bytes < 2*audio.Rate {
		t.Errorf("%+v", n)
	}
}

func TestCallerSaysNothing(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.call(t, "12345")
	c.await(t, beep, closing)
	<-c.Done()
	if n := s.notes(t, 1)[0]; n.Outcome != asterisk.OutcomeAbandoned || n.Caller != callerNumber {
		t.Errorf("%+v", n)
	}
}

func TestCallerHangsUpAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := s.call(t, "12345")
	c.await(t, greetingZH)
	c.hangUp(t)
	if n := s.notes(t, 1)[0]; n.Outcome != asterisk.OutcomeAbandoned || n.Fallback.IsZero() || n.Message != "" {
		t.Errorf("%+v", n)
	}
}

func TestDangerKey(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"0", "*"} {
		t.Run("key "+key, func(t *testing.T) {
			t.Parallel()
			s := start(t, func(c *asterisk.Config) { c.DangerKey, c.Languages = key, []string{"zh-CN"} })
			t.Run("in the greeting", func(t *testing.T) {
				c := s.call(t, "12355")
				c.await(t, greetingZH)
				c.press(t, key)
				c.await(t, danger, leave, beep)
				c.hangUp(t)
				if n := s.notes(t, 1)[0]; !n.Danger {
					t.Errorf("%+v", n)
				} else if err := n.Remove(); err != nil {
					t.Error(err)
				}
			})
			t.Run("in the message", func(t *testing.T) {
				c := s.call(t, "12355")
				c.await(t, beep)
				<-c.Play(phone.Clip(audio.Sine(audio.Rate, caller, 0.4, 0, 2*audio.Rate)))
				c.press(t, key)
				c.await(t, danger, beep)
				<-c.Play(phone.Clip(audio.Sine(audio.Rate, caller, 0.4, 0, 2*audio.Rate)))
				c.hangUp(t)
				n := s.notes(t, 1)[0]
				if !n.Danger || n.Outcome != asterisk.OutcomeMessage {
					t.Errorf("%+v", n)
				}
				if n.Bytes < 3*audio.Rate {
					t.Errorf("%d bytes: what was said before the key is lost", n.Bytes)
				}
				if err := n.Remove(); err != nil {
					t.Error(err)
				}
			})
			t.Run("another key means nothing", func(t *testing.T) {
				c := s.call(t, "12355")
				c.await(t, greetingZH)
				c.press(t, "5")
				c.await(t, greetingZH, leave)
				c.hangUp(t)
				if n := s.notes(t, 1)[0]; n.Danger {
					t.Errorf("%+v", n)
				}
			})
		})
	}
}

func TestFallbackPhone(t *testing.T) {
	t.Parallel()
	answered := make(chan *line, 1)
	pickUp := make(chan struct{})
	desk, err := phone.Answer(t.Context(), phone.Config{}, "127.0.0.1:0", func(in *phone.Incoming) {
		select {
		case <-pickUp:
		case <-in.Canceled():
			return
		}
		c, err := in.Accept()
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		c.Play(phone.Tone(colleague))
		answered <- listen(c)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	s := start(t, func(c *asterisk.Config) {
		c.Lines[0].Phones = []string{"sip:duty@" + desk.Addr()}
		c.Languages = []string{"zh-CN"}
	})
	c := s.call(t, c0(s))
	c.Play(phone.Tone(caller))
	c.await(t, greetingZH, hold)
	c.press(t, "0")
	c.await(t, hold, danger, hold) // the key works while the phones ring
	close(pickUp)
	c.await(t, colleague)
	d := <-answered
	d.await(t, caller)
	// What is said is written down, each direction for itself, and not before there was a talk.
	talk := s.talk(t, audio.Rate)
	if talk.Line != s.Lines[0].ID || talk.Over {
		t.Errorf("%+v", talk)
	}
	d.hangUp(t)
	for file, hz := range map[string]float64{talk.Caller: caller, talk.Phone: colleague} {
		if share := toneShare(t, file, hz); share < 0.8 {
			t.Errorf("%.0f %% of %s is its tone", 100*share, filepath.Base(file))
		}
	}
	c.await(t, colleague, leave, beep) // never a bare hang-up
	c.hangUp(t)
	if n := s.notes(t, 1)[0]; n.Outcome != asterisk.OutcomeAnswered || !n.Danger {
		// What the caller said after the tone is shorter than a message.
		t.Errorf("%+v", n)
	}
}

// talk waits until so many bytes of a talk are in its files.
func (s *server) talk(t *testing.T, size int64) asterisk.Talk {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for time.Now().Before(deadline) {
		talks, err := asterisk.ReadTalks(s.Messages)
		if err != nil {
			t.Fatal(err)
		}
		for _, talk := range talks {
			if info, err := os.Stat(talk.Phone); err == nil && info.Size() >= size {
				return talk
			}
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Fatalf("no talk of %d bytes", size)
	return asterisk.Talk{}
}

func c0(s *server) string { return s.Lines[0].Numbers[0] }

func TestFallbackPhoneThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *asterisk.Config) {
		c.Lines[0].Phones = []string{fmt.Sprintf("sip:duty@127.0.0.1:%d", ports.Free(t))} // nobody is there
		c.Languages, c.RingPhones = []string{"zh-CN"}, 5*time.Second
	})
	c := s.call(t, c0(s))
	c.await(t, greetingZH, hold, leave, beep)
	c.hangUp(t)
	if n := s.notes(t, 1)[0]; n.Outcome != asterisk.OutcomeAbandoned {
		t.Errorf("%+v", n)
	}
}

// A prompt that went missing must not end the call.
func TestMissingPrompts(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *asterisk.Config) { c.Languages = []string{"zh-CN"} })
	for _, name := range []string{prompts.FallbackGreeting, prompts.LeaveMessage} {
		for _, suffix := range []string{".wav", ".alaw"} {
			if err := os.Remove(filepath.Join(s.Sounds, "zh-CN", name+suffix)); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := s.call(t, "12355")
	c.await(t, beep)
	c.hangUp(t)
}
