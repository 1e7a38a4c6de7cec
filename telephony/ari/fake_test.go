package ari_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hotline/telephony/ari"
)

// fake is an Asterisk whose event websocket does what a test wants: script number i serves connection number i, the last one
// all that follow.
type fake struct {
	*httptest.Server
	t       testing.TB
	scripts []func(*websocket.Conn)

	mu      sync.Mutex
	opened  int
	filters int
	filter  int                // status of the event filter's answer
	echo    func(event string) // what is done at a proof
	echoed  int                // status of the answer to it
	echoes  int
	refuse  int // this many connections are refused first
	served  sync.WaitGroup
}

func serve(t testing.TB, scripts ...func(*websocket.Conn)) *fake {
	f := &fake{t: t, scripts: scripts, filter: http.StatusOK, echoed: http.StatusNoContent}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ari/events", f.events)
	mux.HandleFunc("PUT /ari/applications/{app}/eventFilter", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.filters++
		w.WriteHeader(f.filter)
	})
	mux.HandleFunc("POST /ari/events/user/{event}", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.echoes++
		if f.echo != nil {
			f.echo(r.PathValue("event"))
		}
		w.WriteHeader(f.echoed)
	})
	f.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		f.Server.CloseClientConnections()
		f.Server.Close()
		f.served.Wait()
	})
	return f
}

func (f *fake) events(w http.ResponseWriter, r *http.Request) {
	if user, pass, ok := r.BasicAuth(); !ok || user != "u" || pass != "p" || r.URL.Query().Get("app") != "app" {
		http.Error(w, "", http.StatusUnauthorized)
		return
	}
	f.mu.Lock()
	if f.refuse > 0 {
		f.refuse--
		f.mu.Unlock()
		http.Error(w, "", http.StatusServiceUnavailable)
		return
	}
	script := f.scripts[min(f.opened, len(f.scripts)-1)]
	f.opened++
	f.served.Add(1)
	f.mu.Unlock()
	defer f.served.Done()
	up := websocket.Upgrader{}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		f.t.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	script(conn)
}

func (f *fake) counts() (opened, filters int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened, f.filters
}

func (f *fake) config() ari.Config {
	return ari.Config{
		URL: f.URL + "/ari", User: "u", Password: "p", App: "app",
		EchoEvery: -1, Timeout: time.Second, PingEvery: 40 * time.Millisecond, ReadTimeout: 200 * time.Millisecond,
		BackoffMin: time.Millisecond, BackoffMax: 10 * time.Millisecond,
	}
}

func stasisEnd(channel string) string {
	return fmt.Sprintf(`{"type":"StasisEnd","application":"app","timestamp":"2026-01-02T03:04:05.678+0000","channel":{"id":%q}}`, channel)
}

// send writes messages; a failed write shows in what the client reports.
func send(conn *websocket.Conn, messages ...string) {
	for _, m := range messages {
		_ = conn.WriteMessage(websocket.TextMessage, []byte(m))
	}
}

// attend keeps a connection alive, answering pings, until the client goes.
func attend(conn *websocket.Conn) {
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

func then(messages ...string) func(*websocket.Conn) {
	return func(conn *websocket.Conn) {
		send(conn, messages...)
		attend(conn)
	}
}
