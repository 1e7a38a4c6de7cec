package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hotline/deploy/asterisk"
	"hotline/telephony"
)

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hotline.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestDefaultsAreSoundAndOnLoopback(t *testing.T) {
	c, err := loadConfig("", t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{c.open(portSIP), c.open(portICE), c.open(portConsole), c.port(portARI), c.port(portRedis), c.port(portGateway)} {
		if !strings.HasPrefix(addr, "127.0.0.1:") {
			t.Errorf("%s is open to others by default", addr)
		}
	}
	if !strings.HasPrefix(c.Database, "sqlite:"+c.Dir) {
		t.Errorf("database %s", c.Database)
	}
}

func TestPortsDoNotMeet(t *testing.T) {
	c := defaultConfig()
	seen := map[string]string{}
	for name, addr := range map[string]string{
		"sip": c.port(portSIP), "ari": c.port(portARI), "redis": c.port(portRedis), "gateway": c.port(portGateway), "ice": c.port(portICE),
		"rtp": c.port(portRTP), "console": c.port(portConsole), "admin controller": c.admin("controller"), "admin gateway": c.admin("gateway"),
		"admin worker": c.admin("worker"), "admin guardian": c.admin("guardian"),
	} {
		if other := seen[addr]; other != "" {
			t.Errorf("%s and %s are both at %s", name, other, addr)
		}
		seen[addr] = name
	}
}

func TestRefusedConfigurations(t *testing.T) {
	for name, tt := range map[string]struct{ text, says string }{
		"unknown setting":       {"liness: []", "liness"},
		"not a time":            {"ring: 5 bananas", "15s, 2m"},
		"no time at all":        {"ring: 0s", "ring"},
		"a name for an address": {"listen: localhost", "not an IP address"},
		"port too low":          {"port_base: 80", "between 1024"},
		"no lines":              {"lines: []", "lines: is needed"},
		"one number, two lines": {"lines: [{id: a, numbers: ['1'], name: {zh-CN: x, en: y}}, {id: b, numbers: ['1'], name: {zh-CN: x, en: y}}]", "choose one"},
		"a name is missing":     {"lines: [{id: a, numbers: ['1'], name: {en: y}}]", "zh-CN"},
		"skill level":           {"lines: [{id: a, numbers: ['1'], name: {zh-CN: x, en: y}, needs: {youth: 11}}]", "youth"},
		"braces in the site":    {"site: '{a}'", "site"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadConfig(write(t, tt.text), t.TempDir(), 0)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
		})
	}
}

func TestFlagsComeOverTheFile(t *testing.T) {
	dir := t.TempDir()
	c, err := loadConfig(write(t, "dir: /elsewhere\nport_base: 7000\nring: 9s"), dir, 8000)
	if err != nil {
		t.Fatal(err)
	}
	if c.Dir != dir || c.PortBase != 8000 || c.Ring.String() != "9s" {
		t.Errorf("dir %s, port %d, ring %s", c.Dir, c.PortBase, c.Ring)
	}
}

// TestLinesReachAsterisk: what the configuration says of lines passes Asterisk's own validation.
func TestLinesReachAsterisk(t *testing.T) {
	c, err := loadConfig("", t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	in := asterisk.Installation{Binary: "/usr/sbin/asterisk", Modules: "/usr/lib/asterisk/modules", Data: "/usr/share/asterisk", Version: "22.10.1"}
	a := c.asterisk(1, in, "a-long-generated-password", c.sounds().Dir)
	files, err := a.Render()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"12345", "12355", "12356"} {
		if !strings.Contains(files["extensions.conf"], "exten => "+n+",1,") {
			t.Errorf("%s cannot be dialled", n)
		}
	}
}

// TestFallbackIsOnePlace: the controller and the dialplan name the place by themselves, because neither may import the other.
func TestFallbackIsOnePlace(t *testing.T) {
	if telephony.FallbackContext != asterisk.FallbackContext || telephony.FallbackExtension != asterisk.FallbackExtension || asterisk.FallbackPriority != 1 {
		t.Error("a caller would be handed to a place that the dialplan does not have")
	}
	if !strings.HasPrefix(telephony.App("x"), asterisk.AppPrefix) {
		t.Error("the dialplan would not offer calls to our controllers")
	}
}

