package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"hotline/deploy/asterisk"
	"hotline/queue/lines"
)

// Config is the file that configures one site (hotline.yaml). Every field may be left out: the defaults are one machine on loopback.
// Secrets are never in it; they are files in Dir/secrets.
type Config struct {
	Site        string           `yaml:"site"`        // hash tag of every Redis key
	Demo        bool             `yaml:"demo"`        // demo accounts with random passwords, calls accepted from this machine
	Dir         string           `yaml:"dir"`         // everything that is written
	PortBase    int              `yaml:"port_base"`   // SIP; the other ports follow, see Ports
	Controllers int              `yaml:"controllers"` // processes that share the calls; each drives every node
	Nodes       int              `yaml:"nodes"`       // Asterisks of this machine, each with its own SIP port
	Listen      string           `yaml:"listen"`      // address of SIP, WebRTC and the console; loopback by default
	Database    string           `yaml:"database"`    // "sqlite:/…" (default) or "postgres://…"; its password is in secrets/database-password
	RedisURL    string           `yaml:"redis"`       // "redis://…", "redis+sentinel://…/NAME" or "redis+cluster://…"; its password is in secrets/redis-password; empty: the one that `up` starts
	ReturnWait  time.Duration    `yaml:"return_wait"` // how long a caller is held for a counsellor whose browser vanished
	Ring        time.Duration    `yaml:"ring"`        // how long an offer rings
	WrapUp      time.Duration    `yaml:"wrap_up"`
	Guardian    time.Duration    `yaml:"guardian_after"` // how long a call may be without a controller
	Trunks      []asterisk.Trunk `yaml:"trunks"`
	Reasons     []string         `yaml:"not_ready_reasons"`
	PublicIPs   []string         `yaml:"public_ips"`     // of the gateway, behind NAT
	ICEServers  []string         `yaml:"ice_servers"`    // STUN and TURN for browsers
	TURN        TURNConfig       `yaml:"turn"`           // embedded relay, off unless listen is set
	Codecs      []string         `yaml:"codecs"`         // PCMA (default), PCMU, opus
	Journal     bool             `yaml:"journal"`        // write every event of every call to log/journal.jsonl, and every operation of the queue to log/queue-journal.jsonl
	Decisions   time.Duration    `yaml:"decisions_kept"` // how long it can be asked why a call was offered to whom
	PublicURL   string           `yaml:"public_url"`     // of the console, when a proxy with TLS stands before it
	IdleLock    time.Duration    `yaml:"idle_lock"`      // a console locks after so long without input, never within a call
	Provider    ProviderConfig   `yaml:"provider"`       // of identities, by which people may also sign in; off unless issuer is set
	KeyService  KeyServiceConfig `yaml:"key_service"`    // opens keys that lie wrapped; off unless set
	AtRisk      AtRiskConfig     `yaml:"at_risk"`
	Callbacks   CallbackConfig   `yaml:"callbacks"`
	Outbound    OutboundConfig   `yaml:"outbound"`
	Recordings  RecordingsConfig `yaml:"recordings"`

	// Policy is lines, partners, groups and the other settings of routing. The file only begins them: once imported, the database has them, and
	// whoever reads them from here has put what is in force in their place.
	lines.Policy `yaml:",inline"`

	policyInFile bool // the file says something of them
}

// TURNConfig is the relay for browsers on networks that let nothing else through. Its credentials are signed with secrets/turn-secret, which an
// external coturn (static-auth-secret) named in ice_servers may share.
type TURNConfig struct {
	Listen   string `yaml:"listen"`    // host:port, UDP and TCP
	PublicIP string `yaml:"public_ip"` // by which browsers reach it
}

func defaultConfig() Config {
	return Config{
		Site: "demo", Demo: true, Dir: "var", PortBase: 5060, Controllers: 1, Nodes: 1, Listen: "127.0.0.1",
		ReturnWait: 20 * time.Second, Ring: 15 * time.Second, WrapUp: time.Minute, Guardian: 4 * time.Second, Decisions: 30 * 24 * time.Hour,
		IdleLock: 15 * time.Minute,
		Policy: lines.Policy{Lines: []lines.Line{
			{ID: "12345", Numbers: []string{"12345"}, Names: lines.Words{"zh-CN": "政务服务便民热线", "en": "Government service line"}},
			{ID: "12355", Numbers: []string{"12355"}, Names: lines.Words{"zh-CN": "青少年服务热线", "en": "Youth line"}},
			{ID: "12356", Numbers: []string{"12356"}, Names: lines.Words{"zh-CN": "心理援助热线", "en": "Psychological assistance line"}},
		}},
		Reasons: []string{"break", "meal", "training", "meeting", "technical"},
		Codecs:  []string{"PCMA"},
	}
}

