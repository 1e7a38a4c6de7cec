package webrtc

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// MinSecret is the shortest shared secret, in characters, that the gateway starts with.
const MinSecret = 16

// Codecs that a leg can speak, as they are written in SDP.
const (
	PCMA = "PCMA" // G.711 A-law, the default: Asterisk speaks it too, and it can be recorded
	PCMU = "PCMU" // G.711 mu-law
	Opus = "opus" // for bad networks; not recorded, see Tap
)

// Config is what a gateway needs to know. Zero durations, counts and addresses are filled by New from Defaults.
type Config struct {
	ID     string // names this gateway in snapshots; unique per site
	Listen string // internal HTTP API, host:port; loopback by default, because it is for controllers and consoles only
	Secret string // shared with controllers and consoles; at least MinSecret characters

	ICEUDP    string   // the one UDP port for all browsers, host:port; an unspecified host means every interface, loopback included
	ICETCP    string   // for networks that block UDP, host:port; empty: off
	PublicIPs []string // addresses that browsers reach this host by, when a NAT stands before it; replace the host candidates

	RTP          string // the one UDP socket that faces Asterisk, host:port
	RTPAdvertise string // the address that Asterisk shall send to, ip:port; needed when RTP's host is unspecified, else optional

	Codecs     []string // allowed; of those the browser's order decides
	ICEServers []string // external stun: and turn: urls for browsers, see BrowserServers
	TURN       TURN     // embedded TURN server; off unless TURN.Listen is set

	MaxLegs int // above it new legs are refused

	SilenceAfter  time.Duration // without RTP from the browser a leg is silent
	CloseAfter    time.Duration // silent, or not connected at all, for this long: the leg closes
	SuspectWindow time.Duration // how long a suspected leg has to prove that it lives
	QualityEvery  time.Duration // between two quality events of a leg
}

// TURN configures the embedded TURN server (RFC 8656). It relays to this gateway only.
type TURN struct {
	Listen   string // host:port for UDP and TCP; empty: off
	PublicIP string // the address that browsers reach it by; Listen's host when empty
	Realm    string
	Secret   string // signs time-limited credentials; also that of an external coturn (static-auth-secret)
}

// Defaults is a gateway for one machine: everything on loopback. Its Secret is empty and must be chosen.
func Defaults() Config {
	return Config{
		ID:            "gateway-1",
		Listen:        "127.0.0.1:8091",
		ICEUDP:        "127.0.0.1:8092",
		RTP:           "127.0.0.1:5066",
		Codecs:        []string{PCMA},
		TURN:          TURN{Realm: "hotline"},
		MaxLegs:       500,
		SilenceAfter:  3 * time.Second,
		CloseAfter:    20 * time.Second,
		SuspectWindow: 400 * time.Millisecond,
		QualityEvery:  2 * time.Second,
	}
}

// withDefaults fills what is zero.
func (c Config) withDefaults() Config {
	d := Defaults()
	for _, s := range []struct {
		have     *string
		fallback string
	}{{&c.ID, d.ID}, {&c.Listen, d.Listen}, {&c.ICEUDP, d.ICEUDP}, {&c.RTP, d.RTP}, {&c.TURN.Realm, d.TURN.Realm}} {
		if *s.have == "" {
			*s.have = s.fallback
		}
	}
	for _, s := range []struct {
		have     *time.Duration
		fallback time.Duration
	}{
		{&c.SilenceAfter, d.SilenceAfter},
		{&c.CloseAfter, d.CloseAfter},
		{&c.SuspectWindow, d.SuspectWindow},
		{&c.QualityEvery, d.QualityEvery},
	} {
		if *s.have == 0 {
			*s.have = s.fallback
		}
	}
	if len(c.Codecs) == 0 {
		c.Codecs = d.Codecs
	}
	if c.MaxLegs == 0 {
		c.MaxLegs = d.MaxLegs
	}
	return c
}

// Validate tells everything that is wrong with a configuration, each in words that say what to change.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf("gateway: "+format, args...)) }
	if !validID(c.ID) {
		refuse("id %q: use 1-64 letters, digits, '-' and '_'", c.ID)
	}
	if len(c.Secret) < MinSecret {
		refuse("secret has %d characters; choose at least %d", len(c.Secret), MinSecret)
	}
	for _, a := range []struct{ name, addr string }{
		{"listen", c.Listen}, {"ice_udp", c.ICEUDP}, {"ice_tcp", c.ICETCP}, {"rtp", c.RTP}, {"turn.listen", c.TURN.Listen},
	} {
		if a.addr == "" {
			continue
		}
		if _, err := net.ResolveUDPAddr("udp", a.addr); err != nil {
			refuse("%s: %q is no host:port", a.name, a.addr)
		}
	}
	c.validateRTP(refuse)
	for _, ip := range c.PublicIPs {
		if _, err := netip.ParseAddr(ip); err != nil {
			refuse("public_ips: %q is no IP address", ip)
		}
	}
	for _, codec := range c.Codecs {
		if !slices.Contains([]string{PCMA, PCMU, Opus}, codec) {
			refuse("codecs: %q is none of PCMA, PCMU, opus", codec)
		}
	}
	c.validateTURN(refuse)
	for _, d := range []time.Duration{c.SilenceAfter, c.CloseAfter, c.SuspectWindow, c.QualityEvery} {
		if d < 0 {
			refuse("durations must be positive")
		}
	}
	if c.MaxLegs < 0 {
		refuse("max_legs must be positive")
	}
	return errors.Join(errs...)
}

func (c Config) validateRTP(refuse func(string, ...any)) {
	if c.RTPAdvertise != "" {
		if _, err := netip.ParseAddrPort(c.RTPAdvertise); err != nil {
			refuse("rtp_advertise: %q is no ip:port", c.RTPAdvertise)
		}
		return
	}
	if addr, err := net.ResolveUDPAddr("udp", c.RTP); err == nil && (addr.IP == nil || addr.IP.IsUnspecified()) {
		refuse("rtp: Asterisk cannot send to %q; set rtp_advertise to the address that it reaches", c.RTP)
	}
}

func (c Config) validateTURN(refuse func(string, ...any)) {
	for _, url := range c.ICEServers {
		scheme, _, ok := strings.Cut(url, ":")
		if !ok || !slices.Contains([]string{"stun", "stuns", "turn", "turns"}, scheme) {
			refuse("ice_servers: %q does not start with stun:, stuns:, turn: or turns:", url)
		}
	}
	if c.TURN.Listen == "" {
		return
	}
	if len(c.TURN.Secret) < MinSecret {
		refuse("turn.secret has %d characters; choose at least %d", len(c.TURN.Secret), MinSecret)
	}
	if _, err := c.TURN.address(); err != nil {
		refuse("turn: %w", err)
	}
}

// validNode accepts an id, or two with a slash between them: an Asterisk, and who of several attaches the leg there.
func validNode(s string) bool {
	node, owner, two := strings.Cut(s, "/")
	return validID(node) && (!two || validID(owner))
}

// validID accepts the ids of the protocol: ULIDs, "u-…", "node-1". They appear in logs and paths.
func validID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_' {
			return false
		}
	}
	return true
}
