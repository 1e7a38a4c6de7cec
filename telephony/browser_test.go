package telephony

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"

	"hotline/audio"
	"hotline/telephony/webrtc"
)

// browser stands in for a counsellor's page: a pion peer that says a tone and hears.
type browser struct {
	hz   float64
	leg  string
	stop func() // the page is closed; the gateway is not told

	mu     sync.Mutex
	hear   func([]int16)
	stalls []audio.Gap // times in which a busy machine did not let the page speak
}

// counsellorHz is what a browser says.
const counsellorHz = 1000

func openBrowser(t *testing.T, g *webrtc.Client, agent string) *browser {
	t.Helper()
	return openVoice(t, g, agent, counsellorHz)
}

// openVoice is a browser that says another tone.
func openVoice(t *testing.T, g *webrtc.Client, agent string, hz float64) *browser {
	t.Helper()
	var settings pion.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	var media pion.MediaEngine
	law := pion.RTPCodecCapability{MimeType: pion.MimeTypePCMA, ClockRate: 8000}
	must(t, media.RegisterCodec(pion.RTPCodecParameters{RTPCodecCapability: law, PayloadType: 8}, pion.RTPCodecTypeAudio))
	pc, err := pion.NewAPI(pion.WithSettingEngine(settings), pion.WithMediaEngine(&media)).NewPeerConnection(pion.Configuration{})
	must(t, err)
	track, err := pion.NewTrackLocalStaticRTP(law, "mic", "page")
	must(t, err)
	sender, err := pc.AddTrack(track)
	must(t, err)
	b := &browser{leg: newID(), hz: hz}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			if _, _, err := sender.ReadRTCP(); err != nil {
				return
			}
		}
	})
	pc.OnTrack(func(remote *pion.TrackRemote, _ *pion.RTPReceiver) {
		for {
			p, _, err := remote.ReadRTP()
			if err != nil {
				return
			}
			b.mu.Lock()
			if b.hear != nil {
				b.hear(audio.PCMA.Decode(nil, p.Payload))
			}
			b.mu.Unlock()
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	tasks.Go(func() { b.speak(ctx, track) })
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := pc.GracefulClose(); err != nil {
			t.Errorf("browser: %v", err)
		}
		tasks.Wait()
	})
	t.Cleanup(b.stop)

	offer, err := pc.CreateOffer(nil)
	must(t, err)
	gathered := pion.GatheringCompletePromise(pc)
	must(t, pc.SetLocalDescription(offer))
	<-gathered
	answer, err := g.CreateLeg(t.Context(), b.leg, agent, pc.LocalDescription().SDP)
	must(t, err)
	must(t, pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: answer}))
	return b
}

// speak sends the tone; a busy machine makes it late, and then it catches up as a sound card does.
func (b *browser) speak(ctx context.Context, track *pion.TrackLocalStaticRTP) {
	began, tick := time.Now(), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for n, spoke := 0, began; ; spoke = time.Now() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if time.Since(spoke) > 20*time.Millisecond {
			b.mu.Lock()
			b.stalls = append(b.stalls, audio.Gap{From: spoke, To: time.Now()})
			b.mu.Unlock()
		}
		for ; n < int(time.Since(began)/(20*time.Millisecond)); n++ {
			_ = track.WriteRTP(&rtp.Packet{ // fails before the connection is up, and after it went
				Header:  rtp.Header{Version: 2, SequenceNumber: uint16(n), Timestamp: uint32(n * 160)},
				Payload: audio.PCMA.Encode(nil, audio.Sine(audio.Rate, b.hz, 0.5, n*160, 160)),
			})
		}
	}
}

// stalled are the times in which the machine was too busy for the page.
func (b *browser) stalled() []audio.Gap {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.stalls)
}

// hears waits until the counsellor has heard a tone for 200 ms.
func (b *browser) hears(t *testing.T, hz float64) {
	t.Helper()
	b.hearsAmid(t, 0.8, hz)
}

// hearsAmid waits for tones together, each with that share of what is heard.
func (b *browser) hearsAmid(t *testing.T, share float64, hz ...float64) {
	t.Helper()
	heard, run := make(chan struct{}, 1), 0
	b.mu.Lock()
	b.hear = func(pcm []int16) {
		if slices.ContainsFunc(hz, func(hz float64) bool { return audio.Tone(pcm, audio.Rate, hz) < share }) {
			run = 0
		} else if run++; run == 10 {
			signal(heard)
		}
	}
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.hear = nil
		b.mu.Unlock()
	}()
	select {
	case <-heard:
	case <-time.After(10 * time.Second):
		t.Fatalf("the counsellor does not hear %v Hz", hz)
	}
}
