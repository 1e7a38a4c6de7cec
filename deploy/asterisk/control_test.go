package asterisk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hotline/deploy/asterisk"
)

// controller is the least that can claim a call; the real one is in telephony.
type controller struct {
	s      *server
	app    string
	conn   *websocket.Conn
	events chan event
}

type event struct {
	Type    string   `json:"type"`
	Args    []string `json:"args"`
	Channel struct {
		ID   string            `json:"id"`
		Vars map[string]string `json:"channelvars"`
	} `json:"channel"`
}

func connect(t *testing.T, s *server, app string) *controller {
	t.Helper()
	u := fmt.Sprintf("ws://127.0.0.1:%d/ari/events?app=%s&api_key=%s", s.ARI.Port, app, url.QueryEscape(s.ARI.User+":"+s.ARI.Password))
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), u, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	c := &controller{s: s, app: app, conn: conn, events: make(chan event, 1000)}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		defer close(c.events)
		for {
			var e event
			if conn.ReadJSON(&e) != nil {
				return
			}
			c.events <- e
		}
	}()
	return c
}

func (c *controller) await(t *testing.T, kind string) event {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for {
		select {
		case e, ok := <-c.events:
			if !ok {
				t.Fatalf("the event socket closed before %s", kind)
			}
			if e.Type == kind {
				return e
			}
		case <-deadline:
			t.Fatalf("no %s within 5 s", kind)
		}
	}
}

func (c *controller) do(t *testing.T, method, path string, query url.Values, answer any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.s.ari(path)+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(c.s.ARI.User, c.s.ARI.Password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	if answer != nil {
		if err := json.Unmarshal(body.Bytes(), answer); err != nil {
			t.Fatalf("%s: %v: %s", path, err, body.String())
		}
	}
	return res.StatusCode
}

// claim takes the next call that is offered.
func (c *controller) claim(t *testing.T) event {
	t.Helper()
	offered := c.await(t, "CallBroadcast")
	if got := c.do(t, http.MethodPost, "/events/claim", url.Values{"channelId": {offered.Channel.ID}, "application": {c.app}}, nil); got != 204 {
		t.Fatalf("claim: %d", got)
	}
	return c.await(t, "StasisStart")
}

// ring places a call that nobody has answered yet.
func ring(t *testing.T, s *server, number string) <-chan *line {
	t.Helper()
	answered := make(chan *line, 1)
	go func() { answered <- s.call(t, number) }()
	return answered
}

func TestControllerClaimsACall(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := connect(t, s, asterisk.AppPrefix+"controller-1")
	other := connect(t, s, "reporting") // not a controller: is offered nothing
	answered := ring(t, s, "12355")
	began := c.claim(t)
	if want := []string{"12355", "12355"}; !slices.Equal(began.Args, want) {
		t.Errorf("StasisStart has args %v, want line id and dialled number %v", began.Args, want)
	}
	channel := "/channels/" + began.Channel.ID
	if got := c.do(t, http.MethodPost, channel+"/answer", nil, nil); got != 204 {
		t.Fatalf("answer: %d", got)
	}
	l := <-answered
	if got := c.do(t, http.MethodPost, channel+"/variable", url.Values{"variable": {"HOTLINE"}, "value": {`{"v":1,"call":"01JABC"}`}}, nil); got != 204 {
		t.Fatalf("set HOTLINE: %d", got)
	}
	var listed []struct {
		ID   string            `json:"id"`
		Vars map[string]string `json:"channelvars"`
	}
	if got := c.do(t, http.MethodGet, "/channels", nil, &listed); got != 200 || len(listed) != 1 || listed[0].Vars["HOTLINE"] != `{"v":1,"call":"01JABC"}` {
		t.Errorf("list: %d %+v", got, listed)
	}
	if got := c.do(t, http.MethodDelete, channel, nil, nil); got != 204 {
		t.Errorf("hang up: %d", got)
	}
	<-l.Done()
	c.await(t, "StasisEnd")
	if notes, err := asterisk.ReadNotes(s.Messages); err != nil || len(notes) != 0 {
		t.Errorf("a call that a controller had to its end left a note: %v %v", notes, err)
	}
	select {
	case e := <-other.events:
		t.Errorf("an application that is no controller was sent %s", e.Type)
	default:
	}
}

// A caller in a holding bridge hears the bridge's music, a prompt for him alone, and the music again.
func TestHoldMusicComesBackAfterAPrompt(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *asterisk.Config) { c.Languages = []string{"zh-CN"} })
	c := connect(t, s, asterisk.AppPrefix+"controller-1")
	answered := ring(t, s, "12355")
	id := c.claim(t).Channel.ID
	steps := []struct {
		path  string
		query url.Values
		want  int
	}{
		{"/bridges/hold-12355", url.Values{"type": {"holding"}}, 200},
		{"/bridges/hold-12355/moh", url.Values{"mohClass": {asterisk.HoldClass}}, 204},
		{"/channels/" + id + "/answer", nil, 204},
		{"/bridges/hold-12355/addChannel", url.Values{"channel": {id}}, 204},
	}
	for _, st := range steps {
		if got := c.do(t, http.MethodPost, st.path, st.query, nil); got != st.want {
			t.Fatalf("%s: %d", st.path, got)
		}
	}
	l := <-answered
	l.await(t, hold)
	play := url.Values{"media": {"sound:" + s.Sounds + "/zh-CN/danger-noted"}}
	for range 2 {
		if got := c.do(t, http.MethodPost, "/channels/"+id+"/play", play, nil); got != 201 {
			t.Fatalf("play: %d", got)
		}
		l.await(t, hold, danger, hold)
	}
	l.hangUp(t)
}

