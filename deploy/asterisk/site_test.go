package asterisk_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"hotline/deploy/asterisk"
	"hotline/telephony/phone"
	"hotline/test/ports"
)

// A call from another site is never greeted, and never recorded: its caller is on hold audio there. One that was here before is a loop. The same words
// from anybody else mean nothing.
func TestCallsFromAnotherSite(t *testing.T) {
	t.Parallel()
	far := fmt.Sprintf("127.0.0.2:%d", ports.Free(t))
	s := start(t, func(c *asterisk.Config) {
		c.Site = "north"
		c.Trunks = []asterisk.Trunk{
			{Name: "south", Kind: asterisk.TrunkIPMatch, Host: "127.0.0.2", Match: []string{far}, Site: true},
			{Name: "city", Kind: asterisk.TrunkIPMatch, Host: "127.0.0.3"},
		}
	})
	for _, tt := range []struct {
		from, hops string
		status     int // 0: greeted
	}{
		{far, "south", 503},
		{far, "east,west,south", 503},
		{far, "north,south", 482},
		{far, "north", 482},
		{far, "northern,south", 503},
		{far, "a,b,c,d", 482},
		{far, "", 0},
		{"127.0.0.3", "south", 0}, // a carrier
		{"127.0.0.1", "north", 0}, // this machine
	} {
		t.Run(fmt.Sprintf("%s %s", tt.from, tt.hops), func(t *testing.T) {
			cfg := phone.Config{Server: s.sip(), From: callerNumber, Headers: map[string]string{}}
			if host, port, err := net.SplitHostPort(tt.from); err == nil {
				cfg.LocalIP, cfg.LocalPort = host, port
			} else {
				cfg.LocalIP = tt.from
			}
			if tt.hops != "" {
				cfg.Headers["X-Hotline-Hops"] = tt.hops
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			c, err := dial(t, ctx, cfg, "12355")
			var refused *phone.Rejected
			switch {
			case tt.status != 0:
				if !errors.As(err, &refused) || refused.Status != tt.status {
					t.Errorf("%v, want %d", err, tt.status)
				}
				if notes, err := asterisk.ReadNotes(s.Messages); err != nil || len(notes) != 0 {
					t.Errorf("it left a note: %v %v", notes, err)
				}
			case err != nil:
				t.Errorf("not answered: %v", err)
			default:
				l := listen(c)
				l.await(t, greetingZH)
				l.hangUp(t)
				if err := s.notes(t, 1)[0].Remove(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestDialKnowsWhatIsConfigured(t *testing.T) {
	c := asterisk.Defaults("/srv")
	c.Trunks = []asterisk.Trunk{{Name: "city"}, {Name: "south", Site: true}}
	c.Exits = []asterisk.Exit{{Name: "demo"}}
	for name, want := range map[string]string{"city": "PJSIP/12355@trunk-city", "south": "PJSIP/12355@to-south", "demo": "PJSIP/12355@exit-demo"} {
		if got, err := c.Dial(name, "12355"); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, bad := range [][2]string{{"nobody", "12355"}, {"city", ""}, {"city", "12355@elsewhere"}, {"city", "12355&PJSIP/1"}, {"city", "1/2"}} {
		if got, err := c.Dial(bad[0], bad[1]); err == nil {
			t.Errorf("%v: dialled as %q", bad, got)
		}
	}
}
