package ari_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"hotline/audio"
	"hotline/telephony/ari"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/phone"
)

// hold is the bridge that the tests' callers wait in.
const hold = "hold-test"

func TestACallFromEndToEnd(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{})
	w, ctx := app(t, n, "one"), t.Context()
	c, id := caller(t, n, w, 440)

	e := w.await(ari.StasisStart, of(id))
	if e.App != "one" || e.Channel.CallerNumber != "13800001111" || e.Channel.Context != "in" || e.Channel.Exten != "stasis-one" ||
		e.Channel.ProtocolID == "" || time.Since(e.At) > time.Minute || time.Since(e.Channel.Created) > time.Minute {
		t.Errorf("%+v", e)
	}
	w.await(ari.ChannelStateChange, func(e ari.Event) bool { return e.Channel.ID == id && e.Channel.State == "Up" })

	value := `{"v":1,"line":"12355","note":"a b&c=d?e%20\"é"}`
	must(t, w.SetVar(ctx, id, "HOTLINE", value))
	got, err := w.GetVar(ctx, id, "HOTLINE")
	if err != nil || got != value {
		t.Errorf("variable %q, %v", got, err)
	}
	list, err := w.Channels(ctx)
	if err != nil || len(list) != 1 || list[0].Vars["HOTLINE"] != value {
		t.Errorf("channels %+v, %v", list, err)
	}
	if _, err := w.GetVar(ctx, id, "NO_SUCH"); !ari.IsNotFound(err) {
		t.Errorf("missing variable: %v", err)
	}

	must(t, w.CreateHold(ctx, hold, "line", "hold"))
	must(t, w.CreateHold(ctx, hold, "line", "hold"))
	must(t, w.AddChannel(ctx, hold, id))
	w.await(ari.ChannelEnteredBridge, func(e ari.Event) bool { return e.Channel.ID == id && e.Bridge == hold })
	hears(t, c, asterisktest.HoldHz)

	must(t, w.Play(ctx, id, "play-1", "sound:"+n.Sound("prompt"), "sound:"+n.Sound("prompt")))
	hears(t, c, asterisktest.PromptHz)
	done := w.await(ari.PlaybackFinished, func(e ari.Event) bool { return e.Playback == "play-1" })
	if done.PlaybackState != "done" {
		t.Errorf("playback ended as %q", done.PlaybackState)
	}
	hears(t, c, asterisktest.HoldHz)
	must(t, w.Play(ctx, id, "play-2", "sound:"+n.Sound("prompt")))
	must(t, w.StopPlayback(ctx, "play-2"))
	must(t, w.StopPlayback(ctx, "play-2"))
	must(t, w.Play(ctx, id, "play-3", "sound:no-such-file"))
	if e := w.await(ari.PlaybackFinished, func(e ari.Event) bool { return e.Playback == "play-3" }); e.PlaybackState != "failed" {
		t.Errorf("a missing file ended as %q", e.PlaybackState)
	}

	must(t, c.SendDTMF("0"))
	if e := w.await(ari.ChannelDtmfReceived, of(id)); e.Digit != "0" || e.DigitMS < 80 || e.DigitMS > 200 {
		t.Errorf("key %q of %d ms", e.Digit, e.DigitMS)
	}
	must(t, c.Hangup(ctx))
	if e := w.await(ari.ChannelHangupRequest, of(id)); e.Cause != 0 && e.Cause != 16 {
		t.Errorf("hang-up with cause %d", e.Cause)
	}
	w.await(ari.ChannelLeftBridge, func(e ari.Event) bool { return e.Channel.ID == id && e.Bridge == hold })
	w.await(ari.StasisEnd, of(id))
	if err := w.Answer(ctx, id); !ari.IsNotFound(err) {
		t.Errorf("answer after the end: %v", err)
	}
	if err := w.AddChannel(ctx, hold, id); !ari.IsNotFound(err) {
		t.Errorf("add after the end: %v", err)
	}
	must(t, w.Hangup(ctx, id, "normal"))
	must(t, w.DestroyBridge(ctx, hold))
	must(t, w.DestroyBridge(ctx, hold))
	for _, k := range w.kinds() {
		if k == ari.Gap {
			t.Error("events were lost")
		}
	}
}