// loadConfig reads the file, when one is named, over the defaults; flags come over both.
func loadConfig(file, dir string, portBase int) (Config, error) {
	c := defaultConfig()
	if file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return c, fmt.Errorf("configuration: %w", err)
		}
		if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.DisallowUnknownField()).Decode(&c); err != nil {
			return c, fmt.Errorf("configuration %s: %w (times are written like 15s, 2m or 1h30m)", file, err)
		}
		var said lines.Policy
		if err := yaml.Unmarshal(raw, &said); err != nil {
			return c, fmt.Errorf("configuration %s: %w", file, err)
		}
		c.policyInFile = !reflect.DeepEqual(said, lines.Policy{})
	}
	if dir != "" {
		c.Dir = dir
	}
	if portBase != 0 {
		c.PortBase = portBase
	}
	abs, err := filepath.Abs(c.Dir)
	if err != nil {
		return c, fmt.Errorf("configuration: dir: %w", err)
	}
	c.Dir = abs
	if c.Database == "" {
		c.Database = "sqlite:" + filepath.Join(abs, "data", "hotline.db")
	}
	return c, c.Validate()
}

// Validate says everything that is wrong, and what to do.
func (c Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Site == "" || strings.ContainsAny(c.Site, "{}: \t\n") {
		bad("site: give a name without braces, colons or spaces")
	}
	if c.Controllers < 1 || c.Controllers > mostControllers {
		bad("controllers: %d is not between 1 and %d", c.Controllers, mostControllers)
	}
	if c.Nodes < 1 || c.Nodes > mostNodes {
		bad("nodes: %d is not between 1 and %d", c.Nodes, mostNodes)
	}
	if most := 63000 - 1000*min(max(c.Nodes, 1), mostNodes); c.PortBase < 1024 || c.PortBase > most {
		bad("port_base: %d is not between 1024 and %d", c.PortBase, most)
	}
	if net.ParseIP(c.Listen) == nil {
		bad("listen: %q is not an IP address", c.Listen)
	}
	if err := c.Outbound.Validate(c.Trunks); err != nil {
		errs = append(errs, err)
	}
	if c.IdleLock < time.Minute || c.IdleLock > 24*time.Hour {
		bad("idle_lock: %s is not between 1m and 24h", c.IdleLock)
	}
	if c.Provider.Issuer != "" {
		if err := c.Provider.config(c.PublicURL, "").Validate(); err != nil {
			errs = append(errs, err)
		}
	}
	if err := c.AtRisk.Validate(); err != nil {
		errs = append(errs, err)
	}
	if err := c.Callbacks.Validate(); err != nil {
		errs = append(errs, err)
	}
	if err := c.Recordings.Validate(); err != nil {
		errs = append(errs, err)
	}
	if err := c.KeyService.Validate(); err != nil {
		errs = append(errs, err)
	}
	if err := c.Policy.ValidateFor(c.lineSite()); err != nil {
		errs = append(errs, err)
	}
	for name, d := range map[string]time.Duration{"return_wait": c.ReturnWait, "ring": c.Ring, "wrap_up": c.WrapUp, "guardian_after": c.Guardian} {
		if d <= 0 || d > time.Hour {
			bad("%s: %s is not between 0 and 1 h", name, d)
		}
	}
	if c.RedisURL != "" {
		if _, err := parseRedis(c.RedisURL); err != nil {
			errs = append(errs, err)
		}
	}
	if c.Decisions < time.Hour {
		bad("decisions_kept: %s is shorter than an hour; leave it out for 30 days (720h)", c.Decisions)
	}
	return errors.Join(errs...)
}

// port is an address on loopback, n after the base.
func (c Config) port(n int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.PortBase+n)) }

// open is an address for callers and browsers, n after the base.
func (c Config) open(n int) string { return net.JoinHostPort(c.Listen, strconv.Itoa(c.PortBase+n)) }

// path is a path below Dir.
func (c Config) path(parts ...string) string {
	return filepath.Join(append([]string{c.Dir}, parts...)...)
}

// asterisk is the configuration of one of this machine's Asterisks.
func (c Config) asterisk(n node, in asterisk.Installation, password, sounds string) asterisk.Config {
	a := asterisk.Defaults(c.path(n.role("asterisk")))
	a.Node, a.Installed = n.id(), in
	a.SIP = asterisk.SIP{Host: c.Listen, UDPPort: c.PortBase + n.sip(), TCPPort: c.PortBase + n.sip()}
	a.ARI.Port, a.ARI.Password = c.PortBase+n.ari(), password
	a.RTP = asterisk.Ports{Low: c.PortBase + n.rtp(), High: c.PortBase + n.rtp() + portsRTP - 1}
	a.Loopback = c.Demo
	a.Trunks, a.Exits, a.Site = c.Trunks, c.exits(), c.Site
	a.Sounds, a.Messages = sounds, c.messages(n)
	a.Lines = nil
	for _, l := range c.Lines {
		a.Lines = append(a.Lines, asterisk.Line{ID: l.ID, Name: l.Names["zh-CN"], Numbers: l.Numbers, Phones: l.Phones})
	}
	return a
}
