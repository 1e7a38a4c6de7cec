// Package asterisk holds how Asterisk 22 is set up for the hotline: one typed Config becomes all of its configuration files, the
// dialplan that serves callers when every process of ours is dead included. It also finds the Asterisk to run and reads the notes
// that this dialplan leaves behind (see README.md).
package asterisk

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"time"
)

const (
	// AppPrefix begins the name of every controller's Stasis application; the dialplan offers calls to no other.
	AppPrefix = "hotline-"
	// HoldClass is the music-on-hold class of waiting and held callers, in the first language; HoldClassIn those of the others.
	HoldClass = "hold"
	// FallbackContext, FallbackExtension and FallbackPriority are where `POST /ari/channels/{id}/continue` sends a caller whom no
	// controller can serve. It answers, greets, rings, records; it needs nothing of ours but files.
	FallbackContext   = "fallback"
	FallbackExtension = "s"
	FallbackPriority  = 1
	// MinimumVersion is the oldest Asterisk that works: StasisBroadcast came with 22.7, a deadlock in ARI left with 22.10.1.
	MinimumVersion = "22.10"
)

// HoldClassIn is the music-on-hold class of a language that is not the first.
func HoldClassIn(language string) string { return HoldClass + "-" + language }

// Config is everything that decides what Asterisk does. Start from Defaults.
type Config struct {
	Node      string       // name of this Asterisk among several; part of every channel id
	Installed Installation // from Find
	Dirs      Dirs
	SIP       SIP
	ARI       ARI
	RTP       Ports
	Lines     []Line
	Trunks    []Trunk
	Exits     []Exit
	Site      string // our name among the sites that pass callers on to each other; needed with a trunk that is one
	Loopback  bool   // accept calls from this machine without a password (demo, tests, `hotline call`)

	Sounds    string   // folder of the prompts, as prompts.Generate made it
	Messages  string   // folder in memory (tmpfs) for messages and notes; never a disk: they are plain speech and numbers
	Languages []string // of the prompts, in the order in which they are played
	DangerKey string   // one of 0-9 and *

	ClaimWithin  time.Duration // how long a controller has to claim a call; 1 ms to 60 s
	RingPhones   time.Duration // how long the fallback phones ring in all
	MessageLimit time.Duration // longest message
	SilenceEnds  time.Duration // silence that ends a message
}

// Dirs are the folders of one instance. All but Etc are written by Asterisk.
type Dirs struct {
	Etc, Run, Log, State, Spool string
}

// SIP is where calls come in. Ports of 0 are off; TLS needs its files.
type SIP struct {
	Host      string // IP address to listen on
	UDPPort   int
	TCPPort   int
	TLSPort   int
	TLSCert   string // PEM files
	TLSKey    string
	TLSCA     string
	Media     string // IP address in our SDP; Host when empty
	Advertise string // public IP address when behind a 1:1 NAT; empty otherwise
	LocalNets []string
}

// ARI is the control interface. Host must be a loopback address: it is plain HTTP with rights over every call.
type ARI struct {
	Host     string
	Port     int
	User     string
	Password string
}

// Ports is a range of UDP ports, both ends included.
type Ports struct{ Low, High int }

// Line is a dialled service.
type Line struct {
	ID      string
	Name    string   // shown and spoken; never reaches Asterisk's files
	Numbers []string // dialled numbers that lead here
	// Phones ring when no controller serves the line: "sip:user@host:port", or "number@trunk" through a trunk of this Config.
	Phones []string
}

// TrunkKind is how a carrier and we know each other.
type TrunkKind string

// The kinds of trunk.
const (
	TrunkIPMatch      TrunkKind = "ip_match"     // by the carrier's addresses alone
	TrunkRegistration TrunkKind = "registration" // we register with the carrier
	TrunkAuth         TrunkKind = "auth"         // both sides ask for a password (digest)
)

