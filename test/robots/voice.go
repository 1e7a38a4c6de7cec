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
	seldom bool // who is in no talk says little
	over   chan struct{}
	done   chan struct{}
	once   sync.Once
}

// voice is what one robot says.
type voice struct {
	track  *pion.TrackLocalStaticRTP
	packet rtp.Packet
	talks  bool // in a talk
	away   bool // off duty: its microphone is closed
	pause  int  // frames since it spoke
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
	one := &voice{track: track, away: true, packet: rtp.Packet{Header: rtp.Header{Version: 2}, Payload: frame}}
	if old := v.byTurn[robot%turns][robot]; old != nil {
		one.talks, one.away = old.talks, old.away
	}
	v.byTurn[robot%turns][robot] = one
}

// talk opens or closes a robot's microphone, where that matters.
func (v *voices) talk(robot int, on bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if one := v.byTurn[robot%turns][robot]; one != nil {
		one.talks = on
	}
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

// duty says whether a robot is at work.
func (v *voices) duty(robot int, on bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if one := v.byTurn[robot%turns][robot]; one != nil {
		one.away = !on
	}
}

// idleFrames is how many frames of 20 ms a closed microphone lets pass between two: a leg that says nothing for 3 s counts as silent.
const idleFrames = 50

func (v *voices) say(turn int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, one := range v.byTurn[turn] {
		if one.pause++; (v.seldom || one.away) && !one.talks && one.pause < idleFrames {
			one.packet.Timestamp += frameSamples
			continue
		}
		one.pause = 0
		_ = one.track.WriteRTP(&one.packet) // fails before the headset is connected, and after it was closed
		one.packet.SequenceNumber++
		one.packet.Timestamp += frameSamples
	}
}

func (v *voices) stop() {
	v.once.Do(func() { close(v.over) })
	<-v.done
}
