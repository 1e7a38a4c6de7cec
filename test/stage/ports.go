package stage

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

const (
	// blockSize is how many ports an instance takes from its base: its services, then a thousand for Asterisk's RTP.
	blockSize  = 2000
	firstBlock = 10000
	lastBlock  = 30000 // below the range from which Linux gives out ports of its own accord
	services   = 20    // ports that must be free; RTP looks for free ports itself
)

// block is a reserved range of ports. The reservation is a lock on a file, so that test processes side by side do not collide.
type block struct {
	base int
	lock *os.File
}

func reserveBlock() (block, error) {
	for base := firstBlock; base <= lastBlock; base += blockSize {
		lock, err := os.OpenFile(filepath.Join(os.TempDir(), "hotline-test-ports-"+strconv.Itoa(base)), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return block{}, fmt.Errorf("stage: reserve ports: %w", err)
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil && free(base) {
			return block{base, lock}, nil
		}
		_ = lock.Close()
	}
	return block{}, errors.New("stage: no free block of ports: something else listens on every one, or test processes were left behind")
}

func (b block) release() {
	_ = os.Remove(b.lock.Name())
	_ = b.lock.Close()
}

func free(base int) bool {
	for port := base; port < base+services; port++ {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		tcp, err := net.Listen("tcp", addr)
		if err != nil {
			return false
		}
		_ = tcp.Close()
		udp, err := net.ListenPacket("udp", addr)
		if err != nil {
			return false
		}
		_ = udp.Close()
	}
	return true
}
