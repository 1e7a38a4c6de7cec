// Package phone is a small SIP telephone: it calls or is called, plays sound, and keeps what it hears so that it can be examined. It
// serves `hotline call` and the system tests; it is no part of the path of a real caller.
//
// Signalling is github.com/emiago/sipgo; speech is plain RTP (RFC 3550) with G.711 and telephone events (RFC 4733). Nothing of a
// number or an address is logged.
package phone

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"hotline/audio"
)

// Packet is speech as it arrived.
type Packet = audio.Packet

// Config is one telephone.
type Config struct {
	Server    string // host:port of the SIP server that Dial calls through
	Transport string // "udp" (default) or "tcp"
	From      string // user part of the own address; default "phone"
	LocalIP   string // default: the address from which Server is reached, 127.0.0.1 for Answer
	LocalPort string // from which Dial calls; default: any
	Log       *slog.Logger

	Headers map[string]string // further headers of the calls that Dial makes

	Codecs []audio.Codec // offered, in order; default PCMA, PCMU
	Keep   time.Duration // how much of what was heard is kept; default 10 min, negative: nothing
}

func (c *Config) setDefaults() error {
	if c.Transport == "" {
		c.Transport = "udp"
	}
	c.Transport = strings.ToLower(c.Transport)
	if c.Transport != "udp" && c.Transport != "tcp" {
		return fmt.Errorf("phone: transport %q is neither udp nor tcp", c.Transport)
	}
	if c.From == "" {
		c.From = "phone"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if len(c.Codecs) == 0 {
		c.Codecs = []audio.Codec{audio.PCMA, audio.PCMU}
	}
	if c.Keep == 0 {
		c.Keep = 10 * time.Minute
	}
	if c.LocalIP == "" {
		c.LocalIP = localIP(c.Server)
	}
	if c.LocalPort == "" {
		c.LocalPort = "0"
	}
	if net.ParseIP(c.LocalIP) == nil {
		return errors.New("phone: local ip is not an address")
	}
	return nil
}

// localIP is the address that packets to server leave from; nothing is sent to find it.
func localIP(server string) string {
	if server != "" {
		if conn, err := net.Dial("udp", server); err == nil {
			defer func() { _ = conn.Close() }()
			if a, ok := conn.LocalAddr().(*net.UDPAddr); ok {
				return a.IP.String()
			}
		}
	}
	return "127.0.0.1"
}

// Rejected is the answer to a call that was not taken.
type Rejected struct {
	Status int    // SIP status, 300 and above
	Reason string // its words
}

func (r *Rejected) Error() string {
	return fmt.Sprintf("phone: call rejected: %d %s", r.Status, r.Reason)
}

// Source gives what is played: it fills frame (20 ms, 160 samples) and reports false when it had nothing more to give.
type Source func(frame []int16) bool

// Tone is an endless sine at half of full scale.
func Tone(hz float64) Source {
	phase := 0
	return func(frame []int16) bool {
		copy(frame, audio.Sine(audio.Rate, hz, 0.5, phase, len(frame)))
		phase += len(frame)
		return true
	}
}

// Clip plays samples of 8 kHz once; the last frame is filled up with silence.
func Clip(pcm []int16) Source {
	return func(frame []int16) bool {
		if len(pcm) == 0 {
			return false
		}
		n := copy(frame, pcm)
		clear(frame[n:])
		pcm = pcm[n:]
		return true
	}
}

// Loop plays samples of 8 kHz again and again.
func Loop(pcm []int16) Source {
	at := 0
	return func(frame []int16) bool {
		if len(pcm) == 0 {
			return false
		}
		for i := range frame {
			frame[i] = pcm[at]
			at = (at + 1) % len(pcm)
		}
		return true
	}
}
