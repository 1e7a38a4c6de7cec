package detectors

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/pace"
	"hotline/agentui/page"
	"hotline/agentui/passes"
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

// Burst is how many findings of one detector are taken at once.
const Burst = 20

// bounds of what a detector may say.
const (
	detectionBody  = 1 << 10
	detectionPast  = time.Hour
	detectionAhead = time.Minute
	sourceMost     = 64
	detectionEvery = time.Second // in the long run
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

// Pages take in what detectors find, and let the administrator admit them. A detector that runs wild is slowed down, so that its noise hides nothing.
type Pages struct {
	*page.Clerk
	Deps
	limits *pace.Limits
}

// Deps are what these pages stand on.
type Deps struct {
	Store store // *Store
	// About fills in what is known of the call of a finding. casework.ErrNotFound: there is none.
	About func(ctx context.Context, d *Detection) error
	// Found takes in what was found; nil error: it is durable.
	Found  func(ctx context.Context, d Detection) error
	Person func(id string) string // the name of a person
}

type store interface {
	Make(ctx context.Context, now time.Time, name string, purpose passes.Purpose, by string) (Detector, string, error)
	Known(ctx context.Context, now time.Time, secret string, purpose passes.Purpose) (Detector, error)
	Revoke(ctx context.Context, now time.Time, id, by string) error
	List(ctx context.Context) ([]Detector, error)
}

var _ store = (*Store)(nil)

// NewPages makes them.
func NewPages(clerk *page.Clerk, deps Deps) *Pages {
	return &Pages{Clerk: clerk, Deps: deps, limits: pace.New(detectionEvery, Burst)}
}

// Endpoints are what can be asked of and by detectors.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "POST /api/detector", Access: page.Detector, Serve: p.detect, Body: detectionBody},
		{Pattern: "GET /api/admin/detectors", Access: page.Administrator, Serve: p.listDetectors},
		{Pattern: "POST /api/admin/detectors", Access: page.Administrator, Serve: p.makeDetector, Fresh: true},
		{Pattern: "POST /api/admin/detectors/{id}/revoke", Access: page.Administrator, Serve: p.revokeDetector},
	}
}

// detect answers POST /api/detector. It comes by the detector's secret in a header, which no log of addresses keeps.
func (p *Pages) detect(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	d, ok := p.detector(w, r)
	if !ok {
		return
	}
	now := time.Now()
	if wait := p.limits.Take(d.ID, now); wait > 0 {
		p.Fail(w, http.StatusTooManyRequests, protocol.TooMany, protocol.Params{"retry_after_s": int(math.Ceil(wait.Seconds()))})
		return
	}
	var body protocol.Detection
	if !p.Read(w, r, &body) {
		return
	}
	if !checkDetection(body, now) {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	found := Detection{
		Detector: "detector:" + d.ID, Call: body.Call, Kind: body.Kind, Level: body.Level, Score: body.Score, At: time.UnixMilli(body.At).UTC(),
		Source: "detector:" + d.ID + ":" + body.Source,
	}
	err := p.About(r.Context(), &found)
	if errors.Is(err, casework.ErrNotFound) {
		p.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	}
	if err == nil {
		err = p.Trail.Append(r.Context(), page.Entry{
			At: now, Actor: queue.AgentID(found.Detector), Action: ActionDetection, Object: "call:" + found.Call,
			Reason: fmt.Sprintf("%s %s %.2f", found.Kind, found.Level, found.Score), Remote: p.Proxies.Remote(r).String(),
		})
	}
	if err == nil {
		err = p.Found(r.Context(), found)
	}
	if err != nil {
		p.Unavailable(w, r, err) // it is to say it again
		return
	}
	p.Reply(w, http.StatusAccepted, protocol.Detected{Source: body.Source})
}

// detector tells which detector in force a request comes from; it has answered when it returns false.
func (p *Pages) detector(w http.ResponseWriter, r *http.Request) (Detector, bool) {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var d Detector
	err := ErrNotFound
	if ok && secret != "" {
		d, err = p.Store.Known(r.Context(), time.Now(), secret, passes.Only)
	}
	switch {
	case errors.Is(err, ErrNotFound):
		p.Fail(w, http.StatusUnauthorized, protocol.SignedOut, nil)
	case err != nil:
		p.Unavailable(w, r, err)
	}
	return d, err == nil
}

func (p *Pages) detectorRow(d Detector) protocol.OutsideDetector {
	return protocol.OutsideDetector{
		Detector: d.ID, Name: d.Name, MadeAt: protocol.Millis(d.Made), ByName: p.Person(d.By), RevokedAt: protocol.Millis(d.Revoked),
		RevokedByName: p.Person(d.RevokedBy), UsedAt: protocol.Millis(d.Seen),
	}
}

func (p *Pages) listDetectors(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := p.Store.List(r.Context())
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	out := protocol.OutsideDetectors{Detectors: []protocol.OutsideDetector{}}
	for _, d := range all {
		out.Detectors = append(out.Detectors, p.detectorRow(d))
	}
	p.Reply(w, http.StatusOK, out)
}

// makeDetector admits a detector; its secret is told this once.
func (p *Pages) makeDetector(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.MakeDetector
	if !p.Read(w, r, &body) {
		return
	}
	var out protocol.DetectorMade
	err := p.Audited(r, v, ActionDetectorMake, "", strings.TrimSpace(body.Name), func(ctx context.Context) error {
		made, secret, err := p.Store.Make(ctx, time.Now(), body.Name, passes.Only, string(v.User.ID))
		out = protocol.DetectorMade{OutsideDetector: p.detectorRow(made), Secret: secret}
		return err
	})
	if p.answered(w, r, err) {
		p.Reply(w, http.StatusOK, out)
	}
}

// revokeDetector takes a secret back: it is good for nothing from then on.
func (p *Pages) revokeDetector(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.ID(w, r)
	if !ok {
		return
	}
	err := p.Audited(r, v, ActionDetectorRevoke, "detector:"+id, "", func(ctx context.Context) error {
		return p.Store.Revoke(ctx, time.Now(), id, string(v.User.ID))
	})
	if p.answered(w, r, err) {
		p.Reply(w, http.StatusOK, struct{}{})
	}
}

// answered says what went wrong; true when nothing did.
func (p *Pages) answered(w http.ResponseWriter, r *http.Request, err error) bool {
	return p.Answered(w, r, err,
		page.Refusal{Err: ErrName, Status: http.StatusBadRequest, Code: protocol.BadText},
		page.Refusal{Err: ErrTooMany, Status: http.StatusConflict, Code: protocol.TooManyDetectors},
		page.Refusal{Err: ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound})
}