func TestOneControllerWinsABroadcast(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{})
	a, b, ctx := app(t, n, "a"), app(t, n, "b"), t.Context()
	dialled := make(chan error, 1)
	go func() {
		c, err := phone.Dial(ctx, phone.Config{Server: n.SIP}, asterisktest.Broadcast)
		if err == nil {
			err = c.Hangup(ctx)
		}
		dialled <- err
	}()
	id := a.await(ari.CallBroadcast, nil).Channel.ID
	b.await(ari.CallBroadcast, of(id))
	won, err := a.Claim(ctx, id)
	if !won || err != nil {
		t.Fatalf("first claim: %v %v", won, err)
	}
	if won, err := b.Claim(ctx, id); won || err != nil {
		t.Errorf("second claim: %v %v", won, err)
	}
	a.await(ari.StasisStart, of(id))
	if e := b.await(ari.CallClaimed, of(id)); e.Winner != "a" {
		t.Errorf("winner %q", e.Winner)
	}
	must(t, a.Answer(ctx, id))
	must(t, <-dialled)
	a.await(ari.StasisEnd, of(id))

	var r *phone.Rejected
	if _, err := phone.Dial(ctx, phone.Config{Server: n.SIP}, asterisktest.Broadcast); !errors.As(err, &r) {
		t.Errorf("nobody claims: %v, want the dialplan's refusal", err)
	}
	if won, err := a.Claim(ctx, "no-such-channel"); won || err != nil {
		t.Errorf("claim of nothing: %v %v", won, err)
	}
}

// TestMovesAreInaudible is the nailed-up leg: the caller is moved between hold audio and a counsellor's bridge that belongs
// to another application, and misses nothing.
func TestMovesAreInaudible(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{})
	a, b, ctx := app(t, n, "a"), app(t, n, "b"), t.Context()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = socket.Close() }()
	media, err := b.ExternalMedia(ctx, "media-1", socket.LocalAddr().String(), "alaw")
	must(t, err)
	again, err := b.ExternalMedia(ctx, "media-1", socket.LocalAddr().String(), "alaw")
	must(t, err)
	if media.LocalAddress != "127.0.0.1" || media.LocalPort == 0 || again.LocalPort != media.LocalPort {
		t.Fatalf("media address %s:%d, asked again %s:%d", media.LocalAddress, media.LocalPort, again.LocalAddress, again.LocalPort)
	}
	b.await(ari.StasisStart, of("media-1"))
	must(t, b.CreateBridge(ctx, "leg-1", "mixing", "leg"))
	must(t, b.CreateBridge(ctx, "leg-1", "mixing", "leg"))
	must(t, b.AddChannel(ctx, "leg-1", "media-1"))
	must(t, a.CreateHold(ctx, hold, "line", "hold"))
	stop := make(chan struct{})
	defer close(stop)
	go sendTone(t, socket, media, 1000, stop)

	control, err := phone.Dial(ctx, phone.Config{Server: n.SIP}, asterisktest.Milliwatt)
	must(t, err)
	defer func() { _ = control.Hangup(context.Background()) }()
	c, id := caller(t, n, a, 440)
	must(t, a.AddChannel(ctx, hold, id))
	from := hears(t, c, asterisktest.HoldHz)
	for range 5 {
		must(t, a.AddChannel(ctx, "leg-1", id))
		hears(t, c, 1000)
		must(t, a.AddChannel(ctx, hold, id))
		hears(t, c, asterisktest.HoldHz)
	}
	to := time.Now()
	hears(t, c, asterisktest.HoldHz)
	gaps := audio.Gaps(c.Heard(), from, to, 60*time.Millisecond, audio.Audible(0.1))
	stalls := audio.Gaps(control.Heard(), from, to, 0, audio.Audible(0.1)) // of a busy machine
	if gaps = audio.Beyond(gaps, stalls, 60*time.Millisecond); len(gaps) > 0 {
		t.Errorf("the caller heard nothing for %v", gaps)
	}
	if tone := receivedTone(t, socket, 440); tone {
		t.Error("the counsellor hears a caller who is on hold")
	}
	must(t, a.AddChannel(ctx, "leg-1", id))
	hears(t, c, 1000)
	if tone := receivedTone(t, socket, 440); !tone {
		t.Error("the counsellor does not hear the caller")
	}
	b.await(ari.ChannelEnteredBridge, func(e ari.Event) bool { return e.Channel.ID == id && e.Bridge == "leg-1" })
}

