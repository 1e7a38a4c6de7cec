package main

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/recordings"
	hear "hotline/recordings/listen"
	"hotline/telephony/webrtc"
)

// tap lets the gateway record through the recorder, and others hear what is recorded.
type tap struct {
	rec    *recordings.Recorder
	levels bool
	to     *hear.Address // of the agency's own listener; nil: there is none
	log    *slog.Logger
}

var _ webrtc.Tap = tap{}

func (t tap) Start(recording, call, line, agent string, at time.Time) (webrtc.Take, error) {
	take, err := t.rec.Start(recording, recordings.Meta{Call: call, Line: line, Agent: agent, Started: at})
	if err != nil {
		return nil, err
	}
	s := &side{take: take, quiet: map[string]bool{}}
	tell := func(f hear.Finding) {
		take.Mark(recordings.Mark{Kind: recordings.MarkDetected, From: f.From, To: f.To, Code: f.Code})
	}
	if t.levels {
		s.detectors = append(s.detectors, hear.NewLevels(hear.Rules{}, tell))
	}
	if t.to != nil {
		about := hear.About{Recording: recording, Call: call, Line: line, Agent: agent, StartedMS: at.UnixMilli()}
		s.detectors = append(s.detectors, hear.NewOutlet(*t.to, about, tell, t.log))
	}
	return s, nil
}

// side translates the gateway's words for the two directions into the recorder's. Detectors hear the talk only: nothing of a hold, and nothing of what is
// left out. Its methods are called from one goroutine.
type side struct {
	take      *recordings.Take
	detectors []hear.Detector
	quiet     map[string]bool // why they hear nothing
	end       int64           // samples that they heard
}

const paused = "paused"

func (s *side) Write(d webrtc.Side, offset int64, alaw []byte) {
	channel, voice := recordings.Left, hear.Counsellor
	if d == webrtc.Heard {
		channel, voice = recordings.Right, hear.Caller
	}
	s.take.Write(channel, offset, alaw)
	if len(s.quiet) > 0 {
		return
	}
	s.end = max(s.end, offset+int64(len(alaw)))
	for _, one := range s.detectors {
		one.Hear(voice, offset, alaw)
	}
}

// rest begins a time in which detectors hear nothing.
func (s *side) rest(why string) {
	if len(s.quiet) == 0 {
		for _, one := range s.detectors {
			one.Rest()
		}
	}
	s.quiet[why] = true
}

func (s *side) Begin(kind, who, code string) {
	s.take.Begin(recordings.MarkKind(kind), who, code)
	if kind == string(recordings.MarkHold) {
		s.rest(kind)
	}
}

func (s *side) End(kind, who string) {
	s.take.End(recordings.MarkKind(kind), who)
	delete(s.quiet, kind) // of a hold; of others there is none
}

func (s *side) Point(kind, who, code string) { s.take.Point(recordings.MarkKind(kind), who, code) }

func (s *side) Pause(code, who string) {
	s.take.Pause(code, who)
	s.rest(paused)
}

func (s *side) Resume() {
	s.take.Resume()
	delete(s.quiet, paused)
}

func (s *side) Close() (time.Duration, error) {
	for _, one := range s.detectors {
		one.Close(s.end)
	}
	return s.take.Close()
}

// tap makes the gateway's recorder. It is given the public key only.
func (c Config) tap(reg prometheus.Registerer, log *slog.Logger) (webrtc.Tap, func(), error) {
	keys, err := c.recipients()
	if err != nil {
		return nil, nil, err
	}
	rec, err := recordings.NewRecorder(recordings.Config{Dir: c.spool(), Recipients: keys, Log: log, Metrics: recordings.NewMetrics(reg)})
	if err != nil {
		return nil, nil, err
	}
	t := tap{rec: rec, levels: c.Recordings.Levels != "off", log: log}
	if c.Recordings.Listener != "" {
		to, err := hear.ParseAddress(c.Recordings.Listener)
		if err != nil {
			return nil, nil, err
		}
		t.to = &to
	}
	return t, func() {
		if err := rec.Close(); err != nil {
			log.Error("recordings were not closed in order; the worker seals them", "error", err)
		}
	}, nil
}

func (c Config) spool() string { return c.path("recordings", "spool") }

// unsigned remembers what was taken in while the key that signs was away.
func (c Config) unsigned() string { return c.path("recordings", "unsigned") }

func (c Config) store() string { return c.path("recordings", "store") }
