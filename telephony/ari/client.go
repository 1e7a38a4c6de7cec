// Package ari speaks the Asterisk REST Interface of one Asterisk node: requests with a deadline, and an event reader that
// loses nothing without saying so. It holds no policy: what to do with an event is decided by its callers.
//
// It stands on github.com/CyCoreSystems/ari/v5 for the vocabulary (event names, request and object types). That
// library's own client is not used: it has no context or deadline on requests, its HTTP client keeps two idle connections, its
// bus drops events when a subscriber is 100 behind, and an event of a type that it does not know ends the process.
//
// ARI's reference is https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/Asterisk_REST_Interface/.
package ari

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// ErrReplaced ends Run when another websocket took this application's name: from then on nothing that this process
// believes about its calls may be acted upon.
var ErrReplaced = errors.New("ari: another client took over this application")

// Config says which Asterisk to speak to, and as which application.
type Config struct {
	URL      string // root of the interface, http://127.0.0.1:8088/ari
	User     string
	Password string
	App      string // the Stasis application whose events are read

	Timeout     time.Duration // of one request; default 2 s
	PingEvery   time.Duration // between our pings on the event websocket; default 1 s
	ReadTimeout time.Duration // the websocket is given up after this long without a pong or an event; default 3 s
	EchoEvery   time.Duration // between proofs that events still come, see Client.listen; default 3 s, negative: never
	BackoffMin  time.Duration // first wait before a reconnect; default 20 ms
	BackoffMax  time.Duration // longest wait before a reconnect; default 1 s
	MaxMessage  int64         // bytes of one event; a larger one costs the connection; default 1 MiB
	MaxQueue    int           // events not yet taken by Next; one more is a Gap and a reconnect; default 100000

	// Ignore are the event types that Asterisk is asked not to send; nil means DefaultIgnore.
	Ignore []string
}

// DefaultIgnore are the events that cost more than they tell: each hang-up alone sends about ten ChannelVarset per channel.
func DefaultIgnore() []string {
	return []string{
		"ChannelVarset", "ChannelDialplan", "ChannelCallerId", "ChannelConnectedLine", "ChannelCreated",
		"BridgeCreated", "BridgeMerged", "BridgeVideoSourceChanged", "PlaybackContinuing", "DeviceStateChanged",
		"EndpointStateChange", "PeerStatusChange", "ContactStatusChange", "ChannelTalkingStarted", "ChannelTalkingFinished",
	}
}

func (c *Config) setDefaults() {
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&c.Timeout, 2*time.Second)
	set(&c.PingEvery, time.Second)
	set(&c.ReadTimeout, 3*time.Second)
	if c.EchoEvery == 0 {
		c.EchoEvery = 3 * time.Second
	}
	set(&c.BackoffMin, 20*time.Millisecond)
	set(&c.BackoffMax, time.Second)
	if c.MaxMessage <= 0 {
		c.MaxMessage = 1 << 20
	}
	if c.MaxQueue <= 0 {
		c.MaxQueue = 100_000
	}
	if c.Ignore == nil {
		c.Ignore = DefaultIgnore()
	}
}

// Validate reports what is missing or contradictory, in words for the person who configures it.
func (c Config) Validate() error {
	u, err := url.Parse(c.URL)
	switch {
	case c.URL == "":
		return errors.New("ari: url is empty; expected something like http://127.0.0.1:8088/ari")
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return errors.New("ari: url is not an http or https address; expected something like http://127.0.0.1:8088/ari")
	case c.User == "" || c.Password == "":
		return errors.New("ari: user or password is empty; they are those of a [user] section of ari.conf")
	case c.App == "":
		return errors.New("ari: app is empty; each controller needs an application name of its own")
	case strings.ContainsAny(c.App, ", \t\r\n/?#"):
		return fmt.Errorf("ari: app %q may not contain commas, blanks or URL characters", c.App)
	case c.ReadTimeout > 0 && c.PingEvery > 0 && c.ReadTimeout <= c.PingEvery:
		return errors.New("ari: read timeout must be longer than the ping interval")
	}
	return nil
}

// Client is one application on one Asterisk. Its requests may be made from any goroutine, with or without Run.
type Client struct {
	cfg    Config
	base   string
	log    *slog.Logger
	http   *http.Client
	queue  *mailbox
	meters *meters
	echoes chan struct{} // one token when the answer to a proof came
	guard  func(context.Context) error
}

// Guard has every request that changes something in Asterisk ask may first, with the request's context: with an error it is not sent, and is not
// counted as a failure of Asterisk's. may can wait. Call it before Run and the first request.
func (c *Client) Guard(may func(context.Context) error) { c.guard = may }

// New makes a client; nothing is sent before Run or a request. A nil reg keeps the metrics to itself.
func New(cfg Config, log *slog.Logger, reg prometheus.Registerer) (*Client, error) {
	cfg.setDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Client{
		cfg:    cfg,
		base:   strings.TrimRight(cfg.URL, "/"),
		log:    log.With("component", "ari", "app", cfg.App),
		http:   &http.Client{Transport: newTransport()},
		queue:  newMailbox(cfg.MaxQueue),
		echoes: make(chan struct{}, 1),
	}
	m, err := newMeters(reg, c.queue.len)
	if err != nil {
		return nil, fmt.Errorf("ari: register metrics: %w", err)
	}
	c.meters = m
	return c, nil
}

// App is the name of the application.
func (c *Client) App() string { return c.cfg.App }

// Close gives back idle connections. It does not end Run.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// newTransport keeps enough connections for a node at full load. IdleConnTimeout is below Asterisk's session_keep_alive
// (15 s), so that a request is not written into a connection that the server is just closing. Asterisk's own sessionlimit
// (100 by default) must be higher than MaxConnsPerHost times the number of clients.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 2 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		MaxIdleConns:        0,
		MaxIdleConnsPerHost: 32,
		MaxConnsPerHost:     32,
		IdleConnTimeout:     10 * time.Second,
		DisableCompression:  true,
		Proxy:               nil, // Asterisk is never behind a proxy, and its traffic must not reach one
	}
}
