package ari_test

import (
	"context"
	"net"
	"testing"
	"time"

	"hotline/telephony/ari"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/phone"
)

// far is a telephone elsewhere, and an Asterisk with a way to it.
type far struct {
	*asterisktest.Node
	calls chan *phone.Incoming
}

// newFar answers by what decide does; it may block, which is ringing.
func newFar(t *testing.T, decide func(*phone.Incoming)) far {
	t.Helper()
	f := far{calls: make(chan *phone.Incoming, 4)}
	p, err := phone.Answer(t.Context(), phone.Config{}, "127.0.0.1:0", func(in *phone.Incoming) {
		f.calls <- in
		decide(in)
	})
	must(t, err)
	t.Cleanup(p.Close)
	f.Node = asterisktest.Start(t, asterisktest.Options{Endpoints: `[far]
type=endpoint
context=none
disallow=all
allow=alaw
direct_media=no
media_address=127.0.0.1
send_pai=yes
trust_id_outbound=yes
aors=far
[far]
type=aor
contact=sip:` + p.Addr() + "\n"})
	return f
}

func (f far) ring(t *testing.T) *phone.Incoming {
	t.Helper()
	select {
	case in := <-f.calls:
		return in
	case <-time.After(5 * time.Second):
		t.Fatal("the telephone did not ring")
		return nil
	}
}

func up(id string) func(ari.Event) bool {
	return func(e ari.Event) bool { return e.Channel.ID == id && e.Channel.State == "Up" }
}

// TestOutgoingCall: nothing but an answer is one, the headers and the identity arrive, and the two sides hear each other in a bridge of
// their own.
func TestOutgoingCall(t *testing.T) {
	answer, answered := make(chan struct{}), make(chan *phone.Call, 1)
	f := newFar(t, func(in *phone.Incoming) {
		if err := in.Progress(); err != nil {
			t.Error(err)
		}
		<-answer
		c, err := in.Accept()
		if err != nil {
			t.Error(err)
		}
		answered <- c
	})
	w, ctx := app(t, f.Node, "a"), t.Context()
	c, id := caller(t, f.Node, w, 440)
	must(t, w.CreateHold(ctx, hold, "line", "hold"))
	must(t, w.AddChannel(ctx, hold, id))

	const out = "out-call-1"
	vars := map[string]string{
		"PJSIP_HEADER(add,X-Hotline-Hops)": "north,south", "CONNECTEDLINE(num,i)": "13800001111", "HOTLINE": `{"v":1}`,
	}
	must(t, w.Create(ctx, out, "PJSIP/12355@far", vars))
	w.await(ari.StasisStart, of(out))
	must(t, w.Create(ctx, out, "PJSIP/12355@far", vars))
	must(t, w.Dial(ctx, out, 20*time.Second))
	in := f.ring(t)
	if in.Number != "12355" || in.From != "13800001111" || in.Header("X-Hotline-Hops") != "north,south" {
		t.Errorf("called %q, hops %q", in.Number, in.Header("X-Hotline-Hops"))
	}
	if pai := in.Header("P-Asserted-Identity"); pai == "" {
		t.Error("no identity was asserted")
	} else {
		t.Log(pai)
	}
	w.await(ari.ChannelStateChange, func(e ari.Event) bool { return e.Channel.ID == out && e.Channel.State == "Ringing" })
	list, err := w.Channels(ctx)
	must(t, err)
	for _, ch := range list {
		if ch.ID == out && ch.Vars["HOTLINE"] != `{"v":1}` {
			t.Errorf("the tag is %q", ch.Vars["HOTLINE"])
		}
	}
	if err := w.Dial(ctx, out, time.Second); !ari.IsConflict(err) {
		t.Errorf("dialled twice: %v", err)
	}
	for _, e := range w.all() {
		if up(out)(e) {
			t.Error("ringing or early media counts as an answer")
		}
	}
	close(answer)
	other := <-answered
	other.Play(phone.Tone(880))
	w.await(ari.ChannelStateChange, up(out))
	must(t, w.CreateBridge(ctx, "out-call", "mixing", "line"))
	must(t, w.AddChannel(ctx, "out-call", out))
	must(t, w.AddChannel(ctx, "out-call", id))
	hears(t, c, 880)
	hears(t, other, 440)
	must(t, other.Hangup(ctx))
	if e := w.await(ari.ChannelDestroyed, of(out)); e.Cause != 16 {
		t.Errorf("ended with cause %d", e.Cause)
	}
}

