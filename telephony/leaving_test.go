package telephony

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline/telephony/ari"
	"hotline/telephony/ari/asterisktest"
	"hotline/telephony/call"
	"hotline/telephony/phone"
)

// TestWhoHangsUpAtOnce: callers who hang up while they are answered, moved and greeted are gone within seconds, whatever Asterisk keeps of them.
func TestWhoHangsUpAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	life := s.start()
	var callers sync.WaitGroup
	for i := range 60 {
		callers.Go(func() {
			c, err := phone.Dial(context.Background(), phone.Config{Server: s.node.SIP, From: "13800001111"}, "12355")
			if err != nil {
				t.Error(err)
				return
			}
			for range i % 3 { // none, one or two packets after the answer
				<-heardOne(c)
			}
			if err := c.Hangup(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	s.until("their calls are over", func() bool { return calls(life) == 0 })
}

func heardOne(c *phone.Call) <-chan struct{} {
	heard := make(chan struct{}, 1)
	c.OnPacket(func(phone.Packet) { signal(heard) })
	return heard
}

// TestAChannelThatStays: of a caller who hung up nothing more is told, and the channel stays listed; the call is over all the same.
func TestAChannelThatStays(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	life := s.start()
	_, id := s.waiting()
	channel := channelOf(life, id)
	life.do(func() { life.onAsterisk(ari.Event{Kind: ari.ChannelHangupRequest, Channel: ari.Channel{ID: channel}}) })
	s.until("it is over", func() bool { return calls(life) == 0 && s.rows()[id].ID == "" })
	s.until("it is hung up", func() bool {
		_, err := s.client("hotline-look").ChannelGet(t.Context(), channel)
		return ari.IsNotFound(err)
	})
}

// TestSeeOffWaitsForAnAnswer: an Asterisk that does not answer says nothing of a caller.
func TestSeeOffWaitsForAnAnswer(t *testing.T) {
	t.Parallel()
	for status, over := range map[int]bool{http.StatusInternalServerError: false, http.StatusNotFound: true, http.StatusOK: true} {
		asked := make(chan string, 9)
		c, a := &Controller{
			ari: fakeARI(t, func(w http.ResponseWriter, r *http.Request) {
				asked <- r.Method
				w.WriteHeader(status)
				_, _ = w.Write([]byte("{}"))
			}), ctx: t.Context(), log: slog.New(slog.DiscardHandler), work: make(chan func(), 1), leaving: map[string]time.Time{"x": {}}, ended: map[string]bool{},
		}, &actor{mail: make(chan call.Event, 1)}
		c.channels = map[string]*actor{"x": a}
		c.seeOff()
		(<-c.work)()
		c.tasks.Wait()
		if _, noted := c.leaving["x"]; noted == over || (len(a.mail) == 1) != over {
			t.Errorf("%d: noted %v, told %d", status, noted, len(a.mail))
		}
		if n := len(asked); (n == 2) != (status == http.StatusOK) {
			t.Errorf("%d: %d requests", status, n)
		}
		if c.noteLeaving(ari.Event{Kind: ari.ChannelHangupRequest, Channel: ari.Channel{ID: "x"}}); status == http.StatusOK && len(c.leaving) > 0 {
			t.Error("its hang-up by us is noted as another")
		}
	}
}

// TestWhoHungUpIsNotAdopted: the caller hung up while no controller lived, or while one died, and Asterisk keeps the channel outside of every bridge. Who
// is outside of them for another reason is served.
func TestWhoHungUpIsNotAdopted(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	life := s.start()
	left, gone := s.waiting()
	stays, id := s.waiting()
	hold, channels := life.names.hold("12355"), []string{channelOf(life, gone), channelOf(life, id)}
	must(t, life.kill())
	asterisk := s.client("test")
	must(t, asterisk.SetVar(t.Context(), channels[1], varHangupSource, "PJSIP/another-00000001"))
	s.farEndHungUp(channels[0])
	for _, ch := range channels {
		must(t, asterisk.RemoveChannel(t.Context(), hold, ch))
	}
	next := s.start()
	s.gone(left)
	s.hears(stays, asterisktest.HoldHz)
	s.until("the index has the other alone", func() bool { rows := s.rows(); return len(rows) == 1 && rows[id].ID != "" })
	if n := testutil.ToFloat64(next.metrics.adopted); n != 1 {
		t.Errorf("adopted %v", n)
	}
}

// farEndHungUp has Asterisk say of a channel that its far end hung up, which it does of those that it keeps.
func (s *scene) farEndHungUp(channel string) {
	s.t.Helper()
	c := s.client("test")
	ch, err := c.ChannelGet(s.t.Context(), channel)
	must(s.t, err)
	must(s.t, c.SetVar(s.t.Context(), channel, varHangupSource, ch.Name))
}

func fakeARI(t *testing.T, serve http.HandlerFunc) *ari.Client {
	t.Helper()
	srv := httptest.NewServer(serve)
	t.Cleanup(srv.Close)
	c, err := ari.New(ari.Config{URL: srv.URL, User: "u", Password: "p", App: "hotline-test"}, slog.New(slog.DiscardHandler), nil)
	must(t, err)
	t.Cleanup(c.Close)
	return c
}
