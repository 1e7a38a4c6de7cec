package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"
)

// The peer is the least that could be called a broadcaster: it hears frames by Redis and writes them to the websockets that they are for, each from a
// goroutine of its own. It knows nobody, keeps nothing, merges nothing and checks nothing.

const (
	channel          = "bench-console-frames"
	passwordVariable = "BENCH_CONSOLE_REDIS_PASSWORD"
)

// parcel is what goes to the peer: a frame for all who see the board, and one for the page of one person.
type parcel struct {
	Board json.RawMessage `json:"board"`
	Own   json.RawMessage `json:"own,omitempty"`
	Page  int             `json:"page,omitempty"`
}

// servePeer is the other process. It prints its address.
func servePeer(ctx context.Context, redisAddr string) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	rdb := redis.NewClient(&redis.Options{Addr: redisAddr, Password: os.Getenv(passwordVariable)})
	defer func() { _ = rdb.Close() }()
	var mu sync.Mutex
	boards, own := map[chan []byte]bool{}, map[int]chan []byte{}
	up := websocket.Upgrader{ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10, CheckOrigin: func(*http.Request) bool { return true }}
	web := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.Close() }()
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		out := make(chan []byte, 256)
		mu.Lock()
		own[n] = out
		if r.URL.Query().Get("board") != "" {
			boards[out] = true
		}
		mu.Unlock()
		go func() {
			for {
				if _, _, err := ws.ReadMessage(); err != nil {
					return
				}
				out <- []byte(`{"type":"snapshot"}`)
			}
		}()
		for frame := range out {
			if ws.WriteMessage(websocket.TextMessage, frame) != nil {
				return
			}
		}
	})}
	go func() { _ = web.Serve(l) }()
	sub := rdb.Subscribe(ctx, channel)
	if _, err := sub.Receive(ctx); err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, l.Addr())
	for m := range sub.Channel() {
		var p parcel
		if err := json.Unmarshal([]byte(m.Payload), &p); err != nil {
			return err
		}
		mu.Lock()
		if len(p.Board) > 0 {
			for out := range boards {
				out <- p.Board
			}
		}
		if len(p.Own) > 0 {
			own[p.Page] <- p.Own
		}
		mu.Unlock()
	}
	return web.Close()
}

// peer is that process and its pages.
type peer struct {
	cmd   *exec.Cmd
	rdb   *redis.Client
	pages *pages
}

func openPeer(ctx context.Context, s *site) (*peer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-peer", s.rdb.Options().Addr)
	cmd.Env = append(os.Environ(), passwordVariable+"="+s.rdb.Options().Password)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &peer{cmd: cmd, rdb: s.rdb}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return p, fmt.Errorf("the peer did not start: %w", err)
	}
	p.pages = &pages{server: "http://" + strings.TrimSpace(addr), table: newTable()}
	for _, o := range s.pages.all {
		path := "/?n=" + strconv.Itoa(o.n)
		if o.viewer {
			path += "&board=1"
		}
		p.pages.all = append(p.pages.all, &page{n: o.n, viewer: o.viewer, path: path, seen: map[int]int64{}})
	}
	_, err = p.pages.open(ctx)
	return p, err
}

// replay publishes the frames that the console wrote, at the same pace.
func (p *peer) replay(ctx context.Context, frames []recorded, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for _, f := range frames {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		text, err := json.Marshal(f.parcel)
		if err != nil {
			return err
		}
		p.pages.table.note(f.call)
		if err := p.rdb.Publish(ctx, channel, text).Err(); err != nil {
			return err
		}
	}
	return nil
}

func (p *peer) close() {
	if p.pages != nil {
		p.pages.close()
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// recorded is a change as the console told it.
type recorded struct {
	call int
	parcel
}

// recorder keeps the frames of one who sees the board, and those of people's own pages, by change.
type recorder struct {
	mu     sync.Mutex
	frames map[int64]recorded
}

// boardPage is the page whose board is recorded.
const boardPage = 1

func (r *recorder) note(p *page, seq int64, call int, frame []byte) {
	if p.viewer && p.n != boardPage {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.frames[seq]
	f.call = call
	if p.viewer {
		f.Board = slices.Clone(frame)
	} else {
		f.Own, f.Page = slices.Clone(frame), p.n
	}
	r.frames[seq] = f
}

// list is what was recorded, in order.
func (r *recorder) list() []recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []recorded
	for _, seq := range slices.Sorted(maps.Keys(r.frames)) {
		all = append(all, r.frames[seq])
	}
	return all
}