// TestOutgoingCallThatNobodyTakes: each way of not being reached has its cause.
func TestOutgoingCallThatNobodyTakes(t *testing.T) {
	f := newFar(t, func(in *phone.Incoming) {
		switch in.Number {
		case "busy":
			_ = in.Reject(486, "Busy Here")
		case "full":
			_ = in.Reject(503, "Service Unavailable")
		case "loop":
			_ = in.Reject(482, "Loop Detected")
		default:
			<-in.Canceled()
		}
	})
	w, ctx := app(t, f.Node, "a"), t.Context()
	for number, cause := range map[string][]int{"busy": {17}, "full": {34, 38, 42}, "loop": {34, 38, 42, 25, 127}, "silent": {19, 18, 16, 0}} {
		id := "out-" + number + "-1"
		must(t, w.Create(ctx, id, "PJSIP/"+number+"@far", nil))
		began := time.Now()
		must(t, w.Dial(ctx, id, time.Second))
		e := w.await(ari.ChannelDestroyed, of(id))
		t.Logf("%s: cause %d %q (tech %d) after %v", number, e.Cause, e.CauseText, e.TechCause, time.Since(began).Round(10*time.Millisecond))
		found := false
		for _, want := range cause {
			found = found || e.Cause == want
		}
		if !found {
			t.Errorf("%s: cause %d, want one of %v", number, e.Cause, cause)
		}
		if up(id)(e) {
			t.Errorf("%s: counted as answered", number)
		}
	}
	id := "out-given-up-1"
	must(t, w.Create(ctx, id, "PJSIP/silent@far", nil))
	must(t, w.Dial(ctx, id, time.Minute))
	for in := f.ring(t); in.Number != "silent"; in = f.ring(t) {
	}
	must(t, w.Hangup(ctx, id, "answered_elsewhere"))
	w.await(ari.ChannelDestroyed, of(id))
}

// TestRingingInALeg: a counsellor who dials hears it ring, in the leg's own bridge, and it stops at once.
func TestRingingInALeg(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{})
	w, ctx := app(t, n, "a"), t.Context()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = socket.Close() }()
	media, err := w.ExternalMedia(ctx, "media-1", socket.LocalAddr().String(), "alaw")
	must(t, err)
	w.await(ari.StasisStart, of("media-1"))
	must(t, w.CreateBridge(ctx, "leg-1", "mixing", "leg"))
	must(t, w.AddChannel(ctx, "leg-1", "media-1"))
	stop := make(chan struct{})
	defer close(stop)
	go sendTone(t, socket, media, 1000, stop)
	prompt := "sound:" + n.Sound("prompt")
	must(t, w.PlayBridge(ctx, "leg-1", "ring-1", prompt, prompt, prompt, prompt))
	w.await(ari.PlaybackStarted, func(e ari.Event) bool { return e.Playback == "ring-1" })
	if !receivedTone(t, socket, asterisktest.PromptHz) {
		t.Error("the counsellor hears no ringing")
	}
	must(t, w.StopPlayback(ctx, "ring-1"))
	w.await(ari.PlaybackFinished, func(e ari.Event) bool { return e.Playback == "ring-1" })
	c, id := caller(t, n, w, 440)
	must(t, w.AddChannel(ctx, "leg-1", id))
	hears(t, c, 1000)
	if receivedTone(t, socket, asterisktest.PromptHz) {
		t.Error("the ringing goes on")
	}
	_ = c.Hangup(context.Background())
}
