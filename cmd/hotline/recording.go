package main

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/recordings"
	"hotline/telephony/webrtc"
)

// tap lets the gateway record through the recorder.
type tap struct{ rec *recordings.Recorder }

var _ webrtc.Tap = tap{}

func (t tap) Start(recording, call, line, agent string, at time.Time) (webrtc.Take, error) {
	take, err := t.rec.Start(recording, recordings.Meta{Call: call, Line: line, Agent: agent, Started: at})
	if err != nil {
		return nil, err
	}
	return side{take}, nil
}

// side translates the gateway's words for the two directions into the recorder's.
type side struct{ take *recordings.Take }

func (s side) Write(d webrtc.Side, offset int64, alaw []byte) {
	channel := recordings.Left
	if d == webrtc.Heard {
		channel = recordings.Right
	}
	s.take.Write(channel, offset, alaw)
}

func (s side) Begin(kind, who, code string) { s.take.Begin(recordings.MarkKind(kind), who, code) }
func (s side) End(kind, who string)         { s.take.End(recordings.MarkKind(kind), who) }
func (s side) Point(kind, who, code string) { s.take.Point(recordings.MarkKind(kind), who, code) }
func (s side) Pause(code, who string)       { s.take.Pause(code, who) }
func (s side) Resume()                      { s.take.Resume() }

func (s side) Close() (time.Duration, error) { return s.take.Close() }

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
	return tap{rec}, func() {
		if err := rec.Close(); err != nil {
			log.Error("recordings were not closed in order; the worker seals them", "error", err)
		}
	}, nil
}

func (c Config) spool() string { return c.path("recordings", "spool") }
func (c Config) store() string { return c.path("recordings", "store") }
