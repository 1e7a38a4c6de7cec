package webrtc

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	pion "github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestToneBothWays(t *testing.T) {
	r := start(t, nil, nil)
	b := r.connect("leg-1", "u-1")
	n := openNode(t, r.g)
	if err := r.client.SetAsterisk(context.Background(), "leg-1", "node-1", n.addr()); err != nil {
		t.Fatal(err)
	}
	e := r.await("attached", func(e Event) bool { return e.Type == EventLeg && e.Leg.Ready("node-1") })
	if e.Leg.Agent != "u-1" || e.Leg.Codec != PCMA || e.Leg.Since == 0 {
		t.Errorf("leg: %+v", e.Leg)
	}
	n.play(440)
	heard := n.hears.await(t, 50)
	continuous(t, heard)
	for _, p := range heard {
		if p.payloadType != 8 {
			t.Fatalf("payload type %d towards Asterisk", p.payloadType)
		}
	}
	mostly(t, n.hears.all(), 1000)
	continuous(t, b.hears.await(t, 50))
	mostly(t, b.hears.all(), 440)
}

// Whatever happens on the Asterisk side, the browser hears one stream.
func TestSourceChanges(t *testing.T) {
	ctx := context.Background()
	r := start(t, nil, nil)
	b := r.connect("leg-1", "u-1")
	first, second := openNode(t, r.g), openNode(t, r.g)
	second.header.SSRC = 0xb
	for name, n := range map[string]*node{"node-1": first, "node-2": second} {
		if err := r.client.SetAsterisk(ctx, "leg-1", name, n.addr()); err != nil {
			t.Fatal(err)
		}
	}
	r.await("two nodes", func(e Event) bool {
		return e.Type == EventLeg && slices.Equal(e.Leg.Nodes, []string{"node-1", "node-2"})
	})
	heard := func(n int) { b.hears.await(t, len(b.hears.all())+n) }
	first.play(440)
	heard(20)
	first.hush()
	first.header.SSRC, first.header.SequenceNumber, first.header.Timestamp = 0xc, 9, 9 // Asterisk made a new channel on the same port
	first.play(440)
	heard(20)
	first.hush()
	time.Sleep(150 * time.Millisecond) // nobody is bridged
	second.play(440)                   // the next caller is on another node
	heard(20)
	second.hush()
	second.header.Timestamp += 1 << 30
	second.play(440)
	heard(20)
	continuous(t, b.hears.all())
	mostly(t, b.hears.all(), 440)
	if a, c := len(first.hears.all()), len(second.hears.all()); a == 0 || c == 0 {
		t.Errorf("the nodes heard %d and %d packets; both should", a, c)
	}
	if one, two := first.hears.await(t, 1)[0], second.hears.await(t, 1)[0]; one.ssrc != two.ssrc {
		t.Error("the nodes hear different streams")
	}
}

// Two nodes that send at once are not mixed packet by packet: the one that is heard stays.
func TestRivals(t *testing.T) {
	ctx := context.Background()
	r := start(t, nil, nil)
	b := r.connect("leg-1", "u-1")
	first, second := openNode(t, r.g), openNode(t, r.g)
	for name, n := range map[string]*node{"node-1": first, "node-2": second} {
		if err := r.client.SetAsterisk(ctx, "leg-1", name, n.addr()); err != nil {
			t.Fatal(err)
		}
	}
	first.play(440)
	b.hears.await(t, 10)
	second.play(800)
	heard := b.hears.await(t, 60)
	continuous(t, heard)
	switches := 0
	for i := 1; i < len(heard); i++ {
		if (power(heard[i].payload, 440) > 0.5) != (power(heard[i-1].payload, 440) > 0.5) {
			switches++
		}
	}
	if switches > 2 { // a node that stalled on a busy machine may have lost its place
		t.Errorf("%d switches between the nodes in %d packets", switches, len(heard))
	}
	if dropped := testutil.ToFloat64(r.g.drop.rival); dropped < 10 {
		t.Errorf("%v packets of the rival were dropped", dropped)
	}
}

