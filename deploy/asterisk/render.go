package asterisk

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"hotline/deploy/prompts"
)

//go:embed templates/*.tmpl
var templates embed.FS

// Render returns the configuration files by name. It fails when Validate does or a trunk's password file cannot be read.
func (c Config) Render() (map[string]string, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	v, err := c.view()
	if err != nil {
		return nil, err
	}
	all, err := template.ParseFS(templates, "templates/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("asterisk: read templates: %w", err)
	}
	files := make(map[string]string, len(all.Templates()))
	for _, t := range all.Templates() {
		var b bytes.Buffer
		if err := t.Execute(&b, v); err != nil {
			return nil, fmt.Errorf("asterisk: render %s: %w", t.Name(), err)
		}
		files[strings.TrimSuffix(path.Base(t.Name()), ".tmpl")] = b.String()
	}
	return files, nil
}

// Write renders into Dirs.Etc and makes the other folders. Files are 0600 and folders 0700: passwords and callers are in them.
// A file of ours that this version no longer has is removed, so that Etc never holds a mixture.
func (c Config) Write() error {
	files, err := c.Render()
	if err != nil {
		return err
	}
	for _, dir := range []string{c.Dirs.Etc, c.Dirs.Run, c.Dirs.Log, c.Dirs.State,
		filepath.Join(c.Dirs.State, "keys"), c.Dirs.Spool, c.Messages} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("asterisk: make folder: %w", err)
		}
		// A folder that was there before may be open to others, and someone else's in shared memory: then this fails.
		if err := os.Chmod(dir, 0o700); err != nil {
			return fmt.Errorf("asterisk: make folder private: %w", err)
		}
	}
	old, err := filepath.Glob(filepath.Join(c.Dirs.Etc, "*.conf"))
	if err != nil {
		return fmt.Errorf("asterisk: list old files: %w", err)
	}
	for _, f := range old {
		if _, ok := files[filepath.Base(f)]; !ok {
			if err := os.Remove(f); err != nil {
				return fmt.Errorf("asterisk: remove old file: %w", err)
			}
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(c.Dirs.Etc, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("asterisk: write: %w", err)
		}
	}
	return nil
}

// Update writes the files that follow the lines and differ from what is there, each whole or not at all, and returns the modules of a running Asterisk
// that must be reloaded to follow them. The others are written at a start only: they are not read again, or not without harm.
func (c Config) Update() (modules []string, err error) {
	files, err := c.Render()
	if err != nil {
		return nil, err
	}
	for _, f := range []struct{ name, module string }{
		// Telephones and queues come before the dialplan that sends callers to them.
		{"pjsip.conf", "res_pjsip.so"}, {"queues.conf", "app_queue.so"}, {"extensions.conf", DialplanModule},
	} {
		file := filepath.Join(c.Dirs.Etc, f.name)
		if old, err := os.ReadFile(file); err == nil && string(old) == files[f.name] {
			continue
		}
		tmp := file + ".new"
		if err := os.WriteFile(tmp, []byte(files[f.name]), 0o600); err != nil {
			return modules, fmt.Errorf("asterisk: update: %w", err)
		}
		if err := os.Rename(tmp, file); err != nil {
			return modules, fmt.Errorf("asterisk: update: %w", err)
		}
		modules = append(modules, f.module)
	}
	return modules, nil
}

// DialplanModule reads extensions.conf.
const DialplanModule = "pbx_config.so"

// view is what the templates see.
type view struct {
	Config
	Media, HoldClass, AppPrefix, FallbackContext, Beep string
	ClaimMillis                                        int64
	RingSeconds, MessageSeconds, SilenceSeconds        int64
	NeedsRegistration, NeedsSRTP, OnlyKnown, Sites     bool
	MostHops                                           int
	Known                                              []string
	Transports                                         []transportView
	Trunks                                             []trunkView
	Exits                                              []trunkView
	Phones                                             []phoneView
	HoldClasses                                        []holdView
	Queues                                             []queueView

	say func(string) string
}

type transportView struct{ Name, Protocol, Bind string }

type trunkView struct {
	Trunk
	Section, OutSection, Context, TransportName, URI, ClientURI, DTMFMode, Password string
	AsksPassword, Registers                                                         bool
	Networks                                                                        []string
}

type holdView struct{ Name, Folder string }

type phoneView struct{ Name, URI string }

type queueView struct {
	Name    string
	Members []string
}

// Say is a prompt in every language, as BackGround and Playback want it.
func (v view) Say(name string) string { return v.say(name) }

