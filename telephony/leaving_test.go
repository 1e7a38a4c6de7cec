package telephony

import (
	"context"
	"sync"
	"testing"
	"time"

	"hotline/telephony/ari"
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

// TestAChannelThatStays: of a caller who hung up nothing more is told, and the channel stays listed; the call is over all the same, and the channel without a tag.
func TestAChannelThatStays(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	life := s.start()
	_, id := s.waiting()
	channel, _ := onLoop(life.Controller, func() string { return life.calls[id].channel })
	life.do(func() { life.leaving[channel] = time.Now().Add(-leavesWithin) })
	s.until("it is over", func() bool { return calls(life) == 0 && s.rows()[id].ID == "" })
	s.until("it is hung up", func() bool {
		_, err := s.client("hotline-look").ChannelGet(t.Context(), channel)
		return ari.IsNotFound(err)
	})
}