func TestSecretsAreMadeOnceAndForTheOwner(t *testing.T) {
	c := defaultConfig()
	c.Dir = t.TempDir()
	got := make([]string, 20)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			s, err := c.secret("gateway-secret")
			if err != nil {
				t.Error(err)
			}
			got[i] = s
		})
	}
	wg.Wait()
	for _, s := range got {
		if s != got[0] || len(s) < 16 {
			t.Fatalf("%d callers were given different or short secrets", len(got))
		}
	}
	entries, err := os.ReadDir(c.path("secrets"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	if info, _ := entries[0].Info(); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %s", info.Mode())
	}
	if err := os.WriteFile(c.path("secrets", "empty"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.secret("empty"); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("an empty secret: %v", err)
	}
}

// TestCommandsExplainThemselves runs the program's own commands as a newcomer would who made a mistake.
func TestCommandsExplainThemselves(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		says string
	}{
		"nothing to look at":  {[]string{"calls", "--dir", filepath.Join(t.TempDir(), "none")}, "hotline up"},
		"ledger without a db": {[]string{"ledger", "--dir", filepath.Join(t.TempDir(), "none")}, "--dir"},
		"no number":           {[]string{"call"}, "accepts 1 arg"},
		"two sounds":          {[]string{"call", "12355", "--tone", "440", "--play", "x.wav"}, "choose one"},
		"no such file":        {[]string{"call", "12355", "--play", "/nowhere.wav"}, "/nowhere.wav"},
		"unknown setting":     {[]string{"check-config", "--config", write(t, "no_such: 1")}, "no_such"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := command()
			cmd.SetArgs(tt.args)
			cmd.SetOut(new(bytes.Buffer))
			err := cmd.ExecuteContext(t.Context())
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
		})
	}
}

// TestPortsAreApart: several controllers and nodes leave the first ones where they are alone, and no two processes share a port.
func TestPortsAreApart(t *testing.T) {
	alone, err := loadConfig("", t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	c := alone
	c.Controllers, c.Nodes = mostControllers, mostNodes
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	taken := map[string]string{}
	take := func(addr, who string) {
		if other, ok := taken[addr]; ok {
			t.Errorf("%s: %s and %s", addr, who, other)
		}
		taken[addr] = who
	}
	for _, role := range c.roles() {
		take(c.admin(role), role)
	}
	for n, name := range map[int]string{portRedis: "redis", portGateway: "gateway", portICE: "ice", portRTP: "rtp"} {
		take(c.port(n), name)
	}
	folders := map[string]bool{}
	for _, n := range c.nodes() {
		take(c.port(n.sip()), n.id()+" sip")
		take(c.port(n.ari()), n.id()+" ari")
		folders[c.messages(n)] = true
		in := asterisk.Installation{Binary: "/usr/sbin/asterisk", Modules: "/usr/lib/asterisk/modules", Data: "/usr/share/asterisk", Version: "22.10.1"}
		a := c.asterisk(n, in, "a-long-generated-password", c.sounds().Dir)
		if _, err := a.Render(); err != nil {
			t.Error(err)
		}
		if want := c.PortBase + 1000*int(n); a.RTP.Low != want || a.RTP.High != want+999 || a.Node != n.id() {
			t.Errorf("%s: RTP %+v", a.Node, a.RTP)
		}
	}
	if len(folders) != mostNodes {
		t.Errorf("messages of several nodes are in one folder: %v", folders)
	}
	if c.admin("controller") != alone.admin("controller") || c.sips()[0] != alone.open(portSIP) || c.admin("guardian") != alone.port(13) {
		t.Error("the first controller or node has other ports than it has alone")
	}
}

func TestWhich(t *testing.T) {
	for id, want := range map[string]int{"controller-1": 1, "controller-2": 2, "controller-3": 0, "controller-0": 0, "controller": 0, "2": 0, "node-1": 0} {
		if n, err := which("controller", id, 2); n != want || (err == nil) != (want > 0) {
			t.Errorf("%s: %d, %v", id, n, err)
		}
	}
}
