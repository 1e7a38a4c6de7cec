package webrtc

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestMarks(t *testing.T) {
	ctx := context.Background()
	tap := newMemory()
	r := start(t, tap, nil)
	r.connect("leg-1", "u-1")
	talk, third := Span{Kind: "talk", Who: "u-1"}, Span{Kind: "third", Who: "u-1", Code: "police"}
	pause := &Pause{Code: "personal", Who: "u-1", For: 60_000}
	if err := r.client.StartRecording(ctx, "leg-1", "rec-1", "call-1", "12355", &Marks{Spans: []Span{talk}, Pause: pause}); err != nil {
		t.Fatal(err)
	}
	for _, m := range []Marks{
		{Spans: []Span{talk}, Pause: pause},                                // the same: nothing
		{Spans: []Span{talk}, Risk: &Risk{Code: "low", Who: "u-1"}},        // the pause is over
		{Spans: []Span{talk, third}, Risk: &Risk{Code: "low", Who: "u-1"}}, // the danger as before
		{Spans: []Span{talk}, Risk: &Risk{Code: "high"}},
		{},
	} {
		for range 2 {
			if err := r.client.Mark(ctx, "leg-1", "rec-1", m); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{
		"begin talk u-1 ", "pause personal u-1", "point risk u-1 low", "resume", "begin third u-1 police", "end third u-1", "point risk  high", "end talk u-1",
	}
	if got := tap.take("rec-1").said(); !slices.Equal(got, want) {
		t.Errorf("the tape says %q", got)
	}
	if _, err := r.client.StopRecording(ctx, "leg-1", "rec-1"); err != nil {
		t.Fatal(err)
	}
	for what, m := range map[string]Marks{
		"a kind that is none":    {Spans: []Span{{Kind: "TALK 1"}}},
		"words instead of ids":   {Spans: []Span{{Kind: "talk", Who: "a person"}}},
		"a pause without end":    {Pause: &Pause{Code: "personal", Who: "u-1"}},
		"a pause of two hours":   {Pause: &Pause{Code: "personal", Who: "u-1", For: 7_200_000}},
		"a pause without cause":  {Pause: &Pause{Who: "u-1", For: 1000}},
		"more than there can be": {Spans: make([]Span, maxSpans+1)},
	} {
		if err := r.client.Mark(ctx, "leg-1", "rec-1", m); !errors.Is(err, &Error{Code: BadRequest}) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, where := range [][2]string{{"leg-1", "rec-1"}, {"leg-1", "rec-9"}, {"leg-9", "rec-1"}} {
		if err := r.client.Mark(ctx, where[0], where[1], Marks{}); !errors.Is(err, &Error{Code: NoRecording}) {
			t.Errorf("%v: %v", where, err)
		}
	}
}

// TestPauseEndsByItself: nobody has to live for it.
func TestPauseEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		take, m := &memoryTake{}, marking{}
		pause := func(ms int64) Marks { return Marks{Pause: &Pause{Code: "personal", Who: "u-1", For: ms}} }
		m.say(take, pause(5000))
		time.Sleep(3 * time.Second)
		m.say(take, pause(5000)) // prolonged
		select {
		case <-m.due():
			t.Error("it ended too early")
		case <-time.After(4900 * time.Millisecond):
		}
		<-m.due()
		m.expire(take)
		m.say(take, Marks{}) // whoever says so later says nothing new
		if want := []string{"pause personal u-1", "resume"}; !slices.Equal(take.said(), want) {
			t.Errorf("%q", take.said())
		}
		if m.due() != nil {
			t.Error("it is due again")
		}
	})
}

// TestMarksComeAfterWhatWasPut: a pause must not reach back into what was said before it, nor let through what was said after.
func TestMarksComeAfterWhatWasPut(t *testing.T) {
	tap := newMemory()
	r := start(t, tap, nil)
	tap.block = make(chan struct{})
	tp := newTape("rec-1", "leg-1", nil, 0, r.g.frames, r.g.metrics.tapeLost)
	over := make(chan struct{})
	go func() {
		defer close(over)
		tp.run(tap, "call-1", "12355", "u-1", time.Now(), r.g.log)
	}()
	for i := range 5 {
		tp.put(Heard, &packet{payload: make([]byte, 160), timestamp: uint32(i * 160)}, time.Duration(i)*20*time.Millisecond)
	}
	marked := make(chan error, 1)
	go func() {
		marked <- tp.mark(context.Background(), Marks{Pause: &Pause{Code: "personal", Who: "u-1", For: 60_000}})
	}()
	close(tap.block)
	if err := <-marked; err != nil {
		t.Fatal(err)
	}
	take := tap.take("rec-1")
	if got := len(take.sides[Heard]); got != 800 {
		t.Errorf("%d samples were written before the pause", got)
	}
	tp.end()
	<-over
	if err := tp.mark(context.Background(), Marks{}); !errors.Is(err, &Error{Code: NoRecording}) {
		t.Errorf("a sealed tape: %v", err)
	}
}
