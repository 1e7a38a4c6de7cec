package webrtc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	pion "github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// ask sends a raw request and reads the code of its refusal.
func (r *rig) ask(method, path, secret, body string) (int, Code) {
	r.t.Helper()
	req, err := http.NewRequest(method, "http://"+r.g.Addr()+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if secret != "" {
		req.Header.Set("Authorization", secret)
	}
	res, err := r.client.http.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var refused Error
	if res.StatusCode >= 300 {
		if err := json.NewDecoder(res.Body).Decode(&refused); err != nil {
			r.t.Errorf("%s %s: a refusal that is no JSON: %v", method, path, err)
		}
	}
	return res.StatusCode, refused.Code
}

func TestUnauthorized(t *testing.T) {
	r := start(t, nil, nil)
	for _, path := range []string{
		"POST /v1/legs", "POST /v1/legs/x/restart", "POST /v1/legs/x/suspect", "DELETE /v1/legs/x", "PUT /v1/legs/x/asterisk",
		"DELETE /v1/legs/x/asterisk/n", "PUT /v1/legs/x/recording", "DELETE /v1/legs/x/recording/r", "GET /v1/events", "GET /", "GET /nowhere",
	} {
		method, target, _ := strings.Cut(path, " ")
		for _, secret := range []string{"", "Bearer", "Bearer wrong", testSecret, "Basic " + testSecret, "Bearer " + testSecret + "x", "Bearer " + testSecret[1:]} {
			if status, code := r.ask(method, target, secret, "{}"); status != http.StatusUnauthorized || code != Unauthorized {
				t.Errorf("%s with %q: %d %s", path, secret, status, code)
			}
		}
	}
	stranger := NewClient("http://"+r.g.Addr(), "not the secret at all")
	defer stranger.http.CloseIdleConnections()
	if err := stranger.Follow(context.Background(), func(Event) error { return nil }); !errors.Is(err, &Error{Code: Unauthorized}) {
		t.Errorf("following with a wrong secret: %v", err)
	}
}

func TestMalformedRequests(t *testing.T) {
	r := start(t, newMemory(), nil)
	r.connect("leg-1", "u-1")
	offer := openBrowser(t, pion.MimeTypePCMA).offer(nil)
	leg := func(id, agent, offer string) string {
		data, err := json.Marshal(legRequest{Leg: id, Agent: agent, Offer: offer})
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, c := range []struct {
		path, body string
		status     int
		code       Code
	}{
		{"POST /v1/legs", "", 400, BadRequest},
		{"POST /v1/legs", "nonsense", 400, BadRequest},
		{"POST /v1/legs", "{}", 400, BadRequest},
		{"POST /v1/legs", leg("leg-2", "u-1", offer) + "{}", 400, BadRequest},
		{"POST /v1/legs", `{"leg":"leg-2","agent":"u-1","offer":"","more":1}`, 400, BadRequest},
		{"POST /v1/legs", leg("../leg", "u-1", offer), 400, BadRequest},
		{"POST /v1/legs", leg("leg-2", "", offer), 400, BadRequest},
		{"POST /v1/legs", leg("leg-2", "u-1", ""), 400, BadOffer},
		{"POST /v1/legs", leg("leg-2", "u-1", strings.Repeat("a", maxOffer+1)), 400, BadOffer},
		{"POST /v1/legs", leg("leg-2", "u-1", strings.Repeat("a", maxBody)), 413, TooLarge},
		{"POST /v1/legs", leg("leg-1", "u-1", offer), 409, LegExists},
		{"POST /v1/legs/leg-1/restart", "{}", 400, BadOffer},
		{"POST /v1/legs/leg-9/suspect", "", 404, NoLeg},
		{"PUT /v1/legs/leg-1/asterisk", "{}", 400, BadRequest},
		{"PUT /v1/legs/leg-1/asterisk", `{"node":"node-1","rtp":"asterisk.example:1"}`, 400, BadRequest},
		{"PUT /v1/legs/leg-1/asterisk", `{"node":"node-1","rtp":"127.0.0.1:0"}`, 400, BadRequest},
		{"PUT /v1/legs/leg-1/asterisk", `{"node":"node-1","rtp":"0.0.0.0:9"}`, 400, BadRequest},
		{"PUT /v1/legs/leg-1/asterisk", `{"node":"","rtp":"127.0.0.1:9"}`, 400, BadRequest},
		{"PUT /v1/legs/leg-1/asterisk", `{"node":"node-1/","rtp":"127.0.0.1:9"}`, 400, BadRequest},
		{"PUT /v1/legs/leg-1/asterisk", `{"node":"node-1/a/b","rtp":"127.0.0.1:9"}`, 400, BadRequest},
		{"PUT /v1/legs/leg-9/asterisk", `{"node":"node-1","rtp":"127.0.0.1:9"}`, 404, NoLeg},
		{"PUT /v1/legs/leg-1/recording", `{"recording":"","call":"c","line":"1"}`, 400, BadRequest},
		{"PUT /v1/legs/leg-9/recording", `{"recording":"r","call":"c","line":"1"}`, 404, NoLeg},
		{"DELETE /v1/legs/leg-1/recording/r", "", 404, NoRecording},
		{"GET /v1/legs", "", 404, NotFound},
		{"GET /metrics", "", 404, NotFound},
	} {
		method, path, _ := strings.Cut(c.path, " ")
		if status, code := r.ask(method, path, "Bearer "+testSecret, c.body); status != c.status || code != c.code {
			t.Errorf("%s %.60s: %d %s, want %d %s", c.path, c.body, status, code, c.status, c.code)
		}
	}
	if n := testutil.ToFloat64(r.g.metrics.refused.WithLabelValues(string(BadOffer))); n < 3 {
		t.Errorf("%v bad offers were counted", n)
	}
	if _, err := r.g.find("leg-1"); err != nil {
		t.Error("the leg that was there is gone")
	}
}

func TestFull(t *testing.T) {
	r := start(t, nil, func(c *Config) { c.MaxLegs = 1 })
	r.connect("leg-1", "u-1")
	_, err := r.client.CreateLeg(context.Background(), "leg-2", "u-2", openBrowser(t, pion.MimeTypePCMA).offer(nil))
	if !errors.Is(err, &Error{Code: Full}) {
		t.Errorf("one leg too many: %v", err)
	}
}

// pageOffer is what a browser sends, in short.
const pageOffer = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 8 0\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n" +
	"a=candidate:1 1 udp 2122260223 192.0.2.7 40000 typ host\r\n" +
	"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n" +
	"a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n" +
	"a=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"

func TestInspect(t *testing.T) {
	o, bad := inspect(pageOffer, []string{PCMA})
	if bad != nil {
		t.Fatal(bad)
	}
	if o.codec.name != PCMA || o.mid != "0" || !strings.HasPrefix(o.fingerprint, "sha-256 00:11") {
		t.Errorf("%+v", o)
	}
	if strings.Contains(o.sdp, "192.0.2.7") {
		t.Error("a candidate of the browser is still there")
	}
	if o, bad = inspect(pageOffer, []string{PCMA, PCMU, Opus}); bad != nil || o.codec.name != Opus {
		t.Errorf("the browser's order does not decide: %+v, %v", o, bad)
	}
	bare := strings.ReplaceAll(strings.ReplaceAll(pageOffer, "a=rtpmap:8 PCMA/8000\r\n", ""), "111 8 0", "8")
	if o, bad = inspect(bare, []string{PCMA}); bad != nil || o.codec.name != PCMA {
		t.Errorf("a static payload type without rtpmap: %+v, %v", o, bad)
	}
	beforeMedia, _, _ := strings.Cut(pageOffer, "m=")
	for name, text := range map[string]string{
		"video":             strings.ReplaceAll(pageOffer, "m=audio", "m=video"),
		"data channel":      pageOffer + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n",
		"two audio streams": pageOffer + "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\na=mid:1\r\n",
		"no media":          beforeMedia,
		"port 0":            strings.ReplaceAll(pageOffer, "audio 9", "audio 0"),
		"recvonly":          strings.ReplaceAll(pageOffer, "a=sendrecv", "a=recvonly"),
		"no fingerprint":    strings.ReplaceAll(pageOffer, "a=fingerprint", "a=x"),
		"no ice":            strings.ReplaceAll(pageOffer, "a=ice-ufrag", "a=x"),
		"no mid":            strings.ReplaceAll(pageOffer, "a=mid", "a=x"),
		"simulcast":         pageOffer + "a=rid:1 send\r\n",
		"no codec of ours":  strings.ReplaceAll(strings.ReplaceAll(pageOffer, "111 8 0", "9"), "PCMA", "G722"),
		"many attributes":   pageOffer + strings.Repeat("a=x\r\n", maxAttributes),
		"too long":          pageOffer + strings.Repeat("a=x\r\n", maxOffer),
		"nonsense":          "hello",
	} {
		if o, bad := inspect(text, []string{PCMA}); bad == nil {
			t.Errorf("%s: accepted as %+v", name, o)
		} else if bad.Code != BadOffer || strings.Contains(bad.Detail, "192.0.2.7") {
			t.Errorf("%s: refused with %v", name, bad)
		}
	}
}

// An offer that passes inspection but not pion is refused and leaves nothing behind.
func TestOfferThatPionRefuses(t *testing.T) {
	r := start(t, nil, nil)
	for _, text := range []string{
		strings.ReplaceAll(pageOffer, "sha-256 00:11", "sha-256 junk"),
		strings.ReplaceAll(pageOffer, "sha-256", "md2"),
		strings.ReplaceAll(pageOffer, "a=setup:actpass", "a=setup:passive"),
	} {
		_, err := r.client.CreateLeg(context.Background(), "leg-1", "u-1", text)
		if err != nil && !errors.Is(err, &Error{Code: BadOffer}) {
			t.Errorf("refused with %v", err)
		}
		if err == nil { // what pion finds out only when it connects ends by the watchdog
			if err := r.client.CloseLeg(context.Background(), "leg-1"); err != nil {
				t.Error(err)
			}
		}
		if _, err := r.g.find("leg-1"); err == nil {
			t.Error("a refused leg is still there")
		}
	}
}

// FuzzRequests sends hostile bodies to every endpoint: the answer is always JSON with a known status, and no leg is left behind.
func FuzzRequests(f *testing.F) {
	g, err := New(Config{
		Listen: "127.0.0.1:0", ICEUDP: "127.0.0.1:0", RTP: "127.0.0.1:0", Secret: testSecret,
	}, newMemory(), slog.New(slog.DiscardHandler), nil)
	if err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- g.Run(ctx) }()
	f.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			f.Error(err)
		}
	})
	paths := []string{"POST /v1/legs", "POST /v1/legs/a/restart", "PUT /v1/legs/a/asterisk", "PUT /v1/legs/a/recording", "DELETE /v1/legs/a"}
	f.Add(uint8(0), []byte(`{"leg":"a","agent":"b","offer":"v=0\r\n"}`))
	f.Add(uint8(1), []byte(`{"offer":"v=0\r\n"}`))
	f.Add(uint8(2), []byte(`{"node":"n","rtp":"127.0.0.1:9"}`))
	f.Add(uint8(3), []byte(`{"recording":"r","call":"c","line":"1"}`))
	if page, err := json.Marshal(legRequest{Leg: "a", Agent: "b", Offer: pageOffer}); err == nil {
		f.Add(uint8(0), page)
	}
	handler := g.Handler()
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		method, path, _ := strings.Cut(paths[int(which)%len(paths)], " ")
		req := httptest.NewRequest(method, path, bytes.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+testSecret)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		if w.Code >= 500 {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		if w.Code >= 300 && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s %s: %d without JSON", method, path, w.Code)
		}
		g.mu.Lock()
		legs := make([]*leg, 0, len(g.legs))
		for _, l := range g.legs {
			legs = append(legs, l)
		}
		g.mu.Unlock()
		for _, l := range legs {
			l.post(func() { l.end = Closed })
			<-l.done
		}
	})
}

