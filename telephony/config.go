// Package telephony runs the live calls of one Asterisk: one goroutine a call carries out what telephony/call decides, legs keep each
// counsellor's browser nailed to a bridge of its own, the fence keeps a controller that lost its calls from acting on them, and the
// guardian hands callers whom nobody serves to the dialplan.
package telephony

import (
	"context"
	"errors"
	"strings"
	"time"

	"hotline/telephony/call"
	"hotline/telephony/webrtc"
)

// Config is what a controller needs to know. Zero durations mean their defaults.
type Config struct {
	ID    string // of this controller; its Asterisk application is "hotline-<ID>"
	Node  string // of the Asterisk that it drives
	Lines []Line

	Promises Promises // nil: nobody can be called back
	Bonds    Bonds

	Lease      time.Duration // how long a call stays ours without renewal; default 3 s
	ReturnWait time.Duration // how long a caller waits on hold for an agent whose browser vanished; default 20 s
	RedialWait time.Duration // how long an agent is kept for a caller at risk who was cut off and may call again; default 3 min, at most the queue's patience
	Outbound   Outbound
	Alerts     Alerting
	NodeLost   time.Duration // how long Asterisk may be out of reach before its calls are taken for lost; default 30 s
	IndexWait  time.Duration // how long the queue may be away before a caller who waits for a place goes to the fallback; default 30 s
}

// Bonds tie a controller to its peers. The zero value is a controller without any.
type Bonds struct {
	adopts  bool                        // it serves the calls of a dead peer, whose id it has, and claims no new ones
	share   *share                      // of the calls of all controllers; nil: no peers
	confirm func(context.Context) error // nil means that the id is still ours to act under; nil: nobody else can have it
	claimed func(owner string) bool     // whether somebody answers for what an owner has in Asterisk; nil: for all
}

// Gateway is a gateway by name, with the client of its internal API.
type Gateway struct {
	ID     string
	Client *webrtc.Client
}

// Ledger keeps what came of every call. Both operations may be repeated.
type Ledger interface {
	// Open notes that a call arrived and returns what is known of the caller.
	Open(ctx context.Context, r Record) (Known, error)
	// Close notes how it ended.
	Close(ctx context.Context, r Record) error
}

// Record is what the ledger learns. Caller is private: it is sealed before it is stored and goes nowhere else.
type Record struct {
	Call    call.Call
	Node    string
	Dialled string
	Caller  string
}

func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.Lease, 3*time.Second)
	def(&c.ReturnWait, 20*time.Second)
	def(&c.NodeLost, 30*time.Second)
	def(&c.IndexWait, 30*time.Second)
	c.Outbound, c.Alerts = c.Outbound.withDefaults(), c.Alerts.withDefaults()
	if c.Bonds.share == nil {
		c.Bonds.share = &share{}
	}
	if c.Bonds.confirm == nil {
		c.Bonds.confirm = func(context.Context) error { return nil }
	}
	if c.Bonds.claimed == nil {
		c.Bonds.claimed = func(string) bool { return true }
	}
	def(&c.RedialWait, 3*time.Minute)
	return c
}

// Validate says what is wrong with the configuration, all of it at once.
func (c Config) Validate() error {
	var errs []error
	if c.ID == "" || strings.ContainsAny(c.ID, " /:@") {
		errs = append(errs, errors.New("controller id: give a name without spaces, slashes, colons or @"))
	}
	if c.Node == "" {
		errs = append(errs, errors.New("controller node: name the Asterisk that this controller drives"))
	}
	return errors.Join(append(errs, validLines(c.Lines))...)
}
