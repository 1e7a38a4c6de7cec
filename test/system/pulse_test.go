package system_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// pulse beats every 10 ms and notes when it came late: then this machine stood still, and what a caller did not hear in that time says nothing
// about the hotline.
type pulse struct {
	mu    sync.Mutex
	pause []pause
}

type pause struct{ from, to time.Time }

func newPulse() *pulse {
	p := &pulse{}
	go func() {
		last := time.Now()
		for range time.Tick(10 * time.Millisecond) {
			now := time.Now() // not the tick's time: a late reader gets an early tick
			if now.Sub(last) > 40*time.Millisecond {
				p.mu.Lock()
				p.pause = append(p.pause, pause{last, now})
				p.mu.Unlock()
			}
			last = now
		}
	}()
	return p
}

// stood is how long the machine stood still between two times.
func (p *pulse) stood(from, to time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum time.Duration
	for _, s := range p.pause {
		begin, end := s.from, s.to
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		sum += max(0, end.Sub(begin))
	}
	return sum
}

// load is the machine's own account of how busy it is.
func load() string {
	raw, _ := os.ReadFile("/proc/loadavg")
	pressure, _ := os.ReadFile("/proc/pressure/cpu")
	return strings.TrimSpace(fmt.Sprintf("load %s %s", strings.TrimSpace(string(raw)), strings.TrimSpace(string(pressure))))
}