// Trunk is a carrier. Secure adds TLS for signalling and SRTP for speech to any kind.
type Trunk struct {
	Name         string
	Kind         TrunkKind
	Host         string // carrier's name or address
	Port         int    // 0 means 5060, or 5061 when Secure
	Transport    string // "udp" (default) or "tcp"; Secure overrides
	Secure       bool
	Match        []string // addresses or networks from which it sends, a port may follow an address (192.0.2.1:5060); Host when empty
	User         string
	PasswordFile string
	DTMF         string // "auto" (default), "rfc4733", "inband", "info"
	// Site says that a hotline of ours is at the other end. It is believed when it says by which sites a caller came, and told the same; it is told the
	// caller's number (P-Asserted-Identity), and calls of its are answered by a counsellor or not at all.
	Site bool
}

// Exit is a place that is dialled and from which nothing is taken: the demo's telephone.
type Exit struct {
	Name string
	Host string
	Port int
}

// MostHops is by how many sites a caller may have come to us.
const MostHops = 3

// Where a call from another site is refused, by [Config]'s dialplan.
const (
	RefuseContext = "refuse"
	RefuseLoop    = "loop" // 482: the caller was here before
	RefuseFull    = "full" // 503: nobody here
)

// Dial is how Asterisk calls a number by a trunk or an exit of the Config, by name. The number must be digits, with a + before them at most.
func (c Config) Dial(name, number string) (string, error) {
	if !numberRule.MatchString(number) {
		return "", errors.New("asterisk: dial: what is to be dialled is no number")
	}
	for _, t := range c.Trunks {
		if t.Name == name {
			return "PJSIP/" + number + "@" + t.outSection(), nil
		}
	}
	for _, e := range c.Exits {
		if e.Name == name {
			return "PJSIP/" + number + "@" + e.section(), nil
		}
	}
	return "", fmt.Errorf("asterisk: dial: there is no trunk %q", name)
}

func (t Trunk) section() string { return "trunk-" + t.Name }

// outSection is the endpoint by which the trunk is called.
func (t Trunk) outSection() string {
	if t.Site {
		return "to-" + t.Name
	}
	return t.section()
}

func (e Exit) section() string { return "exit-" + e.Name }

// Defaults is the demo of one machine: loopback only, three lines, everything below dir. ARI.Password, Installed and Sounds are
// left for the caller to fill in.
func Defaults(dir string) Config {
	return Config{
		Node: "node-1",
		Dirs: Dirs{
			Etc: filepath.Join(dir, "etc"), Run: filepath.Join(dir, "run"), Log: filepath.Join(dir, "log"),
			State: filepath.Join(dir, "state"), Spool: filepath.Join(dir, "spool"),
		},
		SIP: SIP{Host: "127.0.0.1", UDPPort: 5060, TCPPort: 5060},
		ARI: ARI{Host: "127.0.0.1", Port: 8088, User: "hotline"},
		RTP: Ports{Low: 18000, High: 19999},
		Lines: []Line{
			{ID: "12345", Name: "12345", Numbers: []string{"12345"}},
			{ID: "12355", Name: "12355", Numbers: []string{"12355"}},
			{ID: "12356", Name: "12356", Numbers: []string{"12356"}},
		},
		Loopback:     true,
		Languages:    []string{"zh-CN", "en"},
		DangerKey:    "0",
		ClaimWithin:  500 * time.Millisecond,
		RingPhones:   60 * time.Second,
		MessageLimit: 3 * time.Minute,
		SilenceEnds:  10 * time.Second,
	}
}

// QueueName is the app_queue of a line's fallback phones.
func (l Line) QueueName() string { return "fallback-" + l.ID }

// media is the address that goes into SDP. A name there would be looked up on every call, so it is always an address.
func (s SIP) media() string {
	if s.Media != "" {
		return s.Media
	}
	return s.Host
}

func (t Trunk) transport() string {
	switch {
	case t.Secure:
		return "tls"
	case t.Transport != "":
		return t.Transport
	default:
		return "udp"
	}
}

// uri is the carrier's address without a user.
func (t Trunk) uri(user string) string {
	port := t.Port
	if port == 0 {
		port = 5060
		if t.Secure {
			port = 5061
		}
	}
	if user != "" {
		user += "@"
	}
	uri := "sip:" + user + hostForURI(t.Host) + ":" + strconv.Itoa(port)
	if tr := t.transport(); tr != "udp" {
		uri += `\;transport=` + tr // a bare ";" begins a comment in Asterisk's files
	}
	return uri
}

func hostForURI(host string) string {
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		return "[" + host + "]"
	}
	return host
}
