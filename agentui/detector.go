package agentui

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"
	"golang.org/x/time/rate"

	"hotline/agentui/detectors"
	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework"
	"hotline/queue"
)

// Actions of the audit trail about detectors outside.
const (
	ActionDetection      = "detector.found" // by "detector:<id>"; with what it said
	ActionDetectorMake   = "detector.make"
	ActionDetectorRevoke = "detector.revoke"
)

// sensors is what the console asks of the detectors outside.
type sensors interface {
	Make(ctx context.Context, now time.Time, name, by string) (detectors.Detector, string, error)
	Known(ctx context.Context, now time.Time, secret string) (detectors.Detector, error)
	Revoke(ctx context.Context, now time.Time, id, by string) error
	List(ctx context.Context) ([]detectors.Detector, error)
}

var _ sensors = (*detectors.Store)(nil)

// Detection is what a detector outside found, checked.
type Detection struct {
	Detector string // "detector:" and its id
	Call     string
	Line     string
	Caller   string // pseudonym; empty when withheld, or not known yet
	Agent    string // user id of who talks with the caller; empty: nobody
	Kind     string
	Level    string // low, moderate, high
	Score    float64
	At       time.Time
	Source   string // of the finding, unique among all detectors: the same again is the same
}

// bounds of what a detector may say.
const (
	detectionBody  = 1 << 10
	detectionPast  = time.Hour
	detectionAhead = time.Minute
	sourceMost     = 64
	detectionEvery = time.Second // in the long run
	detectionBurst = 20
)

var detectionKind = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// checkDetection tells whether a finding can be one.
func checkDetection(d protocol.Detection, now time.Time) bool {
	at := time.UnixMilli(d.At)
	_, err := ulid.ParseStrict(d.Call)
	n := utf8.RuneCountInString(d.Source)
	return err == nil && detectionKind.MatchString(d.Kind) && (d.Level == "low" || d.Level == "moderate" || d.Level == "high") &&
		!math.IsNaN(d.Score) && d.Score >= 0 && d.Score <= 1 && at.After(now.Add(-detectionPast)) && at.Before(now.Add(detectionAhead)) &&
		utf8.ValidString(d.Source) && n >= 1 && n <= sourceMost && !strings.ContainsFunc(d.Source, func(r rune) bool { return !unicode.IsPrint(r) })
}

// sensorLimits slow down a detector that runs wild, so that its noise hides nothing.
type sensorLimits struct {
	mu sync.Mutex
	of limiters
}

func newSensorLimits() *sensorLimits {
	return &sensorLimits{of: newLimiters(rate.Every(detectionEvery), detectionBurst)}
}

// take takes one finding of a detector, or tells how long it is to wait.
func (l *sensorLimits) take(id string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.of.get(id)
	if wait := untilToken(one, now); wait > 0 {
		return wait
	}
	one.AllowN(now, 1)
	return 0
}

