package asterisk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"hotline/deploy/asterisk"
	"hotline/telephony/phone"
)

// What strangers and broken machines get: a proper answer, nothing that calls out, and no trouble for the next caller.

func TestUnknownNumbersAre404(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for _, number := range []string{"110", "013800000000", "s", "h", "0", "i", "t", "fallback", "ended", "12355%3b", "+8612355", "_X.", "1234"} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := dial(t, ctx, phone.Config{Server: s.sip(), From: callerNumber}, number)
		cancel()
		var refused *phone.Rejected
		if !errors.As(err, &refused) || refused.Status != 404 {
			t.Errorf("%s: %v, want 404", number, err)
		}
	}
	if notes, err := asterisk.ReadNotes(s.Messages); err != nil || len(notes) != 0 {
		t.Errorf("a refused call left a note: %v %v", notes, err)
	}
}

func TestTCP(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c, err := dial(t, ctx, phone.Config{Server: s.sip(), Transport: "tcp", From: callerNumber}, "12355")
	if err != nil {
		t.Fatal(err)
	}
	l := listen(c)
	l.await(t, greetingZH)
	l.hangUp(t)
}

// Without the loopback endpoint this machine is a stranger: to an access list that does not name it, and to no list at all.
func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	for name, trunks := range map[string][]asterisk.Trunk{
		"no trunk":          nil,
		"trunk by address":  {{Name: "city", Kind: asterisk.TrunkIPMatch, Host: "192.0.2.10"}},
		"trunk by password": {{Name: "town", Kind: asterisk.TrunkIPMatch, Host: "192.0.2.11", Match: []string{"192.0.2.0/24"}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, func(c *asterisk.Config) { c.Loopback, c.Trunks = false, trunks })
			for _, from := range []string{callerNumber, "trunk-city", "trunk-town", "loopback", "phone-1"} {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				_, err := dial(t, ctx, phone.Config{Server: s.sip(), From: from}, "12355")
				cancel()
				var refused *phone.Rejected
				if !errors.As(err, &refused) || refused.Status != 401 && refused.Status != 403 {
					t.Errorf("from %s: %v, want 401 or 403", from, err)
				}
			}
		})
	}
}

const invite = "INVITE sip:12355@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %[1]s;branch=z9hG4bK%[2]s;rport\r\nMax-Forwards: 70\r\n" +
	"From: <sip:" + callerNumber + "@127.0.0.1>;tag=%[2]s\r\nTo: <sip:12355@127.0.0.1>\r\nCall-ID: %[2]s\r\nCSeq: 1 INVITE\r\n" +
	"Contact: <sip:" + callerNumber + "@%[1]s>\r\n"

