package agentui

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/users"
)

// Config is the console's. The zero value of a field means its default.
type Config struct {
	ID   string // name of this console process, unique on the site; default "console-1"
	Addr string // where to listen; default 127.0.0.1:8080

	TLSCert, TLSKey string       // files; both or none
	BehindTLS       bool         // a proxy in front speaks TLS: cookies are marked Secure
	TrustedProxies  page.Proxies // whose X-Forwarded-For is believed
	Origins         []string     // further origins ("https://console.example.org") that are our own, when a proxy changes Host

	Locale  string   // default zh-CN
	Locales []string // default zh-CN, en
	Reasons []string // of NotReady; default break, meal, training, meeting, technical
	Codec   string   // PCMA (default), PCMU or opus
	Demo    bool
	NoTrunk bool // nothing can be dialled: nobody is called back from here

	SessionIdle time.Duration // a sign-in ends when nobody used it so long; default 2 h. An open websocket is use.
	SessionLife time.Duration // and at the latest so long after it began, but never within a call; default 14 h
	SessionLook time.Duration // how often an open websocket looks whether its sign-in still holds; default 30 s
	GrantLife   time.Duration // of the access to one recording; default 10 min

	FactorOptional bool            // a second factor is asked of those who have one only: for a demonstration
	ProviderName   string          // of the provider of identities, as the button says it; empty without one
	IdleLock       time.Duration   // the console locks after so long without input, never within a call; default 15 min
	Locks          users.LockRules // of failures at the door

	LoginsPerAddress int // attempts in a row from one address, then one a second; default 60

	Ring      time.Duration // as in queue.Config; default 15 s
	Grace     time.Duration // a websocket may be away so long while the media is up and nothing rings; default 1.5 s
	AwayLimit time.Duration // after which an absent agent who is not talking is signed out; default 20 s

	OutboxFrames int // answers that may wait for a slow reader; default 256
	OutboxRows   int // changed rows that may wait for a slow reader; default 4096
	TabsPerUser  int // websockets of one person; default 8
}

func (c Config) withDefaults() Config {
	c.ID = cmp.Or(c.ID, "console-1")
	c.Addr = cmp.Or(c.Addr, "127.0.0.1:8080")
	c.Locale = cmp.Or(c.Locale, "zh-CN")
	if len(c.Locales) == 0 {
		c.Locales = []string{"zh-CN", "en"}
	}
	if len(c.Reasons) == 0 {
		c.Reasons = []string{"break", "meal", "training", "meeting", "technical"}
	}
	c.Codec = cmp.Or(c.Codec, "PCMA")
	c.SessionIdle = cmp.Or(c.SessionIdle, 2*time.Hour)
	c.SessionLife = cmp.Or(c.SessionLife, 14*time.Hour)
	c.SessionLook = cmp.Or(c.SessionLook, 30*time.Second)
	c.GrantLife = cmp.Or(c.GrantLife, 10*time.Minute)
	c.IdleLock = cmp.Or(c.IdleLock, 15*time.Minute)
	c.LoginsPerAddress = cmp.Or(c.LoginsPerAddress, 60)
	c.Ring = cmp.Or(c.Ring, 15*time.Second)
	c.Grace = cmp.Or(c.Grace, 1500*time.Millisecond)
	c.AwayLimit = cmp.Or(c.AwayLimit, 20*time.Second)
	c.OutboxFrames = cmp.Or(c.OutboxFrames, 256)
	c.OutboxRows = cmp.Or(c.OutboxRows, 4096)
	c.TabsPerUser = cmp.Or(c.TabsPerUser, 8)
	return c
}

// Validate tells everything that is wrong, with defaults filled in first.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf("console: "+format, args...)) }
	if (c.TLSCert == "") != (c.TLSKey == "") {
		refuse("TLSCert and TLSKey belong together: set both or none")
	}
	for _, o := range c.Origins {
		if u, err := url.Parse(o); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || o != u.Scheme+"://"+u.Host {
			refuse("origin %q is not like https://console.example.org", o)
		}
	}
	if !slices.Contains(c.Locales, c.Locale) {
		refuse("locale %q is not among the locales %q", c.Locale, c.Locales)
	}
	if !slices.Contains([]string{"PCMA", "PCMU", "opus"}, c.Codec) {
		refuse("codec %q is not PCMA, PCMU or opus", c.Codec)
	}
	for name, d := range map[string]time.Duration{
		"SessionIdle": c.SessionIdle, "SessionLife": c.SessionLife, "SessionLook": c.SessionLook, "GrantLife": c.GrantLife, "Ring": c.Ring, "Grace": c.Grace,
		"AwayLimit": c.AwayLimit, "IdleLock": c.IdleLock,
	} {
		if d < 0 {
			refuse("%s is negative", name)
		}
	}
	if c.AwayLimit <= c.Grace {
		refuse("AwayLimit (%s) must be longer than Grace (%s)", c.AwayLimit, c.Grace)
	}
	for name, n := range map[string]int{
		"LoginsPerAddress": c.LoginsPerAddress, "OutboxFrames": c.OutboxFrames, "OutboxRows": c.OutboxRows,
		"TabsPerUser": c.TabsPerUser,
	} {
		if n < 1 {
			refuse("%s must be at least 1", name)
		}
	}
	return errors.Join(errs...)
}

// secure tells whether browsers reach us by TLS.
func (c Config) secure() bool { return c.TLSCert != "" || c.BehindTLS }
