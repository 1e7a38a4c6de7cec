package ari_test

import (
	"net"
	"testing"
	"time"

	"github.com/pion/rtp"

	"hotline/telephony/ari"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/audio"
)

// sendTone is the other end of an external media channel.
func sendTone(t testing.TB, conn net.PacketConn, n *asterisktest.Node, ch ari.Channel, hz float64, stop <-chan struct{}) {
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
