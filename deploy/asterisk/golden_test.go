package asterisk

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// demo is the Config of one machine with folders that do not depend on the machine.
func demo() Config {
	c := Defaults("/srv/hotline/asterisk")
	c.ARI.Password = "not-a-secret-0123456789"
	c.Installed = Installation{Binary: "/usr/sbin/asterisk", Modules: "/usr/lib/asterisk/modules", Data: "/usr/share/asterisk", Version: "22.10.1"}
	c.Sounds, c.Messages = "/srv/hotline/prompts", "/dev/shm/hotline"
	return c
}

// carriers adds a trunk of every kind, phones of both kinds, another danger key and one language.
func carriers(t *testing.T) Config {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("p@ss:word_1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := demo()
	c.Node, c.Loopback, c.DangerKey, c.Languages = "node-2", false, "*", []string{"zh-CN"}
	c.SIP = SIP{
		Host: "0.0.0.0", UDPPort: 5060, TCPPort: 5062, TLSPort: 5061, TLSCert: "/etc/hotline/sip.pem", TLSKey: "/etc/hotline/sip.key",
		TLSCA: "/etc/ssl/certs/ca-certificates.crt", Media: "10.1.2.3", Advertise: "198.51.100.7", LocalNets: []string{"10.0.0.0/8"},
	}
	c.Trunks = []Trunk{
		{Name: "city", Kind: TrunkIPMatch, Host: "192.0.2.10", Match: []string{"192.0.2.0/28", "192.0.2.99"}},
		{Name: "county", Kind: TrunkRegistration, Host: "sip.example.net", Transport: "tcp", User: "12345", PasswordFile: secret, DTMF: "inband"},
		{Name: "town", Kind: TrunkAuth, Host: "2001:db8::5", Port: 5090, User: "hotline", PasswordFile: secret},
		{Name: "secure", Kind: TrunkIPMatch, Host: "203.0.113.4", Secure: true},
		{Name: "province", Kind: TrunkIPMatch, Host: "192.0.2.200", Match: []string{"192.0.2.200:5060"}, Site: true},
	}
	c.Site, c.Exits = "north", []Exit{{Name: "bench", Host: "192.0.2.201", Port: 5080}}
	c.Lines = []Line{
		{ID: "crisis", Numbers: []string{"12356", "+861012356"}, Phones: []string{"sip:duty@10.1.2.9:5070", "13800000000@city"}},
		{ID: "youth", Numbers: []string{"12355"}, Phones: []string{"sip:duty@10.1.2.9:5070"}},
		{ID: "plain", Numbers: []string{"12345"}},
	}
	c.ClaimWithin, c.RingPhones = 800*time.Millisecond, 45*time.Second
	return c
}

func TestRenderMatchesTheGoldenFiles(t *testing.T) {
	for name, c := range map[string]Config{"demo": demo(), "carriers": carriers(t)} {
		t.Run(name, func(t *testing.T) {
			files, err := c.Render()
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join("testdata", "golden", name)
			if *update {
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				for f, text := range files {
					if err := os.WriteFile(filepath.Join(dir, f), []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			golden, err := filepath.Glob(filepath.Join(dir, "*"))
			if err != nil || len(golden) != len(files) {
				t.Fatalf("%d golden files for %d rendered ones (%v); run go test -update and read the difference", len(golden), len(files), err)
			}
			for _, g := range golden {
				want, err := os.ReadFile(g)
				if err != nil {
					t.Fatal(err)
				}
				if got := files[filepath.Base(g)]; got != string(want) {
					t.Errorf("%s differs; run go test -update and read the difference. Now:\n%s", g, got)
				}
			}
		})
	}
}

func TestWriteIsPrivateAndRemovesWhatIsNoLongerOurs(t *testing.T) {
	dir := t.TempDir()
	c := demo()
	c.Dirs = Defaults(dir).Dirs
	c.Messages = filepath.Join(dir, "messages")
	if err := os.MkdirAll(c.Dirs.Etc, 0o755); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(c.Dirs.Etc, "iax.conf")
	if err := os.WriteFile(stale, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(c.Messages, 0o777); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Write(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("a file of another version stayed: %v", err)
	}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && path != dir && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Nothing that a caller chose is dialled, and nobody who was not configured is believed.
func TestNothingToCallOutThrough(t *testing.T) {
	for name, c := range map[string]Config{"demo": demo(), "carriers": carriers(t)} {
		files, err := c.Render()
		if err != nil {
			t.Fatal(err)
		}
		// The one pattern stands where only numbers of ours lead to, and no call comes in.
		dialplan := strings.Replace(files["extensions.conf"], "[offer]\nexten => _[+0-9].,1,", "", 1)
		if strings.Contains(files["pjsip.conf"], "context = offer") {
			t.Errorf("%s: calls come in where numbers are not looked at", name)
		}
		for _, word := range []string{"Dial(", "Originate(", "Transfer(", "System(", "DISA(", "exten => _", "include =>", "${EXTEN}", "SHELL("} {
			if strings.Contains(dialplan, word) {
				t.Errorf("%s: the dialplan has %q", name, word)
			}
		}
		for _, module := range []string{"app_dial", "pbx_spool", "app_originate", "res_pjsip_refer", "res_pjsip_registrar", "anonymous", "app_system", "func_shell", "app_disa", "chan_iax2", "res_agi"} {
			if strings.Contains(files["modules.conf"], module) {
				t.Errorf("%s: loads %s", name, module)
			}
		}
		for _, context := range []string{"context = default", "context = from-"} {
			if strings.Contains(files["pjsip.conf"], context) {
				t.Errorf("%s: %s", name, context)
			}
		}
	}
}
