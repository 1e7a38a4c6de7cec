package webrtc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testSecret = "a secret of the test, long enough"

// rig is a running gateway with a client that follows its events.
type rig struct {
	t      *testing.T
	g      *Gateway
	client *Client
	reg    *prometheus.Registry

	mu      sync.Mutex
	events  []Event
	changed chan struct{}
	stop    func()
}

// start runs a gateway on free ports of the loopback.
func start(t *testing.T, tap Tap, edit func(*Config)) *rig {
	t.Helper()
	cfg := Config{Listen: "127.0.0.1:0", ICEUDP: "127.0.0.1:0", RTP: "127.0.0.1:0", Secret: testSecret}
	if edit != nil {
		edit(&cfg)
	}
	reg := prometheus.NewRegistry()
	g, err := New(cfg, tap, slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, g: g, reg: reg, client: NewClient("http://"+g.Addr(), cfg.Secret), changed: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	followCtx, stopFollowing := context.WithCancel(context.Background())
	ran, followed := make(chan error, 1), make(chan error, 1)
	go func() { ran <- g.Run(ctx) }()
	go func() {
		followed <- r.client.Follow(followCtx, func(e Event) error {
			r.mu.Lock()
			r.events = append(r.events, e)
			r.mu.Unlock()
			select {
			case r.changed <- struct{}{}:
			default:
			}
			return nil
		})
	}()
	r.await("snapshot", func(e Event) bool { return e.Type == EventSnapshot })
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("Run: %v", err)
		}
		if !t.Failed() {
			r.await("lost", func(e Event) bool { return e.Type == Lost })
		}
		stopFollowing()
		if err := <-followed; !errors.Is(err, context.Canceled) {
			t.Errorf("Follow: %v", err)
		}
		r.client.http.CloseIdleConnections()
	})
	t.Cleanup(r.stop)
	return r
}

// await waits for an event, among those that came and those to come.
func (r *rig) await(what string, match func(Event) bool) Event {
	r.t.Helper()
	return r.awaitAfter(0, what, match)
}

func (r *rig) awaitAfter(from int, what string, match func(Event) bool) Event {
	r.t.Helper()
	limit := time.After(10 * time.Second)
	for {
		r.mu.Lock()
		events := r.events
		r.mu.Unlock()
		for ; from < len(events); from++ { // each event is shown once, so a match may count
			if match(events[from]) {
				return events[from]
			}
		}
		select {
		case <-r.changed:
		case <-limit:
			r.mu.Lock()
			defer r.mu.Unlock()
			r.t.Fatalf("no event: %s; there were %+v", what, r.events)
		}
	}
}

// seen is how many events came so far.
func (r *rig) seen() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.events)
}

func inState(leg string, s State) func(Event) bool {
	return func(e Event) bool { return e.Type == EventLeg && e.Leg.ID == leg && e.Leg.State == s }
}

func gone(leg string, why Reason) func(Event) bool {
	return func(e Event) bool { return e.Type == EventGone && e.Leg.ID == leg && e.Reason == why }
}

// browser stands in for a page: a pion peer that sends a tone every 20 ms and hears.
type browser struct {
	t     *testing.T
	pc    *pion.PeerConnection
	track *pion.TrackLocalStaticRTP
	hears *ear
	mu    sync.Mutex
	tone  *tone // nil: sends nothing
	stop  func()
}

func openBrowser(t *testing.T, mime string, edits ...func(*pion.SettingEngine, *pion.Configuration)) *browser {
	t.Helper()
	var settings pion.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	var config pion.Configuration
	for _, edit := range edits {
		edit(&settings, &config)
	}
	var media pion.MediaEngine
	clock, channels, payload := uint32(8000), uint16(0), pion.PayloadType(8)
	switch mime {
	case pion.MimeTypePCMU:
		payload = 0
	case pion.MimeTypeOpus:
		clock, channels, payload = 48000, 2, 111
	}
	capability := pion.RTPCodecCapability{MimeType: mime, ClockRate: clock, Channels: channels}
	if err := media.RegisterCodec(pion.RTPCodecParameters{RTPCodecCapability: capability, PayloadType: payload}, pion.RTPCodecTypeAudio); err != nil {
		t.Fatal(err)
	}
	pc, err := pion.NewAPI(pion.WithSettingEngine(settings), pion.WithMediaEngine(&media)).NewPeerConnection(config)
	if err != nil {
		t.Fatal(err)
	}
	track, err := pion.NewTrackLocalStaticRTP(capability, "mic", "page")
	if err != nil {
		t.Fatal(err)
	}
	sender, err := pc.AddTrack(track)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, pc: pc, track: track, hears: newEar(), tone: &tone{frequency: 1000}}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			if _, _, err := sender.ReadRTCP(); err != nil {
				return
			}
		}
	})
	pc.OnTrack(func(remote *pion.TrackRemote, _ *pion.RTPReceiver) {
		buf := make([]byte, maxPacket)
		for {
			n, _, err := remote.Read(buf)
			if err != nil {
				return
			}
			b.hears.put(buf[:n])
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	tasks.Go(func() { b.speak(ctx, clock/50) })
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := pc.GracefulClose(); err != nil {
			t.Errorf("browser: %v", err)
		}
		tasks.Wait()
	})
	t.Cleanup(b.stop)
	return b
}

