package webrtc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// maxBody bounds a request: an offer and its JSON escapes.
	maxBody = 2*maxOffer + 1024
	// readerPatience is for how long an event reader may be mute; Client pings every second.
	readerPatience = 10 * time.Second
	// writePatience is for how long one event may take to be written.
	writePatience = 2 * time.Second
)

// The bodies of the internal API, docs/protocol.md section 3.
type (
	legRequest struct {
		Leg   string `json:"leg"`
		Agent string `json:"agent"`
		Offer string `json:"offer"`
	}
	restartRequest struct {
		Offer string `json:"offer"`
	}
	legAnswer struct {
		Leg    string `json:"leg"`
		Answer string `json:"answer"`
	}
	asteriskRequest struct {
		Node string `json:"node"`
		RTP  string `json:"rtp"`
	}
)

// endpoint answers a request: a status and what goes with it (nil: no body), or an error.
type endpoint func(r *http.Request) (status int, body any, err error)

// Handler is the internal API. Every path needs the secret; Run serves it on Config.Listen.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, e := range map[string]endpoint{
		"POST /v1/legs":                                  g.postLeg,
		"POST /v1/legs/{leg}/restart":                    g.postRestart,
		"POST /v1/legs/{leg}/suspect":                    g.postSuspect,
		"DELETE /v1/legs/{leg}":                          g.deleteLeg,
		"PUT /v1/legs/{leg}/asterisk":                    g.putAsterisk,
		"DELETE /v1/legs/{leg}/asterisk/{node}":          g.deleteAsterisk,
		"PUT /v1/legs/{leg}/recording":                   g.putRecording,
		"DELETE /v1/legs/{leg}/recording/{recording}":    g.deleteRecording,
		"PUT /v1/legs/{leg}/recording/{recording}/marks": g.putMarks,
	} {
		mux.HandleFunc(pattern, g.serve(e))
	}
	mux.HandleFunc("GET /v1/events", g.getEvents)
	mux.HandleFunc("/", g.serve(func(r *http.Request) (int, any, error) {
		return 0, nil, failure(NotFound, "no %s here", r.Method)
	}))
	secret := sha256.Sum256([]byte(g.cfg.Secret))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		hash := sha256.Sum256([]byte(given)) // equal lengths, so that the comparison tells nothing about the secret's
		if subtle.ConstantTimeCompare(hash[:], secret[:]) != 1 || !ok {
			g.refuse(w, failure(Unauthorized, "wrong or no secret"))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (g *Gateway) serve(e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		status, body, err := e(r)
		if err != nil {
			g.refuse(w, err)
			return
		}
		if body == nil {
			w.WriteHeader(status)
			return
		}
		writeJSON(w, status, body)
	}
}

// refuse answers with an error. What is no *Error is ours: logged, and not shown.
func (g *Gateway) refuse(w http.ResponseWriter, err error) {
	var known *Error
	if !errors.As(err, &known) {
		g.log.Error("internal api", "error", err)
		known = failure(Internal, "see the gateway's log")
	}
	g.metrics.refused.WithLabelValues(string(known.Code)).Inc()
	writeJSON(w, known.Code.status(), known)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the reader went away: nobody to tell
}

// decode reads exactly one JSON object without unknown fields.
func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		_, err = d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return failure(TooLarge, "more than %d bytes", large.Limit)
	}
	return failure(BadRequest, "not the JSON that this request takes")
}

// ids refuses ids that could not be ours.
func ids(named map[string]string) error {
	for name, id := range named {
		if !validID(id) {
			return failure(BadRequest, "%s is no id", name)
		}
	}
	return nil
}

func (g *Gateway) postLeg(r *http.Request) (int, any, error) {
	var req legRequest
	if err := decode(r, &req); err != nil {
		return 0, nil, err
	}
	if err := ids(map[string]string{"leg": req.Leg, "agent": req.Agent}); err != nil {
		return 0, nil, err
	}
	sdp, err := g.open(r.Context(), req.Leg, req.Agent, req.Offer)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, legAnswer{Leg: req.Leg, Answer: sdp}, nil
}

func (g *Gateway) postRestart(r *http.Request) (int, any, error) {
	var req restartRequest
	if err := decode(r, &req); err != nil {
		return 0, nil, err
	}
	l, err := g.find(r.PathValue("leg"))
	if err != nil {
		return 0, nil, err
	}
	sdp, err := l.restart(r.Context(), req.Offer)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, legAnswer{Leg: l.view.ID, Answer: sdp}, nil
}

