package phone

import (
	"net"
	"testing"
	"time"
)

// TestArrivalIsTheKernels: a packet that waited in the socket carries the time when it came, not when it was read.
func TestArrivalIsTheKernels(t *testing.T) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := stampArrivals(conn); err != nil {
		t.Fatal(err)
	}
	// Linux begins to stamp a moment after the first socket has asked for it, so the first packets may not be.
	const late = 20 * time.Millisecond
	for attempt := 1; ; attempt++ {
		before := time.Now()
		if _, err := conn.WriteTo([]byte("x"), conn.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		sent := time.Now()
		<-time.After(late)
		buf, control := make([]byte, 10), make([]byte, 256)
		_, n, _, _, err := conn.ReadMsgUDPAddrPort(buf, control)
		if err != nil {
			t.Fatal(err)
		}
		at := arrival(control[:n])
		if !at.Before(before.Add(-5*time.Millisecond)) && !at.After(sent.Add(late/2)) {
			return
		}
		if attempt == 50 {
			t.Fatalf("sent between 0 and %v, read after %v, arrival said %v", sent.Sub(before), time.Since(before), at.Sub(before))
		}
	}
}
