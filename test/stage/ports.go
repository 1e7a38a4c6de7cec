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
	services   = 50    // ports that must be free; RTP looks for free ports itself
)

// block is a reserved range of ports. The reservation is a lock on a file for each part of it, so that test processes side by side do not collide.
type block struct {
	base  int
	locks []*os.File
}

// reserveBlocks reserves n blocks in a row.
func reserveBlocks(n int) (block, error) {
	for base := firstBlock; base+(n-1)*blockSize <= lastBlock; base += blockSize {
		b := block{base: base}
		for i := range n {
			lock, err := os.OpenFile(filepath.Join(os.TempDir(), "hotline-test-ports-"+strconv.Itoa(base+i*blockSize)), os.O_CREATE|os.O_RDWR, 0o600)
			if err != nil {
				return block{}, fmt.Errorf("stage: reserve ports: %w", err)
			}
			if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
				_ = lock.Close()
				break
			}
			b.locks = append(b.locks, lock)
		}
		if len(b.locks) == n && free(base) {
			return b, nil
		}
		for _, lock := range b.locks {
			_ = lock.Close()
		}
	}
	return block{}, errors.New("stage: no free block of ports: something else listens on every one, or test processes were left behind")
}

func (b block) release() {
	for _, lock := range b.locks {
		_ = os.Remove(lock.Name())
		_ = lock.Close()
	}
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
