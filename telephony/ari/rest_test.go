package ari_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline/telephony/ari"
)

func client(t testing.TB, url string, timeout time.Duration) *ari.Client {
	t.Helper()
	c, err := ari.New(ari.Config{URL: url + "/ari", User: "u", Password: "p", App: "app", Timeout: timeout}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func answering(t testing.TB, status int, body string) *ari.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return client(t, s.URL, time.Second)
}

func TestErrorsAreTyped(t *testing.T) {
	ctx := t.Context()
	for _, c := range []struct {
		status                            int
		body                              string
		notFound, conflict, unprocessable bool
	}{
		{404, `{"message":"Channel not found"}`, true, false, false},
		{400, `{"message":"Channel not found"}`, true, false, false},
		{400, `{"message":"Invalid"}`, false, false, false},
		{409, `{"message":"Channel not in Stasis application"}`, false, true, false},
		{422, `{"error":"Channel not in Stasis application"}`, false, false, true},
		{500, `<html>`, false, false, false},
	} {
		err := answering(t, c.status, c.body).Answer(ctx, "c1")
		var e *ari.Error
		if !errors.As(err, &e) || e.Status != c.status || e.Op != "answer" {
			t.Errorf("%d: %v", c.status, err)
		}
		if ari.IsNotFound(err) != c.notFound || ari.IsConflict(err) != c.conflict || ari.IsUnprocessable(err) != c.unprocessable {
			t.Errorf("%d %s: not found %v, conflict %v, unprocessable %v", c.status, c.body,
				ari.IsNotFound(err), ari.IsConflict(err), ari.IsUnprocessable(err))
		}
	}
}

func TestClaimIsWonOrNot(t *testing.T) {
	for status, want := range map[int]bool{204: true, 409: false, 404: false} {
		if won, err := answering(t, status, "").Claim(t.Context(), "c1"); won != want || err != nil {
			t.Errorf("%d: won %v, %v", status, won, err)
		}
	}
	if won, err := answering(t, 500, "").Claim(t.Context(), "c1"); won || err == nil {
		t.Errorf("500: won %v, %v", won, err)
	}
}

func TestWhatIsGoneOrThereAlreadyIsASuccess(t *testing.T) {
	gone, there, ctx := answering(t, 404, ""), answering(t, 409, ""), t.Context()
	for name, err := range map[string]error{
		"hangup": gone.Hangup(ctx, "c", ""), "destroy bridge": gone.DestroyBridge(ctx, "b"),
		"stop playback": gone.StopPlayback(ctx, "p"), "create bridge": there.CreateBridge(ctx, "b", "mixing", "n"),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryRequestHasADeadline(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	c := client(t, s.URL, 50*time.Millisecond)
	began := time.Now()
	if err := c.Answer(t.Context(), "c"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
	if d := time.Since(began); d > time.Second {
		t.Errorf("took %v", d)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Answer(ctx, "c"); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

// TestNothingPrivateInErrorsOrAddresses: an error's text ends in logs, a query string in other servers' logs.
func TestNothingPrivateInErrorsOrAddresses(t *testing.T) {
	const number = "13912345678"
	var addresses []string
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		addresses = append(addresses, r.URL.String())
		mu.Unlock()
		panic(http.ErrAbortHandler)
	}))
	defer s.Close()
	ctx, c := t.Context(), client(t, s.URL, time.Second)
	_, originate := c.Originate(ctx, "o1", ari.OriginateRequest{Endpoint: "PJSIP/" + number + "@trunk", CallerID: number})
	for _, err := range []error{c.SetVar(ctx, "c", "NUMBER", number), c.SendDTMF(ctx, "c", number), originate} {
		if err == nil || strings.Contains(err.Error(), number) {
			t.Errorf("err = %v", err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if all := strings.Join(addresses, " "); strings.Contains(all, number) {
		t.Errorf("addresses: %s", all)
	}
}

func TestIdsAreEscaped(t *testing.T) {
	var got string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.EscapedPath()
		w.WriteHeader(204)
	}))
	defer s.Close()
	if err := client(t, s.URL, time.Second).Answer(t.Context(), "a/../b?c#d e"); err != nil {
		t.Fatal(err)
	}
	if got != "/ari/channels/a%2F..%2Fb%3Fc%23d%20e/answer" {
		t.Errorf("path %s", got)
	}
}

// TestStaleConnection: a server that closes a kept connection just when it is used again. What may be repeated is
// repeated; a claim is not, because its second answer would be a lie.
func TestStaleConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { stale(l, &wg) })
	defer wg.Wait()
	defer func() { _ = l.Close() }()
	ctx, c := t.Context(), client(t, "http://"+l.Addr().String(), time.Second)
	for range 3 {
		if err := c.Answer(ctx, "c"); err != nil {
			t.Errorf("answer: %v", err)
		}
	}
	if won, err := c.Claim(ctx, "c"); won || err == nil {
		t.Errorf("claim: won %v, %v; it must not be repeated", won, err)
	}
	c.Close()
}

// stale answers the first request of each connection and closes it when the second has been read.
func stale(l net.Listener, wg *sync.WaitGroup) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		wg.Go(func() {
			defer func() { _ = conn.Close() }()
			buf := make([]byte, 4096)
			if _, err := conn.Read(buf); err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
			_, _ = conn.Read(buf)
		})
	}
}

func TestListsAreRead(t *testing.T) {
	ctx := t.Context()
	channels, err := answering(t, 200, `[{"id":"c1","name":"PJSIP/x","state":"Up","caller":{"number":"1"},"connected":{"number":"2"},
		"dialplan":{"context":"in","exten":"12355"},"creationtime":"2026-01-02T03:04:05.678+0800","protocol_id":"p","channelvars":{"HOTLINE":"h"}}]`).Channels(ctx)
	if err != nil || len(channels) != 1 {
		t.Fatal(channels, err)
	}
	c := channels[0]
	if c.ID != "c1" || c.Name != "PJSIP/x" || c.State != "Up" || c.CallerNumber != "1" || c.ConnectedNumber != "2" || c.Context != "in" ||
		c.Exten != "12355" || !c.Created.Equal(time.Date(2026, 1, 1, 19, 4, 5, 678e6, time.UTC)) || c.ProtocolID != "p" || c.Vars["HOTLINE"] != "h" {
		t.Errorf("%+v", c)
	}
	bridges, err := answering(t, 200, `[{"id":"b","bridge_type":"holding","name":"n","channels":["c1"],"creationtime":"x"}]`).Bridges(ctx)
	if err != nil || len(bridges) != 1 || bridges[0].ID != "b" || bridges[0].Type != "holding" || bridges[0].Channels[0] != "c1" {
		t.Errorf("%+v %v", bridges, err)
	}
	if _, err := answering(t, 200, `<html>`).Channels(ctx); err == nil {
		t.Error("an answer that is not JSON was accepted")
	}
}