// TestHoldAudioOutlivesItsLastCaller is why CreateHold keeps a channel in its bridge.
func TestHoldAudioOutlivesItsLastCaller(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{})
	w, ctx := app(t, n, "a"), t.Context()
	must(t, w.CreateHold(ctx, hold, "line", "hold"))
	for i := range 3 {
		c, id := caller(t, n, w, 440)
		must(t, w.AddChannel(ctx, hold, id))
		if _, err := heardTone(c, asterisktest.HoldHz, 3*time.Second); err != nil {
			t.Errorf("caller %d, alone on hold: %v", i, err)
		}
		must(t, c.Hangup(ctx))
		w.await(ari.StasisEnd, of(id))
	}
	b, err := w.BridgeGet(ctx, hold)
	if err != nil || b.Type != "holding" || len(b.Channels) != 1 || b.Channels[0] != ari.KeeperPrefix+hold {
		t.Errorf("bridge %+v, %v", b, err)
	}
}

// TestAddBeforeStasisIsUnprocessable is the answer that tells a caller of AddChannel to wait for StasisStart.
func TestAddBeforeStasisIsUnprocessable(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{})
	w, ctx := app(t, n, "a"), t.Context()
	must(t, w.CreateBridge(ctx, "b", "mixing", ""))
	c, err := phone.Dial(ctx, phone.Config{Server: n.SIP}, asterisktest.Echo)
	must(t, err)
	defer func() { _ = c.Hangup(ctx) }()
	list, err := w.Channels(ctx)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if err := w.AddChannel(ctx, "b", list[0].ID); !ari.IsUnprocessable(err) {
		t.Errorf("add: %v", err)
	}
	if err := w.Answer(ctx, list[0].ID); !ari.IsConflict(err) {
		t.Errorf("answer: %v", err)
	}
}

// TestDeadControllersCallsAreServed: a guardian needs only REST, and a peer adopts by the dead one's application name.
func TestDeadControllersCallsAreServed(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{})
	guardian, ctx := app(t, n, "guardian"), t.Context()
	dead, err := ari.New(ari.Config{URL: n.ARI, User: asterisktest.User, Password: asterisktest.Password, App: "dead"}, slog.New(slog.DiscardHandler), nil)
	must(t, err)
	defer dead.Close()
	life, die := context.WithCancel(ctx)
	ran := make(chan error, 1)
	go func() { ran <- dead.Run(life) }()
	calls := make(chan *phone.Call, 2)
	for e, err := dead.Next(ctx); e.Kind != ari.Connected; e, err = dead.Next(ctx) {
		must(t, err)
	}
	go func() {
		for range 2 {
			c, err := phone.Dial(ctx, phone.Config{Server: n.SIP}, "stasis-dead")
			if err != nil {
				t.Error(err)
			}
			calls <- c
		}
	}()
	var ids []string
	for len(ids) < 2 {
		e, err := dead.Next(ctx)
		must(t, err)
		if e.Kind == ari.StasisStart {
			must(t, dead.Answer(ctx, e.Channel.ID))
			ids = append(ids, e.Channel.ID)
		}
	}
	first, second := <-calls, <-calls
	die()
	if err := <-ran; !errors.Is(err, context.Canceled) {
		t.Errorf("the dead controller ended with %v", err)
	}
	must(t, guardian.Continue(ctx, ids[0], "in", "parked", 1))
	hears(t, first, 1004)
	if err := guardian.Continue(ctx, ids[0], "in", "parked", 1); !ari.IsConflict(err) {
		t.Errorf("continue of a call that is in the dialplan: %v", err)
	}
	peer := app(t, n, "dead")
	must(t, second.Hangup(ctx))
	peer.await(ari.StasisEnd, of(ids[1]))
	must(t, first.Hangup(ctx))
	if ok, err := guardian.Connected(ctx, "never-was"); ok || err != nil {
		t.Errorf("an unknown application is connected: %v %v", ok, err)
	}
	if ok, err := guardian.Connected(ctx, "dead"); !ok || err != nil {
		t.Errorf("the adopted application is not connected: %v %v", ok, err)
	}
}