// What a guardian does for a call whose controller died: continue it into the fallback, with or without an event socket.
func TestContinueIntoTheFallback(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *asterisk.Config) { c.Languages = []string{"zh-CN"} })
	c := connect(t, s, asterisk.AppPrefix+"controller-1")
	answered := ring(t, s, "12356")
	id := c.claim(t).Channel.ID
	for path, query := range map[string]url.Values{
		"/answer":   nil,
		"/variable": {"variable": {"HOTLINE"}, "value": {`{"v":1,"call":"01JABC","line":"12356","danger":true}`}},
	} {
		if got := c.do(t, http.MethodPost, "/channels/"+id+path, query, nil); got != 204 {
			t.Fatalf("%s: %d", path, got)
		}
	}
	l := <-answered
	if err := c.conn.Close(); err != nil {
		t.Fatal(err)
	}
	query := url.Values{
		"context": {asterisk.FallbackContext}, "extension": {asterisk.FallbackExtension}, "priority": {fmt.Sprint(asterisk.FallbackPriority)},
	}
	if got := c.do(t, http.MethodPost, "/channels/"+id+"/continue", query, nil); got != 204 {
		t.Fatalf("continue: %d", got)
	}
	l.await(t, greetingZH, leave, beep)
	l.hangUp(t)
	if n := s.notes(t, 1)[0]; n.Call != "01JABC" || n.Line != "12356" || !n.Danger {
		t.Errorf("%+v", n)
	}
}

// A controller that lets go of a call without saying where to must not leave the caller to a hang-up.
func TestLeavingStasisLeadsToTheFallback(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *asterisk.Config) { c.Languages = []string{"zh-CN"} })
	c := connect(t, s, asterisk.AppPrefix+"controller-1")
	answered := ring(t, s, "12355")
	id := c.claim(t).Channel.ID
	if got := c.do(t, http.MethodPost, "/channels/"+id+"/answer", nil, nil); got != 204 {
		t.Fatalf("answer: %d", got)
	}
	l := <-answered
	if got := c.do(t, http.MethodPost, "/channels/"+id+"/continue", nil, nil); got != 204 {
		t.Fatalf("continue: %d", got)
	}
	l.await(t, greetingZH)
	l.hangUp(t)
}

func TestOneClaimWins(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	a, b := connect(t, s, asterisk.AppPrefix+"controller-1"), connect(t, s, asterisk.AppPrefix+"controller-2")
	answered := ring(t, s, "12355")
	id := a.await(t, "CallBroadcast").Channel.ID
	if other := b.await(t, "CallBroadcast").Channel.ID; other != id {
		t.Fatalf("offered %s and %s", id, other)
	}
	if got := a.do(t, http.MethodPost, "/events/claim", url.Values{"channelId": {id}, "application": {a.app}}, nil); got != 204 {
		t.Fatalf("first claim: %d", got)
	}
	if got := b.do(t, http.MethodPost, "/events/claim", url.Values{"channelId": {id}, "application": {b.app}}, nil); got != 409 {
		t.Fatalf("second claim: %d", got)
	}
	a.await(t, "StasisStart")
	if got := a.do(t, http.MethodPost, "/channels/"+id+"/answer", nil, nil); got != 204 {
		t.Fatalf("answer: %d", got)
	}
	(<-answered).hangUp(t)
}

func TestARIAsksForThePassword(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for _, password := range []string{"", "wrong"} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.ari("/channels"), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(s.ARI.User, password)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized {
			t.Errorf("password %q: %d", password, res.StatusCode)
		}
	}
}
