package ports

import (
	"net"
	"strconv"
	"testing"
)

// Nobody gets a port twice while the test that has it goes on, and none that somebody listens on.
func TestFree(t *testing.T) {
	seen := map[int]bool{}
	for range 100 {
		p := Free(t)
		if seen[p] || p < first || p > last {
			t.Fatalf("port %d", p)
		}
		seen[p] = true
	}
	var port int
	t.Run("one of a test that is over", func(t *testing.T) {
		port = Free(t)
		if lock := reserve(t, port); lock != nil {
			t.Errorf("port %d is given out twice", port)
		}
	})
	lock := reserve(t, port)
	if lock == nil {
		t.Fatalf("port %d is kept by a test that is over", port)
	}
	defer func() { _ = lock.Close() }()
	l, err := net.ListenPacket("udp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if free(port) {
		t.Errorf("port %d has a listener", port)
	}
}
