package telephony

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"hotline/telephony/call"
	"hotline/telephony/webrtc"
)

// moodyGateway answers marks as it is told to.
type moodyGateway struct {
	mu     sync.Mutex
	status int    // 0: says nothing until the caller gives up
	body   string // with status
	asked  chan webrtc.Marks
}

func (g *moodyGateway) mood(status int, code webrtc.Code) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.status, g.body = status, ""
	if code != "" {
		g.body = fmt.Sprintf(`{"error":%q,"message":"of the test"}`, code)
	}
}

func (g *moodyGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m webrtc.Marks
	_ = json.NewDecoder(r.Body).Decode(&m)
	g.mu.Lock()
	status, body := g.status, g.body
	g.mu.Unlock()
	select {
	case g.asked <- m:
	default:
	}
	if status == 0 {
		<-r.Context().Done()
		return
	}
	if body != "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// awaitAsked waits until a try is on its way whose wish for a pause is as wanted.
func (g *moodyGateway) awaitAsked(t *testing.T, paused bool) {
	t.Helper()
	for late := time.After(10 * time.Second); ; {
		select {
		case m := <-g.asked:
			if (m.Pause != nil) == paused {
				return
			}
		case <-late:
			t.Fatal("the gateway is not asked any more")
		}
	}
}

// taping is an actor in a talk on leg l1 whose recording is at a gateway, without its goroutine: the test carries out what it is posted.
func taping(t *testing.T, g http.Handler) *actor {
	t.Helper()
	srv := httptest.NewServer(g)
	c := newIdle(t, "http://127.0.0.1:9/ari")
	a := newTestActor(c, call.Talking)
	t.Cleanup(func() {
		a.cancel()
		c.tasks.Wait()
		srv.Close()
	})
	c.legs["l1"] = &leg{Leg: webrtc.Leg{ID: "l1", Recording: "r1"}, gateway: Gateway{ID: "g1", Client: webrtc.NewClient(srv.URL, secret)}}
	a.call.Agent, a.call.Leg = "a1", "l1"
	return a
}

// happens brings the call on, and the tape with it.
func (a *actor) happens(e call.Event) {
	next, _ := call.Next(a.call, e)
	a.call = next
	a.tape.wanted.Store(&next)
	a.markTape(e)
}

// answered carries out what the gateway confirmed, when that came within a time.
func (a *actor) answered(within time.Duration) bool {
	select {
	case e := <-a.mail:
		a.happens(e)
		return true
	case <-time.After(within):
		return false
	}
}

func a1() call.Wish { return call.Wish{At: now(), By: "a1"} }

// TestPausedIsWhatTheGatewaySaid: whatever keeps a gateway from taking a pause, or its end, the call does not say that it did; and it is asked until it
// does, or until that is not wanted any more.
func TestPausedIsWhatTheGatewaySaid(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]func(*moodyGateway){
		"stalls":          func(g *moodyGateway) { g.mood(0, "") },
		"is broken":       func(g *moodyGateway) { g.mood(http.StatusInternalServerError, webrtc.RecordingFailed) },
		"has no record":   func(g *moodyGateway) { g.mood(http.StatusNotFound, webrtc.NoRecording) },
		"is too old":      func(g *moodyGateway) { g.mood(http.StatusNotFound, webrtc.NotFound) },
		"does not get it": func(g *moodyGateway) { g.mood(http.StatusBadRequest, webrtc.BadRequest) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &moodyGateway{asked: make(chan webrtc.Marks, 64)}
			bad(g)
			a := taping(t, g)
			a.happens(call.PauseWanted{Wish: a1(), Code: "personal", For: time.Minute})
			g.awaitAsked(t, true)
			g.awaitAsked(t, true) // again, though nothing changed
			if a.call.PauseTaken() || len(a.mail) > 0 || !pauseRow(a.call.Pause).Taken.IsZero() {
				t.Fatal("paused, by nobody's word")
			}
			g.mood(http.StatusNoContent, "")
			if !a.answered(10*time.Second) || !a.call.PauseTaken() {
				t.Fatalf("not paused: %+v", a.call.Pause)
			}

			bad(g)
			a.happens(call.RecordWanted{Wish: a1()})
			g.awaitAsked(t, false)
			g.awaitAsked(t, false)
			if row := pauseRow(a.call.Pause); len(a.mail) > 0 || row.Over.IsZero() {
				t.Fatalf("recorded again, by nobody's word: %+v", row)
			}
			g.mood(http.StatusNoContent, "")
			if !a.answered(10*time.Second) || a.call.Pause != (call.Pause{}) {
				t.Fatalf("not recorded again: %+v", a.call.Pause)
			}
		})
	}
}

// TestALateWordIsOfNoPause: a wish that is over when the gateway comes to is not told, and what it says is of what is wanted then.
func TestALateWordIsOfNoPause(t *testing.T) {
	t.Parallel()
	g := &moodyGateway{asked: make(chan webrtc.Marks, 64)}
	a := taping(t, g)
	a.happens(call.PauseWanted{Wish: a1(), Code: "personal", For: time.Minute})
	g.awaitAsked(t, true)
	a.happens(call.RecordWanted{Wish: a1()})
	g.mood(http.StatusNoContent, "")
	if !a.answered(10*time.Second) || a.call.Pause != (call.Pause{}) {
		t.Fatalf("%+v", a.call.Pause)
	}
}

// TestTheNextLifeAsksAgain: who adopts a call in a pause tells the gateway, and has its word.
func TestTheNextLifeAsksAgain(t *testing.T) {
	t.Parallel()
	g := &moodyGateway{asked: make(chan webrtc.Marks, 64)}
	g.mood(http.StatusNoContent, "")
	a := taping(t, g)
	before, _ := call.Next(a.call, call.PauseWanted{Wish: a1(), Code: "personal", For: time.Minute})
	tag, err := call.DecodeTag(before.Encode("controller-1", 1))
	must(t, err)
	a.call = tag.Restore()
	a.happens(call.Adopted{At: now(), Place: call.Place{Leg: "l1"}})
	if !a.answered(10*time.Second) || !a.call.PauseTaken() {
		t.Fatalf("%+v", a.call.Pause)
	}
}
