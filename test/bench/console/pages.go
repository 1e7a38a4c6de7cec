package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"hotline/test/robots"
)

// page is one browser: a websocket that somebody reads.
type page struct {
	n      int
	viewer bool // sees the whole board
	path   string
	cookie *http.Cookie

	ws    *websocket.Conn
	ready chan struct{} // closed when the snapshot is there
	ended chan struct{} // closed when the reader has

	mu    sync.Mutex
	seen  map[int]int64 // change that was delivered last, by call
	delay []time.Duration
	err   error // why the websocket ended, unless we closed it
	done  bool
}

// pages are all of them.
type pages struct {
	server string // http://…
	table  *table
	all    []*page
	sample func(p *page, seq int64, call int, frame []byte) // called with frames that delivered something; nil: not wanted
}

// dial opens a websocket as the browser of one person, from an address of its own.
func dial(ctx context.Context, server, path string, n int, cookie *http.Cookie, buffer int) (*websocket.Conn, error) {
	home := robots.Home(n)
	d := websocket.Dialer{HandshakeTimeout: 30 * time.Second, ReadBufferSize: 4 << 10, WriteBufferSize: 1 << 10, NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := home.DialContext(ctx, network, addr)
		if t, ok := c.(*net.TCPConn); ok && buffer > 0 {
			err = t.SetReadBuffer(buffer)
		}
		return c, err
	}}
	header := http.Header{"Origin": {server}}
	if cookie != nil {
		header.Set("Cookie", cookie.Name+"="+cookie.Value)
	}
	ws, res, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(server, "http")+path, header)
	if err != nil {
		return nil, fmt.Errorf("page %d: %w", n, err)
	}
	_ = res.Body.Close() // of a handshake: empty
	return ws, nil
}

const hello = `{"type":"hello","id":1,"takeover":false,"leg":""}`

// open connects and says hello; ready tells when the snapshot came.
func (p *page) open(ctx context.Context, all *pages) error {
	ws, err := dial(ctx, all.server, p.path, p.n, p.cookie, 0)
	if err != nil {
		return err
	}
	if err := ws.WriteMessage(websocket.TextMessage, []byte(hello)); err != nil {
		return fmt.Errorf("page %d: hello: %w", p.n, err)
	}
	p.mu.Lock()
	p.ws, p.ready, p.ended, p.done, p.err = ws, make(chan struct{}), make(chan struct{}), false, nil
	p.mu.Unlock()
	go p.read(ws, all, p.ready, p.ended)
	return nil
}

// read notes when what was delivered, and no more: what a page does with it is not ours.
func (p *page) read(ws *websocket.Conn, all *pages, ready, ended chan struct{}) {
	defer close(ended)
	for {
		_, frame, err := ws.ReadMessage()
		at := time.Now()
		if err != nil {
			p.mu.Lock()
			if !p.done && p.err == nil {
				p.err = err
			}
			p.mu.Unlock()
			return
		}
		switch {
		case bytes.HasPrefix(frame, []byte(`{"type":"snapshot"`)):
			select {
			case <-ready:
			default:
				close(ready)
			}
		case bytes.HasPrefix(frame, []byte(`{"type":"change"`)):
			p.changed(frame, at, all)
		case bytes.HasPrefix(frame, []byte(`{"type":"error"`)):
			p.mu.Lock()
			p.err = fmt.Errorf("refused: %s", frame)
			p.mu.Unlock()
			_ = ws.Close()
		}
	}
}

// changed finds the calls of a frame.
func (p *page) changed(frame []byte, at time.Time, all *pages) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for rest := frame; ; {
		i := bytes.Index(rest, []byte(`"`+prefix))
		if i < 0 {
			return
		}
		rest = rest[i+1:]
		call, ok := numberOf(rest)
		if !ok {
			continue
		}
		seq, made := all.table.last(call)
		if seq == 0 || p.seen[call] == seq || at.Before(made) {
			continue
		}
		p.seen[call] = seq
		p.delay = append(p.delay, at.Sub(made))
		if all.sample != nil {
			all.sample(p, seq, call, frame)
		}
	}
}

// take returns the delays since the last time.
func (p *page) take() []time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.delay
	p.delay = nil
	return d
}

func (p *page) close() {
	p.mu.Lock()
	p.done = true
	ws, ended := p.ws, p.ended
	p.mu.Unlock()
	if ws != nil {
		_ = ws.Close()
		<-ended
	}
}

// open connects all at once and returns how long it took until each had its snapshot.
func (ps *pages) open(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	began := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for _, p := range ps.all {
		g.Go(func() error {
			if err := p.open(ctx, ps); err != nil {
				return err
			}
			select {
			case <-p.ready:
				return nil
			case <-p.ended:
				return fmt.Errorf("page %d: %w", p.n, errors.Join(p.err, errors.New("the websocket ended before the snapshot")))
			case <-ctx.Done():
				return fmt.Errorf("page %d: no snapshot: %w", p.n, ctx.Err())
			}
		})
	}
	err := g.Wait()
	return time.Since(began), err
}

func (ps *pages) close() {
	var g errgroup.Group
	for _, p := range ps.all {
		g.Go(func() error { p.close(); return nil })
	}
	_ = g.Wait()
}

// faults are the websockets that ended by themselves.
func (ps *pages) faults() error {
	var errs []error
	for _, p := range ps.all {
		p.mu.Lock()
		if p.err != nil && len(errs) < 5 {
			errs = append(errs, fmt.Errorf("page %d: %w", p.n, p.err))
		}
		p.mu.Unlock()
	}
	return errors.Join(errs...)
}

// take returns the delays of all since the last time.
func (ps *pages) take() []time.Duration {
	var all []time.Duration
	for _, p := range ps.all {
		all = append(all, p.take()...)
	}
	return all
}

// stall keeps a reader that reads nothing: as soon as the server has had enough of it, it comes again.
func stall(ctx context.Context, server, path string, n int, cookie *http.Cookie) (times int) {
	for ctx.Err() == nil {
		ws, err := dial(ctx, server, path, n, cookie, 4<<10)
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		times++
		_ = ws.WriteMessage(websocket.TextMessage, []byte(strings.Replace(hello, "false", "true", 1)))
		over := make(chan struct{})
		go func() { // a broken connection shows itself in writing
			defer close(over)
			tick := time.NewTicker(200 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
				if ws.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Second)) != nil {
					return
				}
			}
		}()
		<-over
		_ = ws.Close()
	}
	return times
}
