// Package ports gives tests ports for servers that are told their port, or that come back on the one they had. What Linux gives out by itself may be taken by
// somebody's outgoing connection between asking and listening, or while the server is away; these lie below its range, and nobody who asks here gets one twice.
package ports

import (
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// The range: below it the services of a machine, above it the instances of [hotline/test/stage].
const (
	first = 2000
	last  = 9999
)

// Free is a port of the loopback that is free for UDP and TCP, and the test's own until it ends.
func Free(t testing.TB) int {
	t.Helper()
	for range 3 * (last - first) {
		port := first + rand.IntN(last-first+1)
		lock := reserve(t, port)
		if lock == nil {
			continue
		}
		if !free(port) {
			_ = lock.Close()
			continue
		}
		t.Cleanup(func() { _ = lock.Close() })
		return port
	}
	t.Fatalf("ports: none is free from %d to %d: test processes were left behind?", first, last)
	return 0
}

// Address is a free port as an address of the loopback.
func Address(t testing.TB) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(Free(t)))
}

// reserve locks the byte of a port in a file that all test processes share; nil: it is another's. The lock ends with the file's description, so also with
// the process.
func reserve(t testing.TB, port int) *os.File {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(os.TempDir(), "hotline-test-ports"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	own := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(port), Len: 1}
	if unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &own) != nil {
		_ = file.Close()
		return nil
	}
	return file
}

func free(port int) bool {
	at := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	tcp, err := net.Listen("tcp", at)
	if err != nil {
		return false
	}
	defer func() { _ = tcp.Close() }()
	udp, err := net.ListenPacket("udp", at)
	if err != nil {
		return false
	}
	return udp.Close() == nil
}
