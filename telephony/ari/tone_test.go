package ari_test

import (
	"net"
	"testing"
	"time"

	"github.com/pion/rtp"

	"hotline/audio"
	"hotline/telephony/ari"
)

// sendTone is the other end of an external media channel.
func sendTone(t testing.TB, conn net.PacketConn, ch ari.Channel, hz float64, stop <-chan struct{}) {
	to := &net.UDPAddr{IP: net.ParseIP(ch.LocalAddress), Port: ch.LocalPort}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-stop:
			return
		}
		p := rtp.Packet{
			Header:  rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: uint16(i), Timestamp: uint32(i * 160), SSRC: 7},
			Payload: audio.PCMA.Encode(nil, audio.Sine(audio.Rate, hz, 0.5, i*160, 160)),
		}
		data, err := p.Marshal()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = conn.WriteTo(data, to)
	}
}

// receivedTone tells whether a tone comes from the bridge within the next 300 ms, after what was on its way has been read.
func receivedTone(t testing.TB, conn net.PacketConn, hz float64) bool {
	t.Helper()
	buf := make([]byte, 2048)
	must(t, conn.SetReadDeadline(time.Now().Add(time.Millisecond)))
	for {
		if _, _, err := conn.ReadFrom(buf); err != nil {
			break
		}
	}
	must(t, conn.SetReadDeadline(time.Now().Add(300*time.Millisecond)))
	for run := 0; run < 5; {
		size, _, err := conn.ReadFrom(buf)
		if err != nil {
			return false
		}
		var p rtp.Packet
		if p.Unmarshal(buf[:size]) == nil && audio.Tone(audio.PCMA.Decode(nil, p.Payload), audio.Rate, hz) > 0.8 {
			run++
		}
	}
	return true
}