// speak sends the tone until the context ends.
func (b *browser) speak(ctx context.Context, step uint32) {
	p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 65500, Timestamp: 1<<32 - 3200}}
	for range frames(ctx) {
		p.SequenceNumber++
		p.Timestamp += step
		b.mu.Lock()
		if b.tone == nil {
			b.mu.Unlock()
			p.SequenceNumber-- // silence has no numbers, only time
			continue
		}
		p.Payload = b.tone.next(160)
		b.mu.Unlock()
		_ = b.track.WriteRTP(p) // fails before the connection is up, and after it went
	}
}

// say changes the tone; nil makes the page mute to the bone.
func (b *browser) say(t *tone) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tone = t
}

// offer makes an offer with all candidates.
func (b *browser) offer(options *pion.OfferOptions) string {
	b.t.Helper()
	desc, err := b.pc.CreateOffer(options)
	if err != nil {
		b.t.Fatal(err)
	}
	gathered := pion.GatheringCompletePromise(b.pc)
	if err := b.pc.SetLocalDescription(desc); err != nil {
		b.t.Fatal(err)
	}
	<-gathered
	return b.pc.LocalDescription().SDP
}

func (b *browser) accept(answer string) {
	b.t.Helper()
	if err := b.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: answer}); err != nil {
		b.t.Fatal(err)
	}
}

// connect makes a leg of a new browser and waits until it is connected.
func (r *rig) connect(leg, agent string) *browser {
	r.t.Helper()
	b := openBrowser(r.t, pion.MimeTypePCMA)
	answer, err := r.client.CreateLeg(context.Background(), leg, agent, b.offer(nil))
	if err != nil {
		r.t.Fatal(err)
	}
	b.accept(answer)
	r.await("connected "+leg, inState(leg, Connected))
	return b
}

// node stands in for one media channel of Asterisk: a UDP peer that hears, and sends what it is told.
type node struct {
	t     *testing.T
	conn  *net.UDPConn
	to    netip.AddrPort
	hears *ear
	done  chan struct{}

	header rtp.Header
	stopMu sync.Mutex
	quit   func()
}

func openNode(t *testing.T, g *Gateway) *node {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	n := &node{
		t: t, conn: conn, to: netip.MustParseAddrPort(g.advertised()), hears: newEar(), done: make(chan struct{}),
		header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: 65530, Timestamp: 1<<32 - 500, SSRC: 0xa57e1}, quit: func() {},
	}
	go func() {
		defer close(n.done)
		buf := make([]byte, maxPacket)
		for {
			k, _, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			n.hears.put(buf[:k])
		}
	}()
	t.Cleanup(func() {
		n.hush()
		_ = conn.Close()
		<-n.done
	})
	return n
}

func (n *node) addr() string { return n.conn.LocalAddr().String() }

// send sends one packet and moves on by its length.
func (n *node) send(payload []byte) {
	n.t.Helper()
	data, err := (&rtp.Packet{Header: n.header, Payload: payload}).Marshal()
	if err != nil {
		n.t.Fatal(err)
	}
	if _, err := n.conn.WriteToUDPAddrPort(data, n.to); err != nil {
		n.t.Errorf("node: %v", err)
	}
	n.header.SequenceNumber++
	n.header.Timestamp += uint32(len(payload))
}

// play sends a tone every 20 ms until hush.
func (n *node) play(frequency float64) {
	n.hush()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		source := &tone{frequency: frequency}
		for range frames(ctx) {
			n.send(source.next(160))
		}
	}()
	n.stopMu.Lock()
	n.quit = func() { cancel(); <-ended }
	n.stopMu.Unlock()
}

func (n *node) hush() {
	n.stopMu.Lock()
	quit := n.quit
	n.quit = func() {}
	n.stopMu.Unlock()
	quit()
}

// continuous fails unless sequence and timestamps go on without a break, and the SSRC stays.
func continuous(t *testing.T, packets []heardPacket) {
	t.Helper()
	for i := 1; i < len(packets); i++ {
		before, p := packets[i-1], packets[i]
		if p.ssrc != before.ssrc {
			t.Fatalf("packet %d: SSRC changed", i)
		}
		if p.seq != before.seq+1 {
			t.Fatalf("packet %d: sequence %d after %d", i, p.seq, before.seq)
		}
		passed := int64(p.at.Sub(before.at)) * tapeRate / int64(time.Second)
		step := int64(int32(p.timestamp - before.timestamp))
		if step < 160 || step-passed > 4000 {
			t.Fatalf("packet %d: timestamp moved by %d while %d passed", i, step, passed)
		}
	}
}
