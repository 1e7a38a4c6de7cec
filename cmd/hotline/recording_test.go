package main

import (
	"slices"
	"testing"
	"time"

	"hotline/audio"
	"hotline/recordings"
	hear "hotline/recordings/listen"
	"hotline/telephony/webrtc"
)

// ear is a detector that notes when it hears.
type ear struct{ heard []string }

func (e *ear) Hear(hear.Side, int64, []byte) { e.heard = append(e.heard, "hear") }
func (e *ear) Rest()                         { e.heard = append(e.heard, "rest") }
func (e *ear) Close(int64)                   { e.heard = append(e.heard, "close") }

// TestDetectorsHearTheTalkOnly: nothing of a hold, and nothing of what is left out.
func TestDetectorsHearTheTalkOnly(t *testing.T) {
	key, err := recordings.AgeSuite{}.Generate()
	if err != nil {
		t.Fatal(err)
	}
	rec, err := recordings.NewRecorder(recordings.Config{Dir: t.TempDir(), Recipients: []recordings.PublicKey{key.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	made, err := tap{rec: rec, levels: true}.Start("01REC", "01CALL", "12355", "u-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s, e := made.(*side), &ear{}
	s.detectors = append(s.detectors, e)
	frame, at := make([]byte, audio.FrameSamples), int64(0)
	say := func() { s.Write(webrtc.Heard, at, frame); at += audio.FrameSamples }
	say()
	s.Begin("hold", "u-1", "")
	say()
	s.Pause("wish", "u-1")
	s.End("hold", "u-1")
	say()
	s.Resume()
	s.Begin("monitor", "s-1", "")
	say()
	if _, err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"hear", "rest", "hear", "close"}; !slices.Equal(e.heard, want) {
		t.Errorf("the detector did %v", e.heard)
	}
}
