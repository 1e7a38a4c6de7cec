package webrtc

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"

	"github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"
)

// BenchmarkForward is the cost of one packet in the gateway's own code, sockets included: towards Asterisk from where pion hands the
// packet over, towards the browser to where pion takes it (encryption is pion's), and on to the tape.
func BenchmarkForward(b *testing.B) {
	g, err := New(Config{Listen: "127.0.0.1:0", ICEUDP: "127.0.0.1:0", RTP: "127.0.0.1:0", Secret: testSecret}, nil, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- g.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ran; err != nil {
			b.Error(err)
		}
	}()
	sink, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = sink.Close() }()
	c, _ := codecOf(PCMA)
	track, err := pion.NewTrackLocalStaticRTP(c.capability(), "audio", "hotline")
	if err != nil {
		b.Fatal(err)
	}
	newLeg := func() *leg {
		l := &leg{g: g}
		l.codec, l.track, l.wake = c, track, make(chan struct{}, 1)
		l.stream, l.down.rewriter = newRewriter(8000, 1, 1), newRewriter(8000, 1, 1)
		l.received.clock = 8000
		return l
	}
	data, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SSRC: 1}, Payload: make([]byte, 160)}).Marshal()
	if err != nil {
		b.Fatal(err)
	}
	run := func(forward func(buf []byte)) func(b *testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, len(data))
			var seq uint16
			var ts uint32
			for b.Loop() {
				copy(buf, data)
				putHeader(buf, 8, false, seq, ts, 1)
				forward(buf)
				seq, ts = seq+1, ts+160
			}
		}
	}
	up := newLeg()
	up.routes.Store(&[]*route{{leg: up, node: "node-1", addr: sink.LocalAddr().(*net.UDPAddr).AddrPort()}})
	b.Run("ToAsterisk", run(func(buf []byte) { up.say(buf, 8, g.now()) }))
	down := newLeg()
	from := &route{leg: down, node: "node-1"}
	b.Run("ToBrowser", run(func(buf []byte) { down.hear(from, buf, g.now()) }))
	taped := newLeg()
	t := newTape("rec-1", "leg-1", nil, g.now(), g.frames, g.metrics.tapeLost)
	taped.tape.Store(t)
	from = &route{leg: taped, node: "node-1"}
	b.Run("ToTape", run(func(buf []byte) {
		taped.hear(from, buf, g.now())
		g.frames.Put(<-t.frames)
	}))
}