// restart answers a later offer of the same browser: new ICE credentials after its network changed (RFC 8445 section 9).
func (l *leg) restart(ctx context.Context, text string) (string, error) {
	o, bad := inspect(text, l.g.cfg.Codecs)
	switch {
	case bad != nil:
		return "", bad
	case o.mid != l.mid:
		return "", failure(BadOffer, "another media section than the leg has")
	case o.fingerprint != l.fingerprint: // a reloaded page, or another: what it would say is not what DTLS has verified
		return "", failure(BadOffer, "another browser than the leg has; make a new leg")
	case o.codec.name != l.codec.name:
		return "", failure(BadOffer, "another codec than the leg has; make a new leg")
	}
	l.negotiation.Lock()
	defer l.negotiation.Unlock()
	ctx, cancel := context.WithTimeout(ctx, negotiationTimeout)
	defer cancel()
	sdp, err := answer(ctx, l.pc, o)
	if err != nil {
		if l.over() {
			return "", failure(NoLeg, "leg %s is gone", l.view.ID)
		}
		l.log.Info("an ICE restart was refused", "error", err)
		return "", failure(BadOffer, "not acceptable")
	}
	return sdp, nil
}

func (g *Gateway) postSuspect(r *http.Request) (int, any, error) {
	l, err := g.find(r.PathValue("leg"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusNoContent, nil, l.do(r.Context(), l.suspect)
}

func (g *Gateway) deleteLeg(r *http.Request) (int, any, error) {
	l, ok := g.lookup(r.PathValue("leg"))
	if !ok { // gone already
		return http.StatusNoContent, nil, nil
	}
	l.post(func() { l.end = Closed })
	select {
	case <-l.done:
		return http.StatusNoContent, nil, nil
	case <-r.Context().Done():
		return 0, nil, r.Context().Err()
	}
}

func (g *Gateway) putAsterisk(r *http.Request) (int, any, error) {
	var req asteriskRequest
	if err := decode(r, &req); err != nil {
		return 0, nil, err
	}
	if !validNode(req.Node) {
		return 0, nil, failure(BadRequest, "node is no id")
	}
	addr, err := netip.ParseAddrPort(req.RTP)
	if err != nil || addr.Port() == 0 || addr.Addr().IsUnspecified() || addr.Addr().IsMulticast() {
		return 0, nil, failure(BadRequest, "rtp is no ip:port that Asterisk could receive at")
	}
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	l, err := g.find(r.PathValue("leg"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusNoContent, nil, l.do(r.Context(), func() { l.attach(req.Node, addr) })
}

func (g *Gateway) deleteAsterisk(r *http.Request) (int, any, error) {
	l, err := g.find(r.PathValue("leg"))
	if err == nil {
		err = l.do(r.Context(), func() {
			if l.detach(r.PathValue("node")) {
				g.hub.changed(l.view)
			}
		})
	}
	if err == nil || errors.Is(err, &Error{Code: NoLeg}) {
		return http.StatusNoContent, nil, nil
	}
	return 0, nil, err
}

// getEvents sends the snapshot and every change after it.
func (g *Gateway) getEvents(w http.ResponseWriter, r *http.Request) {
	reader, err := g.hub.follow()
	if err != nil {
		g.refuse(w, err)
		return
	}
	defer g.hub.unfollow(reader)
	// No browser has a business here: gorilla's own check refuses a foreign Origin.
	upgrader := websocket.Upgrader{HandshakeTimeout: 5 * time.Second}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		g.metrics.refused.WithLabelValues(string(BadRequest)).Inc() // Upgrade has answered
		return
	}
	closed := make(chan struct{})
	g.tasks.Go(func() { // reading is what answers pings and notices the end
		defer close(closed)
		conn.SetReadLimit(1024)
		answerPing := conn.PingHandler()
		alive := func() error { return conn.SetReadDeadline(time.Now().Add(readerPatience)) }
		conn.SetPingHandler(func(data string) error { return errors.Join(alive(), answerPing(data)) })
		if alive() != nil {
			return
		}
		for {
			if _, _, err := conn.NextReader(); err != nil {
				return
			}
		}
	})
	g.writeEvents(conn, reader, closed)
	_ = conn.Close() // also ends the goroutine above
	<-closed
}

func (g *Gateway) writeEvents(conn *websocket.Conn, reader *reader, closed <-chan struct{}) {
	for {
		select {
		case <-closed:
			return
		case data, ok := <-reader.events:
			deadline := time.Now().Add(writePatience)
			if !ok { // cut off or shutting down: either way the reader starts anew
				_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), deadline)
				return
			}
			if conn.SetWriteDeadline(deadline) != nil || conn.WriteMessage(websocket.TextMessage, data) != nil {
				return
			}
		}
	}
}
