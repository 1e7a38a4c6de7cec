package asterisk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestValidateNamesTheField(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*Config)
		field string
	}{
		"node":                     {func(c *Config) { c.Node = "a b" }, "Node"},
		"no lines":                 {func(c *Config) { c.Lines = nil }, "Lines"},
		"line id with a newline":   {func(c *Config) { c.Lines[0].ID = "x\n[evil]" }, "Lines[0].ID"},
		"line twice":               {func(c *Config) { c.Lines[1].ID = c.Lines[0].ID }, "Lines"},
		"number is a pattern":      {func(c *Config) { c.Lines[0].Numbers = []string{"_X."} }, "Lines[0].Numbers"},
		"number with a step":       {func(c *Config) { c.Lines[0].Numbers = []string{"12,1,Dial(PJSIP/x)"} }, "Lines[0].Numbers"},
		"number of two lines":      {func(c *Config) { c.Lines[0].Numbers = c.Lines[1].Numbers }, "Lines.Numbers"},
		"no numbers":               {func(c *Config) { c.Lines[0].Numbers = nil }, "Lines[0].Numbers"},
		"phone through no trunk":   {func(c *Config) { c.Lines[0].Phones = []string{"110@nowhere"} }, "Lines[0].Phones"},
		"phone with a header":      {func(c *Config) { c.Lines[0].Phones = []string{"sip:a@b;transport=tcp"} }, "Lines[0].Phones"},
		"danger key":               {func(c *Config) { c.DangerKey = "#" }, "DangerKey"},
		"no danger key":            {func(c *Config) { c.DangerKey = "" }, "DangerKey"},
		"language":                 {func(c *Config) { c.Languages = []string{"../x"} }, "Languages"},
		"no language":              {func(c *Config) { c.Languages = nil }, "Languages"},
		"ari for the world":        {func(c *Config) { c.ARI.Host = "0.0.0.0" }, "ARI.Host"},
		"ari password":             {func(c *Config) { c.ARI.Password = "short" }, "ARI.Password"},
		"ari user is a section":    {func(c *Config) { c.ARI.User = "general" }, "ARI.User"},
		"ari port":                 {func(c *Config) { c.ARI.Port = 0 }, "ARI.Port"},
		"sip host is a name":       {func(c *Config) { c.SIP.Host = "localhost" }, "SIP.Host"},
		"sip media for every host": {func(c *Config) { c.SIP.Host = "0.0.0.0" }, "SIP.Media"},
		"sip without a port":       {func(c *Config) { c.SIP.UDPPort, c.SIP.TCPPort = 0, 0 }, "SIP"},
		"tls without a key":        {func(c *Config) { c.SIP.TLSPort = 5061; c.SIP.TLSCert = "/x.pem" }, "SIP.TLSKey"},
		"rtp ports":                {func(c *Config) { c.RTP.High = c.RTP.Low }, "RTP"},
		"relative path":            {func(c *Config) { c.Sounds = "sounds" }, "Sounds"},
		"path with a separator":    {func(c *Config) { c.Sounds = "/a&b" }, "Sounds"},
		"path with a variable":     {func(c *Config) { c.Messages = "/dev/shm/${SHELL(id)}" }, "Messages"},
		"path with a new line":     {func(c *Config) { c.Dirs.Etc = "/a\nb" }, "Dirs.Etc"},
		"path that climbs":         {func(c *Config) { c.Dirs.Etc = "/a/../b" }, "Dirs.Etc"},
		"long socket":              {func(c *Config) { c.Dirs.Run = "/" + strings.Repeat("a", 100) }, "Dirs.Run"},
		"claim":                    {func(c *Config) { c.ClaimWithin = 0 }, "ClaimWithin"},
		"message":                  {func(c *Config) { c.MessageLimit = time.Hour }, "MessageLimit"},
		"trunk kind":               {func(c *Config) { c.Trunks = []Trunk{{Name: "a", Kind: "open", Host: "h"}} }, "Trunks[0].Kind"},
		"trunk host":               {func(c *Config) { c.Trunks = []Trunk{{Name: "a", Kind: TrunkIPMatch, Host: "1.2.3"}} }, "Trunks[0].Host"},
		"trunk for the world": {func(c *Config) {
			c.Trunks = []Trunk{{Name: "a", Kind: TrunkIPMatch, Host: "h", Match: []string{"0.0.0.0/0"}}}
		}, "Trunks[0].Match"},
		"trunk without a password": {func(c *Config) {
			c.Trunks = []Trunk{{Name: "a", Kind: TrunkAuth, Host: "h", User: "u"}}
		}, "Trunks[0].PasswordFile"},
	} {
		t.Run(name, func(t *testing.T) {
			c := demo()
			tc.spoil(&c)
			err := c.Validate()
			if err == nil || !strings.Contains(err.Error(), "asterisk: "+tc.field+":") {
				t.Fatalf("got %v, want a fault in %s", err, tc.field)
			}
		})
	}
	if err := demo().Validate(); err != nil {
		t.Fatalf("the demo is not valid: %v", err)
	}
}

func TestPasswordsCannotAddLines(t *testing.T) {
	c := demo()
	file := filepath.Join(t.TempDir(), "p")
	c.Trunks = []Trunk{{Name: "a", Kind: TrunkAuth, Host: "192.0.2.1", User: "u", PasswordFile: file}}
	for _, bad := range []string{"", "a\n[evil]\ntype=endpoint", "a;b", "a b", `a\b`, "密码", strings.Repeat("x", 200)} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Render(); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// FuzzRender asks of every value that Validate lets through: no file gains a line or a section.
func FuzzRender(f *testing.F) {
	f.Add("12355", "12355", "sip:duty@127.0.0.1:5070", "/srv/sounds", "abcdefghijklmnop")
	f.Add("a\n[b]", "_X.", "sip:a@b,c", "/a;b", "x\ny")
	count := func(files map[string]string, name string) (lines, sections int) {
		for l := range strings.Lines(files[name]) {
			lines++
			if strings.HasPrefix(l, "[") {
				sections++
			}
		}
		return lines, sections
	}
	base := demo()
	base.Loopback = false // its access list would come and go with the phone's kind of address
	base.Lines = []Line{{ID: "a", Numbers: []string{"12"}, Phones: []string{"sip:a@b"}}}
	want, err := base.Render()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id, number, phone, path, password string) {
		c := base
		c.Lines = []Line{{ID: id, Numbers: []string{number}, Phones: []string{phone}}}
		c.Sounds, c.ARI.Password = path, password
		got, err := c.Render()
		if err != nil {
			return
		}
		for name := range want {
			gotLines, gotSections := count(got, name)
			wantLines, wantSections := count(want, name)
			if gotLines != wantLines || gotSections != wantSections {
				t.Errorf("%s: %d lines and %d sections, want %d and %d", name, gotLines, gotSections, wantLines, wantSections)
			}
		}
	})
}
