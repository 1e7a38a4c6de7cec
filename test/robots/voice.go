package robots

import (
	"sync"
	"time"

	"github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"
)

const (
	frameTime    = 20 * time.Millisecond
	frameSamples = 160
	turns        = 4 // within a frame's time: all robots at once would be a burst that no counsellors make
)

// voices speaks for all robots from one clock.
type voices struct {
	mu     sync.Mutex
	byTurn [turns]map[int]*voice
	over   chan struct{}
	done   chan struct{}
	once   sync.Once
}

// voice is what one robot says.
type voice struct {
	track  *pion.TrackLocalStaticRTP
	packet rtp.Packet
}

func newVoices() *voices {
	v := &voices{over: make(chan struct{}), done: make(chan struct{})}
	for i := range v.byTurn {
		v.byTurn[i] = map[int]*voice{}
	}
	go v.run()
	return v
}

// set gives a robot something to say, by its present headset.
func (v *voices) set(robot int, track *pion.TrackLocalStaticRTP, frame []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.byTurn[robot%turns][robot] = &voice{track: track, packet: rtp.Packet{Header: rtp.Header{Version: 2}, Payload: frame}}
}

// run is the clock. A busy machine makes it late; then it catches up, as a sound card does.
func (v *voices) run() {
	defer close(v.done)
	tick := time.NewTicker(frameTime / turns)
	defer tick.Stop()
	began, said := time.Now(), 0
	for {
		select {
		case <-v.over:
			return
		case <-tick.C:
		}
		for ; said < int(time.Since(began)/(frameTime/turns)); said++ {
			v.say(said % turns)
		}
	}
}

func (v *voices) say(turn int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, one := range v.byTurn[turn] {
		_ = one.track.WriteRTP(&one.packet) // fails before the headset is connected, and after it was closed
		one.packet.SequenceNumber++
		one.packet.Timestamp += frameSamples
	}
}

func (v *voices) stop() {
	v.once.Do(func() { close(v.over) })
	<-v.done
}