// detect answers POST /api/detector. It comes by the detector's secret in a header, which no log of addresses keeps.
func (s *Server) detect(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	d, ok := s.detector(w, r)
	if !ok {
		return
	}
	now := time.Now()
	if wait := s.sensors.take(d.ID, now); wait > 0 {
		s.clerk.Fail(w, http.StatusTooManyRequests, protocol.TooMany, protocol.Params{"retry_after_s": int(math.Ceil(wait.Seconds()))})
		return
	}
	var body protocol.Detection
	if !s.clerk.Read(w, r, &body) {
		return
	}
	if !checkDetection(body, now) {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	found := Detection{
		Detector: "detector:" + d.ID, Call: body.Call, Kind: body.Kind, Level: body.Level, Score: body.Score, At: time.UnixMilli(body.At).UTC(),
		Source: "detector:" + d.ID + ":" + body.Source,
	}
	err := s.aboutCall(r.Context(), &found)
	if errors.Is(err, casework.ErrNotFound) {
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	}
	if err == nil {
		err = s.deps.Audit.Append(r.Context(), page.Entry{
			At: now, Actor: queue.AgentID(found.Detector), Action: ActionDetection, Object: "call:" + found.Call,
			Reason: fmt.Sprintf("%s %s %.2f", found.Kind, found.Level, found.Score), Remote: s.cfg.TrustedProxies.Remote(r).String(),
		})
	}
	if err == nil {
		err = s.deps.Detected(r.Context(), found)
	}
	if err != nil {
		s.clerk.Unavailable(w, r, err) // it is to say it again
		return
	}
	s.clerk.Reply(w, http.StatusAccepted, protocol.Detected{Source: body.Source})
}

// detector tells which detector in force a request comes from; it has answered when it returns false.
func (s *Server) detector(w http.ResponseWriter, r *http.Request) (detectors.Detector, bool) {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var d detectors.Detector
	err := detectors.ErrNotFound
	if ok && secret != "" {
		d, err = s.deps.Detectors.Known(r.Context(), time.Now(), secret)
	}
	switch {
	case errors.Is(err, detectors.ErrNotFound):
		s.clerk.Fail(w, http.StatusUnauthorized, protocol.SignedOut, nil)
	case err != nil:
		s.clerk.Unavailable(w, r, err)
	}
	return d, err == nil
}

// aboutCall fills in what is known of the call, from the board for one that is on, from the books otherwise. casework.ErrNotFound: there is none.
func (s *Server) aboutCall(ctx context.Context, d *Detection) error {
	row, live := s.board.Call(queue.CallID(d.Call))
	if live && taken(row) {
		d.Agent = string(row.Agent)
	}
	caller, err := s.deps.Care.Contacts.Caller(ctx, d.Call)
	if err != nil {
		if !live {
			return err
		}
		d.Line, err = string(row.Line), nil // the books have it in a moment, or are away
		return err
	}
	d.Line = caller.Call.Line
	if len(caller.Refs) > 0 {
		d.Caller = caller.Refs[0]
	}
	return nil
}

func (s *Server) detectorRow(d detectors.Detector) protocol.OutsideDetector {
	return protocol.OutsideDetector{
		Detector: d.ID, Name: d.Name, MadeAt: protocol.Millis(d.Made), ByName: s.directory.name(queue.AgentID(d.By)), RevokedAt: protocol.Millis(d.Revoked),
		RevokedByName: s.directory.name(queue.AgentID(d.RevokedBy)), UsedAt: protocol.Millis(d.Seen),
	}
}

func (s *Server) listDetectors(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := s.deps.Detectors.List(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	out := protocol.OutsideDetectors{Detectors: []protocol.OutsideDetector{}}
	for _, d := range all {
		out.Detectors = append(out.Detectors, s.detectorRow(d))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// makeDetector admits a detector; its secret is told this once.
func (s *Server) makeDetector(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.MakeDetector
	if !s.clerk.Read(w, r, &body) {
		return
	}
	var out protocol.DetectorMade
	err := s.safelyAudited(r, v, ActionDetectorMake, "", strings.TrimSpace(body.Name), func(ctx context.Context) error {
		made, secret, err := s.deps.Detectors.Make(ctx, time.Now(), body.Name, string(v.User.ID))
		out = protocol.DetectorMade{OutsideDetector: s.detectorRow(made), Secret: secret}
		return err
	})
	switch {
	case errors.Is(err, detectors.ErrName):
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadText, nil)
	case errors.Is(err, detectors.ErrTooMany):
		s.clerk.Fail(w, http.StatusConflict, protocol.TooManyDetectors, nil)
	case err != nil:
		s.clerk.Unavailable(w, r, err)
	default:
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

// revokeDetector takes a secret back: it is good for nothing from then on.
func (s *Server) revokeDetector(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := s.clerk.ID(w, r)
	if !ok {
		return
	}
	err := s.safelyAudited(r, v, ActionDetectorRevoke, "detector:"+id, "", func(ctx context.Context) error {
		return s.deps.Detectors.Revoke(ctx, time.Now(), id, string(v.User.ID))
	})
	switch {
	case errors.Is(err, detectors.ErrNotFound):
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
	case err != nil:
		s.clerk.Unavailable(w, r, err)
	default:
		s.clerk.Reply(w, http.StatusOK, struct{}{})
	}
}

// alertEndpoints are those of the telephones of the call tree and of detectors outside.
func (s *Server) alertEndpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/account/telephone", Access: page.SignedIn, Serve: s.showOwnTelephone},
		{Pattern: "POST /api/account/telephone", Access: page.SignedIn, Serve: s.setOwnTelephone, Fresh: true},
		{Pattern: "GET /api/people/{id}/telephone", Access: page.Security, Serve: s.showTelephone},
		{Pattern: "POST /api/people/{id}/telephone", Access: page.Security, Serve: s.setPersonTelephone, Fresh: true},
		{Pattern: "POST /api/detector", Access: page.Detector, Serve: s.detect, Body: detectionBody},
		{Pattern: "GET /api/admin/detectors", Access: page.Administrator, Serve: s.listDetectors},
		{Pattern: "POST /api/admin/detectors", Access: page.Administrator, Serve: s.makeDetector, Fresh: true},
		{Pattern: "POST /api/admin/detectors/{id}/revoke", Access: page.Administrator, Serve: s.revokeDetector},
	}
}
