package telephony

import (
	"context"
	"testing"

	"hotline/telephony/phone"
)

func TestUserOfAHeader(t *testing.T) {
	for header, want := range map[string]string{
		`"Somebody" <sip:13800004444@192.0.2.1;user=phone>`: "13800004444", `<tel:+8613800004444>;reason=unconditional`: "+8613800004444",
		`<sips:+8613800004444@exchange>;index=1`: "+8613800004444", `<sip:anonymous@anonymous.invalid>`: "", `<sip:138x@192.0.2.1>`: "", ``: "",
		`sip:12`: "", `<sip:13800004444;npdi@192.0.2.1>`: "13800004444",
	} {
		if got := userOf(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}

// exchange is a trunk of the test's Asterisk, by an address of its own.
const exchange = "[trunk-exchange]\ntype=endpoint\ncontext=in\ndisallow=all\nallow=alaw\ndirect_media=no\nmedia_address=127.0.0.1\ntrust_id_inbound=yes\n" +
	"[trunk-exchange]\ntype=identify\nendpoint=trunk-exchange\nmatch=127.0.0.9\n"

// TestCallerBehindAnExchange: the exchange's number is no caller's; what a trunk says of the call's history may be, what anybody else says is not.
func TestCallerBehindAnExchange(t *testing.T) {
	t.Parallel()
	s := newScene(t, to(exchange))
	life := s.start(func(c *Config) { c.Outbound.Switchboards = []string{"01012345"} })
	for name, tt := range map[string]struct {
		from, local string
		headers     map[string]string
		want        string
	}{
		"the caller's own number":        {"13800004444", "127.0.0.9", nil, "13800004444"},
		"asserted by the trunk":          {"01012345", "127.0.0.9", map[string]string{"P-Asserted-Identity": "<sip:13800004444@exchange>"}, "13800004444"},
		"in a diversion":                 {"01012345", "127.0.0.9", map[string]string{"Diversion": "<sip:13800004444@exchange>;reason=unknown"}, "13800004444"},
		"in the history":                 {"01012345", "127.0.0.9", map[string]string{"History-Info": "<sip:13800004444@exchange>;index=1"}, "13800004444"},
		"nowhere":                        {"01012345", "127.0.0.9", nil, ""},
		"only the exchange's once more":  {"01012345", "127.0.0.9", map[string]string{"Diversion": "<sip:01012345@exchange>"}, ""},
		"said by somebody who is nobody": {"01012345", "127.0.0.1", map[string]string{"Diversion": "<sip:13800004444@exchange>"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := phone.Dial(context.Background(), phone.Config{Server: s.node.SIP, From: tt.from, LocalIP: tt.local, Headers: tt.headers}, "12355")
			must(t, err)
			got := "no call"
			s.until("the caller is identified", func() bool {
				got, _ = onLoop(life.Controller, func() string {
					for _, a := range life.calls {
						return a.number()
					}
					return "no call"
				})
				return got == tt.want
			})
			must(t, c.Hangup(t.Context()))
			s.until("the call is over", func() bool {
				n, _ := onLoop(life.Controller, func() int { return len(life.calls) })
				return n == 0
			})
		})
	}
}
