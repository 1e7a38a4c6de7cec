package phone

import (
	"encoding/binary"

	"github.com/pion/rtp"

	"hotline/audio"
)

// Telephone events, RFC 4733: a key is told every 20 ms while it is held down, with one timestamp and a growing duration, and its
// end three times.
const (
	keyNames  = "0123456789*#ABCD" // section 3.2: the event's code is the place in this row
	keyTicks  = 5                  // 100 ms held down
	keyPause  = 5                  // 100 ms between keys
	keyVolume = 10                 // -10 dBm0
	keyEnd    = 0x80
)

func eventOf(key byte) int {
	for i := range len(keyNames) {
		if keyNames[i] == key {
			return i
		}
	}
	return -1
}

// keying is the key that is being pressed.
type keying struct {
	event byte
	ts    uint32
	step  int // 1..keyTicks held, then keyPause of nothing; 0 idle
}

func (k *keying) busy() bool { return k.step > 0 }

func (k *keying) begin(key byte, ts uint32) {
	k.event, k.ts, k.step = byte(eventOf(key)), ts, 1
}

// first tells whether the packets of the last next were the first of this key.
func (k *keying) first() bool { return k.step == 2 }

// next gives the packets of this tick; none means that sound is sent.
func (k *keying) next() [][]byte {
	if k.step == 0 {
		return nil
	}
	step := k.step
	k.step++
	if k.step > keyTicks+keyPause {
		k.step = 0
	}
	switch {
	case step < keyTicks:
		return [][]byte{k.payload(step, 0)}
	case step == keyTicks:
		last := k.payload(step, keyEnd)
		return [][]byte{last, last, last}
	}
	return nil
}

func (k *keying) payload(step int, flags byte) []byte {
	p := []byte{k.event, flags | keyVolume, 0, 0}
	binary.BigEndian.PutUint16(p[2:], uint16(step*audio.FrameSamples))
	return p
}

// heardKey notes a key once, by its timestamp. The caller holds the lock.
func (m *media) heardKey(p *rtp.Packet) {
	if len(p.Payload) < 4 || int(p.Payload[0]) >= len(keyNames) {
		return
	}
	if m.anyKey && m.lastKey == p.Timestamp {
		return
	}
	m.anyKey, m.lastKey = true, p.Timestamp
	m.pressed = append(m.pressed, keyNames[p.Payload[0]])
}
