package webrtc

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// The bodies of the requests about recordings.
type (
	recordingRequest struct {
		Recording string `json:"recording"`
		Call      string `json:"call"`
		Line      string `json:"line"`
		Marks     *Marks `json:"marks,omitempty"` // said before anything is recorded
	}
	recordingAnswer struct {
		Recording string `json:"recording"`
		Duration  int64  `json:"duration_ms"`
	}
)

func (g *Gateway) putRecording(r *http.Request) (int, any, error) {
	var req recordingRequest
	if err := decode(r, &req); err != nil {
		return 0, nil, err
	}
	if err := ids(map[string]string{"recording": req.Recording, "call": req.Call, "line": req.Line}); err != nil {
		return 0, nil, err
	}
	if req.Marks != nil {
		if err := req.Marks.validate(); err != nil {
			return 0, nil, err
		}
	}
	l, err := g.find(r.PathValue("leg"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusNoContent, nil, g.startRecording(r.Context(), l, req)
}

func (g *Gateway) startRecording(ctx context.Context, l *leg, req recordingRequest) error {
	if g.tap == nil || !l.codec.recordable() {
		return failure(NotRecordable, "a leg in %s is not recorded here", l.codec.name)
	}
	t := newTape(req.Recording, l.view.ID, lawOf(l.codec), g.now(), g.frames, g.metrics.tapeLost)
	t.first = req.Marks
	t, fresh := g.tapes.claim(t)
	if t.leg != l.view.ID || (!fresh && t.over()) {
		return failure(RecordingSealed, "recording %s was used before", req.Recording)
	}
	if fresh {
		at := time.Now()
		g.tasks.Go(func() { t.run(g.tap, req.Call, req.Line, l.view.Agent, at, g.log) })
		if err := l.do(ctx, func() { l.record(t) }); err != nil {
			t.end()
			return err
		}
	}
	select {
	case <-t.started:
	case <-ctx.Done():
		return ctx.Err()
	}
	if t.startErr != nil {
		g.tapes.drop(t)
		g.log.Error("a recording could not be started", "recording", t.recording, "call_id", req.Call, "error", t.startErr)
		if err := l.do(ctx, func() { l.stopRecording(t) }); err != nil {
			return err
		}
		return failure(RecordingFailed, "see the gateway's log")
	}
	return l.do(ctx, func() {
		if l.tape.Load() == t && l.view.Recording != t.recording {
			l.view.Recording = t.recording
			g.hub.changed(l.view)
		}
	})
}

// deleteRecording seals, then answers. The leg may be gone: its end sealed the recording.
func (g *Gateway) deleteRecording(r *http.Request) (int, any, error) {
	t, ok := g.tapes.find(r.PathValue("recording"))
	if !ok || t.leg != r.PathValue("leg") {
		return 0, nil, failure(NoRecording, "no such recording on this leg")
	}
	if l, err := g.find(t.leg); err == nil {
		if err := l.do(r.Context(), func() { l.stopRecording(t) }); err != nil && !errors.Is(err, &Error{Code: NoLeg}) {
			return 0, nil, err
		}
	}
	t.end()
	select {
	case <-t.sealed:
	case <-r.Context().Done():
		return 0, nil, r.Context().Err()
	}
	if t.sealErr != nil {
		return 0, nil, failure(RecordingFailed, "see the gateway's log")
	}
	return http.StatusOK, recordingAnswer{Recording: t.recording, Duration: t.duration.Milliseconds()}, nil
}
