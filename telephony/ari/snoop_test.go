package ari_test

import (
	"net"
	"testing"
	"time"

	"github.com/pion/rtp"

	"hotline/audio"
	"hotline/telephony/ari"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/phone"
)

const (
	agentHz      = 1000
	supervisorHz = 1700
)

// headset is the far end of an external media channel.
type headset struct {
	net.PacketConn
	media ari.Channel
}

func openHeadset(t *testing.T, w *watch, id string) headset {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	ch, err := w.ExternalMedia(t.Context(), "media-"+id, socket.LocalAddr().String(), "alaw")
	must(t, err)
	w.await(ari.StasisStart, of("media-"+id))
	must(t, w.CreateBridge(t.Context(), "leg-"+id, "mixing", "leg"))
	must(t, w.AddChannel(t.Context(), "leg-"+id, "media-"+id))
	return headset{socket, ch}
}

// notice is how much of each tone comes within 400 ms, in packets of the 20 that there can be; the last is how many packets came.
func (h headset) notice(t *testing.T, hz ...float64) []int {
	t.Helper()
	counts, buf := make([]int, len(hz)+1), make([]byte, 2048)
	must(t, h.SetReadDeadline(time.Now().Add(time.Millisecond))) // what was on its way is of before
	for {
		if _, _, err := h.ReadFrom(buf); err != nil {
			break
		}
	}
	must(t, h.SetReadDeadline(time.Now().Add(400*time.Millisecond)))
	for {
		size, _, err := h.ReadFrom(buf)
		if err != nil {
			return counts
		}
		var p rtp.Packet
		if p.Unmarshal(buf[:size]) != nil {
			continue
		}
		counts[len(hz)]++
		pcm := audio.PCMA.Decode(nil, p.Payload)
		for i, f := range hz {
			if audio.Tone(pcm, audio.Rate, f) > 0.2 {
				counts[i]++
			}
		}
	}
}

// settles waits until a headset hears each tone, or not, as wanted.
func (h headset) settles(t *testing.T, what string, hz []float64, want ...bool) {
	t.Helper()
	var got []int
	for deadline := time.Now().Add(8 * time.Second); time.Now().Before(deadline); {
		got = h.notice(t, hz...)
		fits := true
		for i, w := range want {
			fits = fits && (w && got[i] > 15 || !w && got[i] == 0)
		}
		if fits {
			return
		}
	}
	t.Errorf("%s: of %v Hz heard %v, want %v", what, hz, got, want)
}

// TestWhisperReachesOneAlone: beside a talk a supervisor hears both, and is heard by the agent alone, whether the caller speaks, sends nothing at all,
// is there or not.
func TestWhisperReachesOneAlone(t *testing.T) {
	n := asterisktest.Start(t, asterisktest.Options{})
	w, ctx := app(t, n, "a"), t.Context()
	must(t, w.CreateHold(ctx, hold, "line", "hold"))
	agent, supervisor, mute := openHeadset(t, w, "a"), openHeadset(t, w, "s"), openHeadset(t, w, "m")
	stop := make(chan struct{})
	defer close(stop)
	go sendTone(t, agent, agent.media, agentHz, stop)
	go sendTone(t, supervisor, supervisor.media, supervisorHz, stop)
	all := []float64{440, agentHz, supervisorHz}

	must(t, w.Snoop(ctx, "media-a", "snoop-1", ari.Both, ari.Out))
	must(t, w.Snoop(ctx, "media-a", "snoop-1", ari.Both, ari.Out))
	must(t, w.AddNew(ctx, "leg-s", "snoop-1"))
	if err := w.Snoop(ctx, "no-such", "snoop-0", ari.Both, ari.None); !ari.IsNotFound(err) {
		t.Errorf("beside nothing: %v", err)
	}
	if got := agent.notice(t, supervisorHz); got[0] != 0 {
		t.Error("a whisper is heard without packets to the agent: the pulse is not needed any more")
	}
	must(t, w.AddChannel(ctx, "leg-a", "media-m"))
	if got := agent.notice(t, supervisorHz); got[0] != 0 {
		t.Error("a whisper is heard beside a caller who sends nothing: the pulse is not needed any more")
	}
	must(t, w.Snoop(ctx, "keep-"+hold, "pulse", ari.In, ari.None))
	must(t, w.AddNew(ctx, "leg-a", "pulse"))
	agent.settles(t, "the agent, of a caller who sends nothing", all, false, false, true)
	mute.settles(t, "a caller who sends nothing", all, false, true, false)
	must(t, w.AddChannel(ctx, hold, "media-m"))
	agent.settles(t, "the agent alone", all, false, false, true)

	c, id := caller(t, n, w, 440)
	must(t, w.AddChannel(ctx, "leg-a", id))
	from := hears(t, c, agentHz)
	agent.settles(t, "the agent", all, true, false, true)
	supervisor.settles(t, "the supervisor", all, true, true, false)
	must(t, w.Snoop(ctx, "media-a", "snoop-2", ari.Both, ari.None))
	must(t, w.AddNew(ctx, "leg-s", "snoop-2"))
	must(t, w.Hangup(ctx, "snoop-1", ""))
	agent.settles(t, "the agent, listened to", all, true, false, false)
	supervisor.settles(t, "who listens", all, true, true, false)
	if got := within(c, from, time.Now(), supervisorHz); got != 0 {
		t.Errorf("the caller heard the supervisor in %d packets", got)
	}
	must(t, w.AddChannel(ctx, "leg-a", "media-s")) // barges in
	must(t, w.Hangup(ctx, "snoop-2", ""))
	must(t, w.Hangup(ctx, "pulse", ""))
	agent.settles(t, "the agent, of both", all, true, false, true)
	supervisor.settles(t, "who barged in", all, true, true, false)
	if got := within(c, time.Now().Add(-400*time.Millisecond), time.Now(), supervisorHz); got < 15 {
		t.Errorf("the caller heard who barged in in %d packets", got)
	}
	must(t, w.AddChannel(ctx, "leg-s", "media-s"))
	agent.settles(t, "the agent, when all is over", all, true, false, false)
	hears(t, c, agentHz)
	must(t, w.Snoop(ctx, "media-a", "snoop-3", ari.Both, ari.None))
	w.await(ari.StasisStart, of("snoop-3"))
	must(t, w.Hangup(ctx, "media-a", ""))
	w.await(ari.StasisEnd, of("snoop-3")) // goes with the channel beside which it is
}

// within counts the packets that carry a tone between two times.
func within(c *phone.Call, from, to time.Time, hz float64) int {
	n := 0
	for _, p := range c.Heard() {
		if p.At.After(from) && p.At.Before(to) && audio.Tone(p.PCM, audio.Rate, hz) > 0.2 {
			n++
		}
	}
	return n
}
