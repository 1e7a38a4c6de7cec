package main

import (
	"bytes"
	"sync"
	"time"

	"hotline/test/bench/load"
)

const (
	frameTime    = 20 * time.Millisecond
	frameSamples = 160
	turns        = 4               // within a frame's time, so that not everybody speaks at once
	spread       = 2 * time.Second // within which talks begin, and end
)

// A frame of each side; it begins with bytes by which it is known again.
func sides(stream int) (left, right []byte) {
	return load.AgentSpeech(stream), load.AgentSpeech(stream + 1<<20)
}

// frames counts the frames in A-law.
func frames(alaw []byte) int { return bytes.Count(alaw, load.AgentSpeech(0)[:8]) }

// talk is one stream of frames.
type talk struct {
	say   func(frame int) // both sides of frame n
	end   func(frames int)
	said  int
	count int
}

// speak lets talks speak in real time, each for a length, and returns when all have ended. ends run beside it.
func speak(talks []*talk, length time.Duration) {
	var ends sync.WaitGroup
	began := time.Now()
	for i, t := range talks {
		t.count = int((length) / frameTime)
		t.said = -int(spread/frameTime) * i / len(talks) // begins later
	}
	tick := time.NewTicker(frameTime / turns)
	defer tick.Stop()
	for n, left := 0, len(talks); left > 0; n++ {
		// A tick that came late is made up for: the frames keep their times.
		for due := int(time.Since(began) / (frameTime / turns)); n <= due && left > 0; n++ {
			for i := n % turns; i < len(talks); i += turns {
				t := talks[i]
				if t.said >= 0 && t.said < t.count {
					t.say(t.said)
				}
				if t.said == t.count {
					left--
					ends.Go(func() { t.end(t.count) })
				}
				t.said++
			}
		}
		n--
		<-tick.C
	}
	ends.Wait()
}