// A reader that does not read is cut off and starts anew; it neither slows the gateway nor misses an event in silence.
func TestStalledReader(t *testing.T) {
	h := newHub("gateway-1", "127.0.0.1:5066")
	m, err := newMetrics(nil, h.count)
	if err != nil {
		t.Fatal(err)
	}
	h.metrics = m
	r, err := h.follow()
	if err != nil {
		t.Fatal(err)
	}
	for range readerBacklog + 5 {
		h.changed(Leg{ID: "leg-1", State: Connected})
	}
	n := 0
	for range r.events {
		n++
	}
	if n != readerBacklog {
		t.Errorf("%d messages before the cut", n)
	}
	if c := testutil.ToFloat64(m.resync); c != 1 {
		t.Errorf("%v cuts counted", c)
	}
	h.unfollow(r)
	h.close()
	if _, err := h.follow(); !errors.Is(err, &Error{Code: ShuttingDown}) {
		t.Errorf("following a hub that is closed: %v", err)
	}
}

func TestEventsRefuseABrowser(t *testing.T) {
	r := start(t, nil, nil)
	header := http.Header{"Authorization": {"Bearer " + testSecret}, "Origin": {"http://evil.example"}}
	_, res, err := websocket.DefaultDialer.Dial("ws://"+r.g.Addr()+"/v1/events", header)
	if err == nil || res == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("a page of another origin: %v", err)
	}
	if res != nil {
		_ = res.Body.Close()
	}
}
