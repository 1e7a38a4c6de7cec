package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"hotline/deploy/asterisk"
	"hotline/deploy/prompts"
	"hotline/queue/lines"
	"hotline/telephony"
	"hotline/telephony/call"
)

// OutboundConfig bounds the calls that the hotline places itself. Whatever is dialled is a partner of the lines, or the number of a caller who is to be
// called back, in one of these forms and by this trunk; there is no way to have it dial anything else.
type OutboundConfig struct {
	Trunk   string        `yaml:"trunk"`   // by which callers are called back; empty: none are, but in demo mode by the telephone of `hotline answer`
	Numbers []NumberRule  `yaml:"numbers"` // that may be called, the first fitting rule counts; default: mobile and fixed numbers of China
	Ring    time.Duration `yaml:"ring"`    // how long a caller's telephone rings; default 35 s
	Partner time.Duration `yaml:"partner"` // how long a partner is tried at a time; default 45 s
	Retry   time.Duration `yaml:"retry"`   // pause before the same partner is tried again; default 30 s
	Alarm   AlarmConfig   `yaml:"alarm"`   // how people of the call tree are called
	// Switchboards are exchanges that transfer callers to us: their number names no caller. See telephony/identity.go.
	Switchboards []string `yaml:"switchboards"`
}

// AlarmConfig is how people of the call tree are called by telephone when nobody at a console looks after a call at high risk.
type AlarmConfig struct {
	CallerID string        `yaml:"caller_id"` // number that is shown, by which people let our calls through at night; default: none is
	Ring     time.Duration `yaml:"ring"`      // how long a telephone rings; default 25 s
	Ask      time.Duration `yaml:"ask"`       // how long who answered is asked for a key; default 40 s
}

// NumberRule is a form of numbers and how they are dialled.
type NumberRule struct {
	Match string `yaml:"match"` // regular expression (RE2) for the whole number, which is written +8613800000000
	Dial  string `yaml:"dial"`  // what the trunk is given, with $1 for what the first brackets matched; empty: the number itself
}

// numbersOfChina are what a carrier there takes: mobile numbers as they are, fixed ones with the 0 before the area.
func numbersOfChina() []NumberRule {
	return []NumberRule{{Match: `\+86(1[3-9][0-9]{9})`, Dial: "$1"}, {Match: `\+86([2-9][0-9]{8,10})`, Dial: "0$1"}}
}

// telephone is the demo's own, on this machine: `hotline answer`.
const telephone = "telephone"

// Validate says everything that is wrong.
func (o OutboundConfig) Validate(trunks []asterisk.Trunk) error {
	var errs []error
	if o.Trunk != "" && !slices.ContainsFunc(trunks, func(t asterisk.Trunk) bool { return t.Name == o.Trunk }) {
		errs = append(errs, fmt.Errorf("outbound: there is no trunk %q", o.Trunk))
	}
	for _, r := range o.Numbers {
		if _, err := regexp.Compile(r.Match); err != nil || r.Match == "" {
			errs = append(errs, fmt.Errorf("outbound: numbers: %q is no regular expression", r.Match))
		}
	}
	for name, d := range map[string]time.Duration{"ring": o.Ring, "partner": o.Partner, "retry": o.Retry, "alarm: ring": o.Alarm.Ring, "alarm: ask": o.Alarm.Ask} {
		if d != 0 && (d < time.Second || d > 10*time.Minute) {
			errs = append(errs, fmt.Errorf("outbound: %s: %s is not between 1 s and 10 min", name, d))
		}
	}
	if strings.Trim(o.Alarm.CallerID, "+0123456789") != "" {
		errs = append(errs, errors.New("outbound: alarm: caller_id: only digits, and a plus before them"))
	}
	return errors.Join(errs...)
}

// dials says by what callers are called back, or "" when they are not.
func (c Config) dials() string {
	if c.Outbound.Trunk == "" && c.hasTelephone() {
		return telephone
	}
	return c.Outbound.Trunk
}

// hasTelephone: the demo can be tried by one person alone.
func (c Config) hasTelephone() bool {
	ip := net.ParseIP(c.Listen)
	return c.Demo && ip != nil && ip.IsLoopback()
}

// exits are what Asterisk can dial besides trunks.
func (c Config) exits() []asterisk.Exit {
	if !c.hasTelephone() {
		return nil
	}
	return []asterisk.Exit{{Name: telephone, Host: "127.0.0.1", Port: c.PortBase + portTelephone}}
}

// outward is what Asterisk is able to dial.
func (c Config) outward() asterisk.Config { return asterisk.Config{Trunks: c.Trunks, Exits: c.exits()} }

var errNotAllowed = errors.New("the number has no form that may be called")

// dial is how a caller's number is called.
func (o OutboundConfig) dial(number string) (string, error) {
	rules := o.Numbers
	if len(rules) == 0 {
		rules = numbersOfChina()
	}
	for _, r := range rules {
		form, err := regexp.Compile(`^(?:` + r.Match + `)$`)
		if err != nil || !form.MatchString(number) {
			continue
		}
		if r.Dial == "" {
			return number, nil
		}
		return form.ReplaceAllString(number, r.Dial), nil
	}
	return "", errNotAllowed
}

// outbound is what a controller may call.
func (c Config) outbound(books *lateLedger) telephony.Outbound {
	o := telephony.Outbound{
		Site: c.Site, Ring: c.Outbound.Partner, Retry: c.Outbound.Retry, RingCaller: c.Outbound.Ring, Switchboards: c.Outbound.Switchboards,
	}
	trunk := c.dials()
	if trunk == "" {
		return o
	}
	out := c.outward()
	o.Contact = func(ctx context.Context, id call.ID, contact string) (string, error) {
		number, err := books.Contact(ctx, id, contact)
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(number, "+") { // else the short number of a service
			if number, err = c.Outbound.dial(number); err != nil {
				return "", errors.Join(telephony.ErrNotAllowed, err)
			}
		}
		return out.Dial(trunk, number)
	}
	o.Callbacks = dialled{books}
	o.Dial = func(number string) (string, error) {
		dialled, err := c.Outbound.dial(number)
		if err != nil {
			return "", err
		}
		return out.Dial(trunk, dialled)
	}
	o.Ringing = slices.Repeat([]string{"sound:" + c.sounds().Ringing()}, int(o.RingCallerOrDefault()/prompts.RingingLength)+1)
	return o
}

// partner is a place as a controller calls it. One that cannot be dialled has no endpoint: its step is passed over, loudly.
func (c Config) partner(p lines.Partner) telephony.Partner {
	endpoint, err := c.outward().Dial(p.Trunk, p.Number)
	if err != nil {
		return telephony.Partner{}
	}
	return telephony.Partner{Endpoint: endpoint, Site: p.Kind == lines.PartnerSite, AnswerIsHuman: p.AnswerIsHuman}
}
