package system_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hotline/telephony/phone"
	"hotline/test/stage"
)

// What is not a call of ours gets a proper SIP answer and disturbs nobody.
func TestStrangeCallsDisturbNothing(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	c := s.talk(d, toneFirst)
	began := time.Now()
	for _, number := range []string{"99999", "0086110", "12355x", "%00", "s", "fallback"} {
		_, err := phone.Dial(t.Context(), phone.Config{Server: s.Demo.SIP, From: private + "0000"}, number)
		var refused *phone.Rejected
		if !errors.As(err, &refused) || refused.Status != 404 {
			t.Errorf("a call to %q: %v, want 404", number, err)
		}
	}
	for _, bad := range []struct{ part, by, answer string }{
		{"Contact: <sip:x@127.0.0.1:PORT>\r\n", "", "SIP/2.0 400"},
		{"v=0", "this is no session description", "SIP/2.0 400"},
		{"Content-Type: application/sdp", "Content-Type: text/plain", "SIP/2.0 415"},
		{"Max-Forwards: 70", "Require: mind-reading", "SIP/2.0 420"},
	} {
		if answer := s.invite(t, bad.part, bad.by); !strings.HasPrefix(answer, bad.answer) {
			t.Errorf("INVITE with %q instead of %q: answered %q, want %s", bad.by, bad.part, answer, bad.answer)
		}
	}
	conn, err := net.Dial("udp", s.Demo.SIP)
	must(t, err)
	defer func() { _ = conn.Close() }()
	for _, rubbish := range []string{"", "\x00\x01\x02", "INVITE\r\n\r\n", strings.Repeat("A", 60000), "SIP/2.0 200 OK\r\n\r\n"} {
		_, err := conn.Write([]byte(rubbish))
		must(t, err)
	}
	c.awaitSound(began.Add(time.Second), 3*time.Second, "the counsellor", stage.Tones(toneFirst))
	c.steady(began, time.Now(), 200*time.Millisecond, "the counsellor's voice", stage.Tones(toneFirst))
	c.present()
}

// invite sends an INVITE in which one part is replaced, and returns the first line of the final answer; empty when none came in time.
func (s *scene) invite(t *testing.T, part, by string) string {
	t.Helper()
	conn, err := net.Dial("udp", s.Demo.SIP)
	must(t, err)
	defer func() { _ = conn.Close() }()
	_, port, err := net.SplitHostPort(conn.LocalAddr().String())
	must(t, err)
	body := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n"
	if part == "v=0" {
		body = by
	}
	head := "INVITE sip:12355@" + s.Demo.SIP + " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:PORT;branch=z9hG4bK" + port + "\r\n" +
		"Max-Forwards: 70\r\nFrom: <sip:x@127.0.0.1>;tag=a\r\nTo: <sip:12355@" + s.Demo.SIP + ">\r\nCall-ID: strange-" + port + "\r\n" +
		"CSeq: 1 INVITE\r\nContact: <sip:x@127.0.0.1:PORT>\r\nContent-Type: application/sdp\r\n"
	head = strings.Replace(head, part, by, 1)
	head = strings.ReplaceAll(head, "PORT", port)
	_, err = fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
	must(t, err)
	must(t, conn.SetReadDeadline(time.Now().Add(2*time.Second)))
	buf := make([]byte, 65536)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return ""
		}
		line, _, _ := strings.Cut(string(buf[:n]), "\r\n")
		if !strings.HasPrefix(line, "SIP/2.0 1") {
			return line
		}
	}
}

// Messages that are not of the protocol are refused and counted; who is not signed in gets no websocket.
func TestBadWebsocketMessages(t *testing.T) {
	s := play(t)
	address := "ws" + strings.TrimPrefix(s.Demo.Console, "http") + "/ws"
	if _, res, err := websocket.DefaultDialer.DialContext(t.Context(), address, http.Header{"Origin": {s.Demo.Console}}); err == nil || res == nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a websocket without a session: %v %v", res, err)
	}
	v := s.visit("agent")
	if _, res, err := v.websocket(address, "http://elsewhere.example"); err == nil || res == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("a websocket from another site: %v %v", res, err)
	}
	metrics := s.Demo.Console + "/metrics"
	before, err := s.Metric(t.Context(), metrics, "hotline_console_websocket_refused_total")
	must(t, err)
	bad := []string{
		`{"type":"hello"`, `[]`, `{"id":2,"type":"no such thing"}`, `{"id":3,"type":"accept","offer":"none"}`, `{"id":4,"type":"hangup","call":"none"}`,
	}
	conn, _, err := v.websocket(address, s.Demo.Console)
	must(t, err)
	must(t, conn.WriteJSON(map[string]any{"id": 1, "type": "hello"}))
	for _, message := range bad {
		must(t, conn.WriteMessage(websocket.TextMessage, []byte(message)))
		if code := awaitError(conn); code == "" {
			t.Errorf("%s was not refused", message)
		}
	}
	_ = conn.Close()
	large, _, err := v.websocket(address, s.Demo.Console)
	must(t, err)
	_ = large.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("x", 70<<10)))
	if code := awaitError(large); code == "" {
		t.Error("a message of 70 KiB was not refused")
	}
	_ = large.Close()
	after, err := s.Metric(t.Context(), metrics, "hotline_console_websocket_refused_total")
	must(t, err)
	if after < before+4 {
		t.Errorf("%v refused messages were counted", after-before)
	}
}

func (v *visitor) websocket(address, origin string) (*websocket.Conn, *http.Response, error) {
	dialer := websocket.Dialer{Jar: v.client.Jar.(*cookiejar.Jar), HandshakeTimeout: 5 * time.Second}
	return dialer.DialContext(v.s.t.Context(), address, http.Header{"Origin": {origin}})
}

// awaitError is the code of the next refusal, "closed" when the server ends the connection, empty when nothing comes.
func awaitError(conn *websocket.Conn) string {
	_ = conn.SetReadDeadline(time.Now().Add(3 * time.Second))
	for {
		var m struct{ Type, Code string }
		if err := conn.ReadJSON(&m); err != nil {
			if websocket.IsUnexpectedCloseError(err) {
				return "closed"
			}
			return ""
		}
		if m.Type == "error" {
			return m.Code
		}
	}
}

// Every role tells how it is, and what it counted.
func TestEveryRoleCanBeWatched(t *testing.T) {
	s := play(t)
	for _, role := range s.Ours() {
		for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
			must(t, s.Answers(t.Context(), s.Admin(role)+path))
		}
	}
}

// Nothing that the instance wrote - logs, database, Redis, anything - contains a caller's number; nor does any metric.
func TestZNumbersStayPrivate(t *testing.T) {
	s := play(t)
	s.dial("12355").awaitTone(2*time.Second, stage.ToneGreeting)
	s.everyFile(func(path string, raw []byte) {
		if bytes.Contains(raw, []byte(private)) {
			t.Errorf("%s contains a caller's number", path)
		}
	})
	for _, role := range s.Ours() {
		if n, err := s.Contains(t.Context(), s.Admin(role)+"/metrics", private); err != nil || n {
			t.Errorf("the metrics of %s contain a caller's number (%v)", role, err)
		}
	}
}
