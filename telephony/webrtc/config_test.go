package webrtc

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"hotline/test/ports"
)

func TestConfig(t *testing.T) {
	good := Config{Secret: testSecret}
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults with a secret: %v", err)
	}
	d := good.withDefaults()
	if d.SilenceAfter != 3*time.Second || d.CloseAfter != 20*time.Second || d.SuspectWindow != 400*time.Millisecond || d.Codecs[0] != PCMA {
		t.Errorf("defaults: %+v", d)
	}
	if !strings.HasPrefix(d.Listen, "127.0.0.1:") || !strings.HasPrefix(d.RTP, "127.0.0.1:") || !strings.HasPrefix(d.ICEUDP, "127.0.0.1:") {
		t.Errorf("a default is not on loopback: %+v", d)
	}
	for want, edit := range map[string]func(*Config){
		"secret":        func(c *Config) { c.Secret = "short" },
		"id ":           func(c *Config) { c.ID = "a b" },
		"listen":        func(c *Config) { c.Listen = "nowhere" },
		"ice_udp":       func(c *Config) { c.ICEUDP = "127.0.0.1" },
		"ice_tcp":       func(c *Config) { c.ICETCP = "127.0.0.1:99999" },
		"rtp_advertise": func(c *Config) { c.RTP = ":5066" },
		"no ip:port":    func(c *Config) { c.RTPAdvertise = "gateway:5066" },
		"public_ips":    func(c *Config) { c.PublicIPs = []string{"gateway"} },
		"codecs":        func(c *Config) { c.Codecs = []string{"G722"} },
		"ice_servers":   func(c *Config) { c.ICEServers = []string{"http://x"} },
		"turn.secret":   func(c *Config) { c.TURN = TURN{Listen: "127.0.0.1:3478"} },
		"public_ip":     func(c *Config) { c.TURN = TURN{Listen: ":3478", Secret: testSecret} },
		"durations":     func(c *Config) { c.CloseAfter = -1 },
		"max_legs":      func(c *Config) { c.MaxLegs = -1 },
	} {
		c := good
		edit(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := New(Config{}, nil, slog.New(slog.DiscardHandler), nil); err == nil {
		t.Error("a gateway without a secret was made")
	}
	// What New opened before it failed is closed again: the same port can be had.
	busy := good
	busy.Listen, busy.ICEUDP, busy.RTP = ports.Address(t), "127.0.0.1:0", "192.0.2.1:5066"
	for range 2 {
		if _, err := New(busy, nil, slog.New(slog.DiscardHandler), nil); err == nil || !strings.Contains(err.Error(), "rtp") {
			t.Errorf("an address that is not ours: %v", err)
		}
	}
}

func TestBrowserServers(t *testing.T) {
	c := Config{
		ICEServers: []string{"stun:stun.example:3478", "turn:turn.example:3478"},
		TURN:       TURN{Listen: "0.0.0.0:3478", PublicIP: "192.0.2.1", Secret: testSecret},
	}
	servers, err := c.BrowserServers("u-1", time.Hour)
	if err != nil || len(servers) != 2 {
		t.Fatalf("%+v, %v", servers, err)
	}
	if servers[0].Username != "" || servers[0].URLs[0] != "stun:stun.example:3478" {
		t.Errorf("stun: %+v", servers[0])
	}
	if len(servers[1].URLs) != 3 || servers[1].URLs[1] != "turn:192.0.2.1:3478?transport=udp" || servers[1].Credential == "" ||
		!strings.HasSuffix(servers[1].Username, ":u-1") {
		t.Errorf("turn: %+v", servers[1])
	}
	if servers, err := (Config{}).BrowserServers("u-1", time.Hour); err != nil || servers == nil || len(servers) != 0 {
		t.Errorf("none configured: %#v, %v", servers, err)
	}
	if _, _, err := TURNCredentials("short", "u-1", time.Hour); err == nil {
		t.Error("credentials from a short secret")
	}
}