func TestStrangerIsNotHeard(t *testing.T) {
	ctx := context.Background()
	r := start(t, nil, nil)
	b := r.connect("leg-1", "u-1")
	known, stranger := openNode(t, r.g), openNode(t, r.g)
	if err := r.client.SetAsterisk(ctx, "leg-1", "node-1", known.addr()); err != nil {
		t.Fatal(err)
	}
	stranger.play(800)
	known.play(440)
	b.hears.await(t, 30)
	mostly(t, b.hears.all(), 440)
	if dropped := testutil.ToFloat64(r.g.drop.unknown); dropped < 10 {
		t.Errorf("%v packets of the stranger were counted", dropped)
	}
	if len(stranger.hears.all()) != 0 {
		t.Error("the stranger hears the counsellor")
	}
	if err := r.client.DropAsterisk(ctx, "leg-1", "node-1"); err != nil {
		t.Fatal(err)
	}
	attached := false
	r.await("detached", func(e Event) bool {
		attached = attached || len(e.Leg.Nodes) > 0
		return attached && e.Type == EventLeg && len(e.Leg.Nodes) == 0
	})
	before := len(known.hears.all())
	time.Sleep(100 * time.Millisecond)
	if after := len(known.hears.all()); after > before+1 {
		t.Errorf("%d packets after it was detached", after-before)
	}
}

// Garbage and other formats from a known source disturb nothing.
func TestHostileAsterisk(t *testing.T) {
	ctx := context.Background()
	r := start(t, nil, nil)
	b := r.connect("leg-1", "u-1")
	n := openNode(t, r.g)
	if err := r.client.SetAsterisk(ctx, "leg-1", "node-1", n.addr()); err != nil {
		t.Fatal(err)
	}
	for _, garbage := range [][]byte{{}, {0x80}, make([]byte, 12), make([]byte, 1400), {0x9f, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}} {
		if _, err := n.conn.WriteToUDPAddrPort(garbage, n.to); err != nil {
			t.Fatal(err)
		}
	}
	n.header.PayloadType = 101 // a DTMF event
	n.send([]byte{1, 2, 3, 4})
	n.header.PayloadType = 8
	n.play(440)
	continuous(t, b.hears.await(t, 20))
	mostly(t, b.hears.all(), 440)
	if c := testutil.ToFloat64(r.g.drop.malformed); c < 4 {
		t.Errorf("%v malformed packets counted", c)
	}
	if c := testutil.ToFloat64(r.g.drop.format); c != 1 {
		t.Errorf("%v packets of another format counted", c)
	}
}

// Asterisk gives a port to a new channel: the leg that had it loses the node, so no caller is heard by two.
func TestPortIsTakenOver(t *testing.T) {
	ctx := context.Background()
	r := start(t, nil, nil)
	r.connect("leg-1", "u-1")
	r.connect("leg-2", "u-2")
	n := openNode(t, r.g)
	for _, leg := range []string{"leg-1", "leg-2"} {
		if err := r.client.SetAsterisk(ctx, leg, "node-1", n.addr()); err != nil {
			t.Fatal(err)
		}
		r.await("attached", func(e Event) bool { return e.Type == EventLeg && e.Leg.ID == leg && e.Leg.Ready("node-1") })
	}
	attached := false
	r.await("leg-1 lost its node", func(e Event) bool {
		if e.Type != EventLeg || e.Leg.ID != "leg-1" {
			return false
		}
		attached = attached || len(e.Leg.Nodes) > 0
		return attached && len(e.Leg.Nodes) == 0
	})
	if src := r.g.sources.find(netip.MustParseAddrPort(n.addr())); src == nil || src.leg.view.ID != "leg-2" {
		t.Error("the port does not belong to the newer leg")
	}
}

func TestOtherCodecs(t *testing.T) {
	for _, c := range []struct {
		name, mime        string
		payload, asterisk uint8
	}{{PCMU, pion.MimeTypePCMU, 0, 0}, {Opus, pion.MimeTypeOpus, 111, 107}} {
		t.Run(c.name, func(t *testing.T) {
			ctx := context.Background()
			r := start(t, newMemory(), func(cfg *Config) { cfg.Codecs = []string{c.name} })
			b := openBrowser(t, c.mime)
			answer, err := r.client.CreateLeg(ctx, "leg-1", "u-1", b.offer(nil))
			if err != nil {
				t.Fatal(err)
			}
			b.accept(answer)
			e := r.await("connected", inState("leg-1", Connected))
			if e.Leg.Codec != c.name {
				t.Errorf("codec %q", e.Leg.Codec)
			}
			n := openNode(t, r.g)
			n.header.PayloadType = c.asterisk
			if err := r.client.SetAsterisk(ctx, "leg-1", "node-1", n.addr()); err != nil {
				t.Fatal(err)
			}
			n.play(440)
			for _, p := range n.hears.await(t, 10) {
				if p.payloadType != c.asterisk {
					t.Fatalf("payload type %d towards Asterisk", p.payloadType)
				}
			}
			for _, p := range b.hears.await(t, 10) {
				if p.payloadType != c.payload {
					t.Fatalf("payload type %d towards the browser", p.payloadType)
				}
			}
		})
	}
}
