package phone_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hotline/audio"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/phone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen collects packets until ok holds for n of them in a row, and gives the first of those.
func listen(t *testing.T, c *phone.Call, n int, ok func(phone.Packet) bool) phone.Packet {
	t.Helper()
	found := make(chan phone.Packet, 1)
	run := 0
	var first phone.Packet
	c.OnPacket(func(p phone.Packet) {
		if !ok(p) {
			run = 0
			return
		}
		if run++; run == 1 {
			first = p
		}
		if run == n {
			select {
			case found <- first:
			default:
			}
		}
	})
	defer c.OnPacket(nil)
	select {
	case p := <-found:
		return p
	case <-c.Done():
		t.Fatal("call ended before the sound was heard")
	case <-time.After(10 * time.Second):
		t.Fatalf("sound was not heard within 10 s; %d packets came", len(c.Heard()))
	}
	return phone.Packet{}
}

func dial(t *testing.T, cfg phone.Config, number string) *phone.Call {
	t.Helper()
	c, err := phone.Dial(t.Context(), cfg, number)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Hangup(context.Background()) })
	return c
}

func TestPhoneAgainstAsterisk(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{Extensions: `exten => keys,1,Answer()
 same => n,WaitExten(20)
exten => _X,1,SendDTMF(${EXTEN})
 same => n,Milliwatt()
exten => farewell,1,Answer()
 same => n,Wait(0.3)
 same => n,Hangup(19)
`})
	for _, transport := range []string{"udp", "tcp"} {
		for _, codec := range []audio.Codec{audio.PCMA, audio.PCMU} {
			t.Run("echo "+transport+" "+codec.Name(), func(t *testing.T) {
				c := dial(t, phone.Config{Server: n.SIP, Transport: transport, Codecs: []audio.Codec{codec}}, asterisktest.Echo)
				c.Play(phone.Tone(440))
				listen(t, c, 25, audio.HasTone(440, 0.9))
				c.Play(phone.Tone(1000))
				listen(t, c, 25, audio.HasTone(1000, 0.9))
				if err := c.Hangup(t.Context()); err != nil {
					t.Fatal(err)
				}
				if byUs, cause := c.Ended(); !byUs || cause != "hangup" {
					t.Errorf("ended by us %v, cause %q", byUs, cause)
				}
			})
		}
	}
	t.Run("milliwatt without a gap", func(t *testing.T) {
		c := dial(t, phone.Config{Server: n.SIP}, asterisktest.Milliwatt)
		from := listen(t, c, 10, audio.HasTone(1004, 0.9)).At
		last := listen(t, c, 100, audio.HasTone(1004, 0.9))
		// The share of a second that was heard does not depend on how busy the machine is, the length of a gap does.
		heard := 0
		for _, p := range c.Heard() {
			if !p.At.Before(from) && !p.At.After(last.At) && audio.Tone(p.PCM, audio.Rate, 1004) > 0.9 {
				heard++
			}
		}
		if want := int(last.At.Sub(from) / (20 * time.Millisecond)); heard < want*9/10 {
			t.Errorf("%d packets of the tone, want %d", heard, want)
		}
	})
	t.Run("busy is a status", func(t *testing.T) {
		_, err := phone.Dial(t.Context(), phone.Config{Server: n.SIP}, asterisktest.Busy)
		var r *phone.Rejected
		if !errors.As(err, &r) || r.Status != 486 {
			t.Errorf("err = %v, want 486", err)
		}
	})
	t.Run("unknown number is a status", func(t *testing.T) {
		_, err := phone.Dial(t.Context(), phone.Config{Server: n.SIP}, "nobody")
		var r *phone.Rejected
		if !errors.As(err, &r) || r.Status != 404 {
			t.Errorf("err = %v, want 404", err)
		}
	})
	t.Run("the other side hangs up with a cause", func(t *testing.T) {
		c := dial(t, phone.Config{Server: n.SIP}, "farewell")
		<-c.Done()
		if byUs, cause := c.Ended(); byUs || !strings.Contains(cause, "cause=19") {
			t.Errorf("ended by us %v, cause %q; want Q.850 cause 19", byUs, cause)
		}
	})
	t.Run("a pressed key is understood", func(t *testing.T) {
		c := dial(t, phone.Config{Server: n.SIP}, "keys")
		if err := c.SendDTMF("7"); err != nil {
			t.Fatal(err)
		}
		listen(t, c, 10, audio.HasTone(1004, 0.9))
		if c.Keys() != "7" {
			t.Errorf("keys heard %q, want 7", c.Keys())
		}
	})
	t.Run("context ends the call", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, err := phone.Dial(ctx, phone.Config{Server: n.SIP}, asterisktest.Echo)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		<-c.Done()
	})
}

func TestPhoneIsCalled(t *testing.T) {
	talking := make(chan *phone.Call, 1)
	p, err := phone.Answer(t.Context(), phone.Config{}, "127.0.0.1:0", func(in *phone.Incoming) {
		switch in.Number {
		case "busy":
			_ = in.Reject(486, "Busy Here")
		case "patient":
			<-in.Canceled()
		default:
			c, err := in.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			c.Play(phone.Tone(700))
			talking <- c
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	n := asterisktest.Start(t, asterisktest.Options{
		Endpoints: "[out]\ntype=endpoint\ncontext=in\ndisallow=all\nallow=alaw\ndirect_media=no\nmedia_address=127.0.0.1\n",
		Extensions: "exten => out,1,Dial(PJSIP/out/sip:kin@" + p.Addr() + ")\n" +
			"exten => outbusy,1,Dial(PJSIP/out/sip:busy@" + p.Addr() + ")\n same => n,Hangup(17)\n" +
			"exten => patient,1,Dial(PJSIP/out/sip:patient@" + p.Addr() + ",1)\n same => n,Hangup(19)\n",
	})
	t.Run("answers and both are heard", func(t *testing.T) {
		c := dial(t, phone.Config{Server: n.SIP}, "out")
		c.Play(phone.Tone(440))
		callee := <-talking
		listen(t, c, 25, audio.HasTone(700, 0.9))
		listen(t, callee, 25, audio.HasTone(440, 0.9))
		if err := callee.Hangup(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-c.Done()
	})
	t.Run("caller hangs up first", func(t *testing.T) {
		c := dial(t, phone.Config{Server: n.SIP}, "out")
		callee := <-talking
		if err := c.Hangup(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-callee.Done()
		if byUs, _ := callee.Ended(); byUs {
			t.Error("the callee believes that it hung up")
		}
	})
	t.Run("rejects", func(t *testing.T) {
		var r *phone.Rejected
		if _, err := phone.Dial(t.Context(), phone.Config{Server: n.SIP}, "outbusy"); !errors.As(err, &r) || r.Status != 486 {
			t.Errorf("err = %v, want 486", err)
		}
	})
	t.Run("a caller who gives up ends the ringing", func(t *testing.T) {
		var r *phone.Rejected
		if _, err := phone.Dial(t.Context(), phone.Config{Server: n.SIP}, "patient"); !errors.As(err, &r) {
			t.Errorf("err = %v, want a rejection", err)
		}
	})
	t.Run("cancel before the answer", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := phone.Dial(ctx, phone.Config{Server: n.SIP}, "patient"); err == nil {
			t.Error("a cancelled call was answered")
		}
	})
}
