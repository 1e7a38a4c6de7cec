package asterisktest

import (
	"net"
	"testing"
)

// TestTwoNodes: each has ports and folders of its own.
func TestTwoNodes(t *testing.T) {
	a, b := Start(t, Options{}), Start(t, Options{})
	if a.ARI == b.ARI || a.SIP == b.SIP || a.Dir == b.Dir {
		t.Errorf("%s %s %s and %s %s %s", a.ARI, a.SIP, a.Dir, b.ARI, b.SIP, b.Dir)
	}
	a.Stop()
	conn, err := net.Dial("tcp", b.SIP)
	if err != nil {
		t.Fatalf("the second node went with the first: %v", err)
	}
	_ = conn.Close()
}
