package robots

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"hotline/agentui/protocol"
)

// Home is the loopback address that a robot comes from: counsellors have an address each, and the console limits sign-ins by address.
func Home(index int) *net.Dialer {
	n := index + 2
	return &net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(n/250), byte(n%250+1))}}
}

// SignIn returns the cookie of a sign-in.
func SignIn(ctx context.Context, console string, index int, a Account) (*http.Cookie, error) {
	body, err := json.Marshal(protocol.Login{Username: a.Name, Password: a.Password})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, console+"/api/login", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", console)
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: Home(index).DialContext, DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1000))
		return nil, fmt.Errorf("sign in: %s: %s", res.Status, text)
	}
	for _, c := range res.Cookies() {
		if c.Name == "hotline_session" {
			return c, nil
		}
	}
	return nil, fmt.Errorf("sign in: no session cookie")
}

// denies says of a call that suicide was asked about and denied: without an answer no wrap-up is done.
func denies(ctx context.Context, client *http.Client, console string, cookie *http.Cookie, call string) error {
	body, err := json.Marshal(protocol.AskRisk{Answer: "denied"})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, console+"/api/calls/"+call+"/risk/asked", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", console)
	req.AddCookie(cookie)
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("asked: %s", res.Status)
	}
	return nil
}

// link is a robot's websocket. One goroutine reads it, any may send.
type link struct {
	ws *websocket.Conn
	mu sync.Mutex // of sending
}

func dial(ctx context.Context, console string, index int, cookie *http.Cookie) (*link, error) {
	d := websocket.Dialer{NetDialContext: Home(index).DialContext, HandshakeTimeout: 10 * time.Second}
	header := http.Header{"Origin": {console}, "Cookie": {cookie.Name + "=" + cookie.Value}}
	ws, res, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(console, "http")+"/ws", header)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	_ = res.Body.Close() // of a handshake: empty
	return &link{ws: ws}, nil
}

func (l *link) send(m any) error {
	frame, err := json.Marshal(m)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.ws.SetWriteDeadline(time.Now().Add(5 * time.Second))
	return l.ws.WriteMessage(websocket.TextMessage, frame)
}

// next is the next message and when it came.
func (l *link) next() (message, time.Time, error) {
	_, frame, err := l.ws.ReadMessage()
	if err != nil {
		return message{}, time.Time{}, fmt.Errorf("websocket: %w", err)
	}
	at := time.Now()
	var m message
	if err := json.Unmarshal(frame, &m); err != nil {
		return message{}, at, fmt.Errorf("websocket: %w", err)
	}
	return m, at, nil
}

// close says farewell, as a page that is closed does.
func (l *link) close() {
	_ = l.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""), time.Now().Add(time.Second))
	_ = l.ws.Close()
}
