package asterisk_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"hotline/deploy/asterisk"
	"hotline/telephony/phone"
)

// Numbers come and go while a caller is on a line: who is there stays, and is looked after even when the controller lets go.
func TestNumbersFollowWithoutTouchingCalls(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c := connect(t, s, asterisk.AppPrefix+"controller-1")
	answered := ring(t, s, "12355")
	began := c.claim(t)
	channel := "/channels/" + began.Channel.ID
	if got := c.do(t, http.MethodPost, channel+"/answer", nil, nil); got != 204 {
		t.Fatalf("answer: %d", got)
	}
	l := <-answered

	next := s.Config
	next.Lines = slices.Clone(s.Lines)
	for i, line := range next.Lines {
		if line.ID == "12355" {
			next.Lines[i].Numbers = []string{"12399"}
			next.Lines[i].Phones = []string{"sip:duty@127.0.0.1:5999"}
		}
	}
	modules, err := next.Update()
	if err != nil || !slices.Equal(modules, []string{"res_pjsip.so", "app_queue.so", asterisk.DialplanModule}) {
		t.Fatalf("changed %v, %v", modules, err)
	}
	for _, m := range modules {
		if got := c.do(t, http.MethodPut, "/asterisk/modules/"+m, nil, nil); got != 204 {
			t.Fatalf("reload %s: %d", m, got)
		}
	}
	if modules, err := next.Update(); err != nil || len(modules) != 0 {
		t.Errorf("nothing changed, and yet %v, %v", modules, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var refused *phone.Rejected
	if _, err := dial(t, ctx, phone.Config{Server: s.sip(), From: callerNumber}, "12355"); !errors.As(err, &refused) || refused.Status != 404 {
		t.Errorf("the number that was taken away: %v", err)
	}
	answered = ring(t, s, "12399")
	e := c.claim(t)
	if !slices.Equal(e.Args, []string{"12355", "12399"}) {
		t.Errorf("the new number came with %v", e.Args)
	}
	if got := c.do(t, http.MethodPost, "/channels/"+e.Channel.ID+"/answer", nil, nil); got != 204 {
		t.Fatalf("answer: %d", got)
	}
	(<-answered).hangUp(t)
	select {
	case <-l.Done():
		t.Fatal("the caller who was there was hung up on")
	default:
	}
	if got := c.do(t, http.MethodPost, channel+"/continue", nil, nil); got != 204 {
		t.Fatalf("continue: %d", got)
	}
	l.await(t, greetingZH)
	l.hangUp(t)
}