// A request that breaks the grammar of SIP is dropped (pjsip answers only what it could parse); one that is well formed and wrong is
// answered.
func TestMalformedRequestsDisturbNothing(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	branch := regexp.MustCompile(`z9hG4bK\w+`)
	conn, err := net.Dial("udp", s.sip())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	status := regexp.MustCompile(`^SIP/2\.0 (\d{3})`)
	// ask sends one datagram and returns the final answer's status, "" when there is none within a second. Answers to the others come
	// again and again because nobody acknowledges them.
	ask := func(text, branch string) string {
		t.Helper()
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 65536)
		deadline := time.Now().Add(time.Second)
		for {
			if err := conn.SetReadDeadline(deadline); err != nil {
				t.Fatal(err)
			}
			n, err := conn.Read(buf)
			if err != nil {
				return ""
			}
			if m := status.FindSubmatch(buf[:n]); m != nil && branch != "" && m[1][0] != '1' && bytes.Contains(buf[:n], []byte(branch)) {
				return string(m[1])
			}
		}
	}
	good := func(branch string) string { return fmt.Sprintf(invite, conn.LocalAddr(), branch) }
	sdp := func(body string) string {
		return fmt.Sprintf("Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	for name, tc := range map[string]struct {
		text string
		want string // pattern of the status
	}{
		"no codec of ours":     {good("a1") + sdp("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 99\r\na=rtpmap:99 opus/48000/2\r\n"), "488"},
		"broken sdp":           {good("a2") + sdp("v=0\r\nthis is no sdp\r\n"), "4.."},
		"wrong content length": {good("a3") + "Content-Type: application/sdp\r\nContent-Length: 9999\r\n\r\nv=0\r\n", "4..|^$"},
		"bad sequence number":  {strings.Replace(good("a4"), "CSeq: 1 INVITE", "CSeq: x BYE", 1) + "Content-Length: 0\r\n\r\n", "^$"},
		"bad request address":  {strings.Replace(good("a5"), "INVITE sip:12355@127.0.0.1", "INVITE sip:<>@@", 1) + "Content-Length: 0\r\n\r\n", "4..|^$"},
		"body of another type": {good("a6") + "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi", "4.."},
		"no lines at all":      {"\x00\xff\x00 INVITE " + callerNumber, "^$"},
		"half a request":       {"INVITE sip:12355@127.0.0.1 SIP/2.0\r\nFrom: <sip:" + callerNumber + "@127.0.0.1>\r\n\r\n", "^$"},
		"very long header":     {good("a9") + "Subject: " + strings.Repeat("x", 50000) + "\r\nContent-Length: 0\r\n\r\n", "...|^$"},
		"transfer":             {strings.NewReplacer("INVITE", "REFER").Replace(good("b1")) + "Refer-To: <sip:013800000000@127.0.0.1>\r\nContent-Length: 0\r\n\r\n", "[456].."},
		"registration":         {strings.NewReplacer("INVITE", "REGISTER").Replace(good("b2")) + "Content-Length: 0\r\n\r\n", "[456].."},
		"subscription":         {strings.NewReplacer("INVITE", "SUBSCRIBE").Replace(good("b3")) + "Event: presence\r\nContent-Length: 0\r\n\r\n", "[456].."},
		"text message":         {strings.NewReplacer("INVITE", "MESSAGE").Replace(good("b4")) + "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi", "[456].."},
	} {
		got := ask(tc.text, branch.FindString(tc.text))
		t.Logf("%s: %q", name, got)
		if !regexp.MustCompile(tc.want).MatchString(got) {
			t.Errorf("%s: answered %q, want %s", name, got, tc.want)
		}
	}
	c := s.call(t, "12355")
	c.await(t, greetingZH)
	c.hangUp(t)
}

// A phone that would rather talk mu-law is told A-law, the only one that nothing has to transcode; one without A-law is served too.
func TestCodec(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for offered, want := range map[string]string{"0 8 101": "8 101", "8 0": "8", "0": "0"} {
		conn, err := net.Dial("udp", s.sip())
		if err != nil {
			t.Fatal(err)
		}
		body := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP " + offered +
			"\r\na=rtpmap:101 telephone-event/8000\r\n"
		text := fmt.Sprintf(invite+"Content-Type: application/sdp\r\nContent-Length: %[3]d\r\n\r\n%[4]s", conn.LocalAddr(),
			"c"+strings.ReplaceAll(offered, " ", "x"), len(body), body)
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		buf, got := make([]byte, 65536), ""
		for got == "" {
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			if m := regexp.MustCompile(`m=audio \d+ RTP/AVP ([0-9 ]+)`).FindSubmatch(buf[:n]); m != nil {
				got = string(m[1])
			}
		}
		_ = conn.Close()
		if got != want {
			t.Errorf("offered %q, was answered %q, want %q", offered, got, want)
		}
	}
}

// A caller's name and number are outside input of the dialplan; neither can become a step or a field.
func TestCallerIDIsOnlyDigits(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for i, from := range []string{`1)&System(id`, `%24%7BSHELL(id)%7D`, `1%22,%22danger%22:true,%22x%22:%22`, `a%0d%0ab`} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		c, err := dial(t, ctx, phone.Config{Server: s.sip(), From: from}, "12355")
		cancel()
		if err != nil {
			t.Logf("%s: %v", from, err) // refused is as good
			continue
		}
		l := listen(c)
		l.await(t, greetingZH)
		l.hangUp(t)
		n := s.notes(t, 1)[0]
		if n.Danger || strings.Trim(n.Caller, "0123456789+") != "" {
			t.Errorf("%d: %s became %+v", i, from, n)
		}
		if err := n.Remove(); err != nil {
			t.Fatal(err)
		}
	}
}