func (c Config) view() (view, error) {
	sounds := prompts.Sounds{Dir: c.Sounds, Languages: c.Languages}
	v := view{
		Config: c, Media: c.SIP.media(), HoldClass: HoldClass, AppPrefix: AppPrefix,
		FallbackContext: FallbackContext, Beep: sounds.Beep(),
		MostHops: MostHops, ClaimMillis: c.ClaimWithin.Milliseconds(),
		RingSeconds: int64(c.RingPhones.Seconds()), MessageSeconds: int64(c.MessageLimit.Seconds()),
		SilenceSeconds: int64(c.SilenceEnds.Seconds()),
		say:            func(name string) string { return strings.Join(sounds.Files(name), "&") },
	}
	for i, l := range c.Languages {
		name := HoldClass
		if i > 0 {
			name = HoldClassIn(l)
		}
		v.HoldClasses = append(v.HoldClasses, holdView{name, sounds.HoldFolder(l)})
	}
	for _, t := range []struct {
		name string
		port int
	}{{"udp", c.SIP.UDPPort}, {"tcp", c.SIP.TCPPort}, {"tls", c.SIP.TLSPort}} {
		if t.port != 0 {
			v.Transports = append(v.Transports, transportView{t.name, t.name, net.JoinHostPort(c.SIP.Host, strconv.Itoa(t.port))})
		}
	}
	if err := c.viewTrunks(&v); err != nil {
		return view{}, err
	}
	return v, c.viewPhones(&v)
}

func (c Config) viewTrunks(v *view) error {
	v.OnlyKnown = c.Loopback || len(c.Trunks) > 0
	if c.Loopback {
		v.Known = []string{"127.0.0.0/8", "::1/128"}
	}
	for _, t := range c.Trunks {
		tv := trunkView{
			Trunk: t, Section: t.section(), OutSection: t.outSection(), Context: "inbound", TransportName: t.transport(), URI: t.uri(""), ClientURI: t.uri(t.User),
			AsksPassword: t.Kind == TrunkAuth, Registers: t.Kind == TrunkRegistration, DTMFMode: t.DTMF, Networks: t.Match,
		}
		if t.Site {
			tv.Context, v.Sites = "inbound-site", true
		}
		if tv.DTMFMode == "" {
			// In-band tones of an old exchange must reach the danger key too.
			tv.DTMFMode = "auto"
		}
		if len(tv.Networks) == 0 {
			tv.Networks = []string{t.Host}
		}
		if !slices.ContainsFunc(v.Transports, func(w transportView) bool { return w.Name == tv.TransportName }) {
			return fmt.Errorf("asterisk: trunk %s needs %s, but SIP has no port for it", t.Name, tv.TransportName)
		}
		if t.Kind == TrunkIPMatch {
			tv.User = ""
		} else {
			secret, err := readSecret(t.PasswordFile)
			if err != nil {
				return fmt.Errorf("asterisk: trunk %s: %w", t.Name, err)
			}
			tv.Password = secret
		}
		v.NeedsRegistration = v.NeedsRegistration || tv.Registers
		v.NeedsSRTP = v.NeedsSRTP || t.Secure
		v.Trunks = append(v.Trunks, tv)
		for _, n := range tv.Networks {
			v.know(withoutPort(n))
		}
	}
	for _, e := range c.Exits {
		t := Trunk{Name: e.Name, Host: e.Host, Port: e.Port}
		v.Exits = append(v.Exits, trunkView{Trunk: t, Section: e.section(), TransportName: t.transport(), URI: t.uri(""), DTMFMode: "rfc4733"})
		v.know(e.Host) // its BYE is a request too
	}
	return nil
}

func (c Config) viewPhones(v *view) error {
	byURI := map[string]string{}
	for _, l := range c.Lines {
		if len(l.Phones) == 0 {
			continue
		}
		q := queueView{Name: l.QueueName()}
		for _, p := range l.Phones {
			d, err := c.phone(p)
			if err != nil {
				return fmt.Errorf("asterisk: line %s: %w", l.ID, err)
			}
			if d.trunk != "" {
				q.Members = append(q.Members, "PJSIP/"+d.number+"@trunk-"+d.trunk)
				continue
			}
			if byURI[d.uri] == "" {
				byURI[d.uri] = "phone-" + strconv.Itoa(len(byURI)+1)
				v.Phones = append(v.Phones, phoneView{byURI[d.uri], d.uri})
				v.know(d.host) // its BYE is a request too
			}
			q.Members = append(q.Members, "PJSIP/"+byURI[d.uri])
		}
		v.Queues = append(v.Queues, q)
	}
	return nil
}

// know lets requests from an address through the access list. The list takes no names: when one of the others is known by name only,
// there is no list and the identification alone keeps strangers out.
func (v *view) know(host string) {
	v.OnlyKnown = v.OnlyKnown && isNetwork(host)
	v.Known = append(v.Known, host)
}

var errSecret = errors.New("password: 1 to 128 printable ASCII characters without spaces, quotes, brackets, backslash and semicolon")

func readSecret(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	s := strings.TrimRight(string(b), "\r\n")
	if !carrierRule.MatchString(s) {
		return "", fmt.Errorf("%s: %w", file, errSecret)
	}
	return s, nil
}
