package phone

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"hotline/audio"
)

func testMedia(t testing.TB, cfg Config) *media {
	t.Helper()
	if err := cfg.setDefaults(); err != nil {
		t.Fatal(err)
	}
	m, err := newMedia(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.stop)
	return m
}

func TestKeysAreToldAsTheRFCWants(t *testing.T) {
	var k keying
	k.begin('#', 8000)
	var payloads [][]byte
	for k.busy() {
		payloads = append(payloads, k.next()...)
	}
	want := [][]byte{
		{11, 10, 0, 160}, {11, 10, 1, 64}, {11, 10, 1, 224}, {11, 10, 2, 128},
		{11, 0x8a, 3, 32}, {11, 0x8a, 3, 32}, {11, 0x8a, 3, 32},
	}
	if len(payloads) != len(want) {
		t.Fatalf("%d packets, want %d", len(payloads), len(want))
	}
	for i := range want {
		if !bytes.Equal(payloads[i], want[i]) {
			t.Errorf("packet %d is %v, want %v", i, payloads[i], want[i])
		}
	}
	for i := range len(keyNames) {
		if eventOf(keyNames[i]) != i {
			t.Errorf("key %c", keyNames[i])
		}
	}
	if eventOf('x') >= 0 {
		t.Error("x is a key")
	}
}

func TestKeysAreRefused(t *testing.T) {
	m := testMedia(t, Config{})
	if err := m.press("1"); err == nil {
		t.Error("a key was sent to a side that takes none")
	}
	m.events = 101
	if err := m.press("1x"); err == nil {
		t.Error("x was sent")
	}
}

func TestHeardIsBounded(t *testing.T) {
	m := testMedia(t, Config{Keep: 100 * time.Millisecond})
	from := netip.MustParseAddrPort("127.0.0.1:9")
	m.remote = from
	t0 := time.Now()
	for i := range 100 {
		p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: uint16(i)}, Payload: make([]byte, 160)}
		m.take(t0.Add(time.Duration(i)*frameTime), from, &p)
	}
	heard := m.heard()
	if len(heard) != 6 || heard[5].Seq != 99 {
		t.Errorf("%d packets are kept, the last is %d", len(heard), heard[len(heard)-1].Seq)
	}
	p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8}, Payload: make([]byte, 160)}
	m.take(t0, netip.MustParseAddrPort("127.0.0.2:9"), &p)
	p.PayloadType = 96
	m.take(t0, from, &p)
	if len(m.heard()) != 6 {
		t.Error("a stranger, or an unknown codec, was heard")
	}
}

func TestSourcesEnd(t *testing.T) {
	frame := make([]int16, 160)
	clip := Clip(make([]int16, 200))
	for i, want := range []bool{true, true, false} {
		if got := clip(frame); got != want {
			t.Errorf("200 samples are two frames; frame %d: %v", i, got)
		}
	}
	loop := Loop([]int16{1, 2, 3})
	if !loop(frame) || frame[0] != 1 || frame[159] != 1 || !loop(frame) || frame[0] != 2 {
		t.Error("a loop does not go round")
	}
	if Loop(nil)(frame) {
		t.Error("an empty loop plays")
	}
	m := testMedia(t, Config{})
	first := m.play(Tone(440))
	second := m.play(Tone(1000))
	<-first
	m.stop()
	<-second
	<-m.play(Tone(440)) // after the end: over at once
}

func TestDescriptionsAgree(t *testing.T) {
	a, b := testMedia(t, Config{}), testMedia(t, Config{Codecs: []audio.Codec{audio.PCMU}})
	if err := b.agree(a.describe()); err != nil {
		t.Fatal(err)
	}
	if b.codec != audio.PCMU || b.events != 101 || b.remote.Port() != uint16(a.conn.LocalAddr().(*net.UDPAddr).Port) {
		t.Errorf("codec %v, events %d, remote %v", b.codec, b.events, b.remote)
	}
	for name, change := range map[string][2]string{
		"no audio": {"m=audio", "m=video"}, "a name": {"c=IN IP4 127.0.0.1", "c=IN IP4 phone.invalid"},
		"no codec": {"RTP/AVP 8 0 101", "RTP/AVP 96 101"}, "no address": {"c=IN IP4 127.0.0.1\r\n", ""}, "not sdp": {"v=0", "hello"},
	} {
		if err := b.agree([]byte(strings.Replace(string(a.describe()), change[0], change[1], 1))); err == nil {
			t.Errorf("%s: agreed", name)
		}
	}
}

func FuzzAgree(f *testing.F) {
	m := testMedia(f, Config{})
	f.Add(m.describe())
	f.Add([]byte("v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\nm=audio 5 RTP/AVP 0\r\na=rtpmap:101 telephone-event/8000\r\n"))
	m.over = true // decode only: no sender may start
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := m.agree(body); err == nil && (!m.remote.Addr().IsValid() || m.events > 127) {
			t.Errorf("agreed on %v, events %d", m.remote, m.events)
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	for name, cfg := range map[string]Config{
		"transport": {Server: "127.0.0.1:5060", Transport: "carrier pigeon"},
		"local ip":  {Server: "127.0.0.1:5060", LocalIP: "here"},
		"server":    {Server: "no port at all:", LocalIP: "127.0.0.1"},
	} {
		if c, err := Dial(t.Context(), cfg, "1"); err == nil {
			_ = c.Hangup(t.Context())
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestNobodyThere: a call to a closed port ends with the context, and quietly: no log line holds the number.
func TestNobodyThere(t *testing.T) {
	var log bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := Dial(ctx, Config{Server: "127.0.0.1:1", From: "13912345678", Log: slog.New(slog.NewTextHandler(&log, nil))}, "12355")
	if err == nil || errors.As(err, new(*Rejected)) {
		t.Errorf("err = %v", err)
	}
	if strings.Contains(log.String()+err.Error(), "13912345678") {
		t.Error("the number is told")
	}
}