func TestSecondClientOfAnApplicationReplacesTheFirst(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{})
	first := app(t, n, "same")
	app(t, n, "same")
	first.await(ari.Replaced, nil)
	if err := <-first.run; !errors.Is(err, ari.ErrReplaced) {
		t.Errorf("Run ended with %v", err)
	}
}

func TestFrozenAndDeadAsterisk(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{})
	w := start(t, ari.Config{
		URL: n.ARI, User: asterisktest.User, Password: asterisktest.Password, App: "a",
		Timeout: 300 * time.Millisecond, PingEvery: 100 * time.Millisecond, ReadTimeout: 300 * time.Millisecond,
	})
	w.await(ari.Connected, nil)
	must(t, w.Ping(t.Context()))
	info, err := w.Info(t.Context())
	if err != nil || !strings.HasPrefix(info.Version, "2") || info.EntityID == "" {
		t.Errorf("info %+v, %v", info, err)
	}
	n.Freeze(t)
	began := time.Now()
	if g := w.await(ari.Gap, nil); g.CauseText != "half_open" {
		t.Errorf("gap because of %q", g.CauseText)
	}
	if d := time.Since(began); d > time.Second {
		t.Errorf("noticed after %v", d)
	}
	if err := w.Ping(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ping of a frozen asterisk: %v", err)
	}
	n.Thaw(t)
	w.awaitNth(ari.Connected, 2, nil)
	n.Kill()
	w.awaitNth(ari.Gap, 2, nil)
	if err := w.Ping(t.Context()); err == nil {
		t.Error("a dead asterisk answered")
	}
}

// TestNoEventIsLostUnderLoad: each of many short calls is seen to begin and to end, in order.
func TestNoEventIsLostUnderLoad(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{})
	w, ctx := app(t, n, "a"), t.Context()
	const calls = 200
	for i := range calls {
		_, err := w.Originate(ctx, fmt.Sprintf("load-%d", i), ari.OriginateRequest{Endpoint: "Local/echo@in/n", Timeout: 5})
		must(t, err)
	}
	for i := range calls {
		id := fmt.Sprintf("load-%d", i)
		w.await(ari.StasisStart, of(id))
		must(t, w.Hangup(ctx, id, "normal"))
	}
	for i := range calls {
		w.await(ari.StasisEnd, of(fmt.Sprintf("load-%d", i)))
	}
	began := map[string]bool{}
	for _, e := range w.all() {
		switch e.Kind {
		case ari.Gap:
			t.Error("events were lost")
		case ari.StasisStart:
			began[e.Channel.ID] = true
		case ari.StasisEnd:
			if !began[e.Channel.ID] {
				t.Errorf("%s ended before it began", e.Channel.ID)
			}
		}
	}
}

// TestProofsComeBack: a connection on which nothing happens is not given up.
func TestProofsComeBack(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{})
	w := start(t, ari.Config{
		URL: n.ARI, User: asterisktest.User, Password: asterisktest.Password, App: "quiet",
		EchoEvery: 50 * time.Millisecond, PingEvery: 100 * time.Millisecond, ReadTimeout: patient,
	})
	w.await(ari.Connected, nil)
	<-time.After(2 * patient) // twice as long as an answer may take
	if kinds := w.kinds(); len(kinds) != 1 {
		t.Errorf("%v", kinds)
	}
}
