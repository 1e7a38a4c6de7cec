package asterisk

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What may stand in a configuration file is listed, not what may not: none of these can end a line, a comment, an argument or an
// expression of the dialplan.
var (
	nameRule    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,31}$`)
	numberRule  = regexp.MustCompile(`^\+?[0-9]{2,20}$`)
	hostRule    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`)
	userRule    = regexp.MustCompile(`^[A-Za-z0-9+][A-Za-z0-9._+-]{0,63}$`)
	secretRule  = regexp.MustCompile(`^[A-Za-z0-9_-]{16,128}$`)
	carrierRule = regexp.MustCompile(`^[!#$%&()*+,./0-9:<=>?@A-Z^_a-z{|}~-]{1,128}$`)
	phoneRule   = regexp.MustCompile(`^sip:([A-Za-z0-9+._-]{1,64})@(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?$`)
	localeRule  = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z]{2})?$`)
)

// dangerKeys can be the danger key: # ends a message.
const dangerKeys = "0123456789*"

// socketPathLimit is sun_path of unix(7) without its final zero byte; a longer control socket makes Asterisk refuse to start.
const socketPathLimit = 107

// Validate reports everything that is wrong, each error naming its field. A Config that passes renders into files that mean what
// it says: no value can add a line, a setting or a step of the dialplan.
func (c Config) Validate() error {
	var v faults
	v.check(nameRule.MatchString(c.Node), "Node", "%q: letters, digits and hyphens, at most 32", c.Node)
	c.validateFolders(&v)
	c.validateNetwork(&v)
	c.validateLines(&v)
	for i, t := range c.Trunks {
		t.validate(&v, fmt.Sprintf("Trunks[%d]", i))
	}
	unique(&v, "Trunks", c.Trunks, func(t Trunk) string { return strings.ToLower(t.Name) })
	for i, e := range c.Exits {
		field := fmt.Sprintf("Exits[%d]", i)
		v.check(nameRule.MatchString(e.Name), field+".Name", "%q: letters, digits and hyphens, at most 32", e.Name)
		v.check(isHost(e.Host), field+".Host", "%q: a host name or an address", e.Host)
		v.port(field+".Port", e.Port, false)
	}
	unique(&v, "Exits", c.Exits, func(e Exit) string { return strings.ToLower(e.Name) })
	if slices.ContainsFunc(c.Trunks, func(t Trunk) bool { return t.Site }) {
		v.check(nameRule.MatchString(c.Site), "Site", "%q: a trunk leads to another site, so ours needs a name: letters, digits and hyphens, at most 32", c.Site)
	}
	v.check(len(c.DangerKey) == 1 && strings.Contains(dangerKeys, c.DangerKey), "DangerKey", "%q: one of 0-9 and *", c.DangerKey)
	v.check(len(c.Languages) > 0, "Languages", "at least one")
	for _, l := range c.Languages {
		v.check(localeRule.MatchString(l), "Languages", "%q: like zh-CN or en", l)
	}
	v.span("ClaimWithin", c.ClaimWithin, time.Millisecond, time.Minute)
	v.span("RingPhones", c.RingPhones, 5*time.Second, 10*time.Minute)
	v.span("MessageLimit", c.MessageLimit, 10*time.Second, 30*time.Minute)
	v.span("SilenceEnds", c.SilenceEnds, 3*time.Second, time.Minute)
	return errors.Join(v...)
}

func (c Config) validateFolders(v *faults) {
	for _, f := range []struct{ name, path string }{
		{"Dirs.Etc", c.Dirs.Etc}, {"Dirs.Run", c.Dirs.Run}, {"Dirs.Log", c.Dirs.Log}, {"Dirs.State", c.Dirs.State},
		{"Dirs.Spool", c.Dirs.Spool}, {"Sounds", c.Sounds}, {"Messages", c.Messages},
		{"Installed.Modules", c.Installed.Modules}, {"Installed.Data", c.Installed.Data},
	} {
		v.path(f.name, f.path)
	}
	socket := filepath.Join(c.Dirs.Run, "asterisk.ctl")
	v.check(len(socket) <= socketPathLimit, "Dirs.Run", "%q is too long for a control socket: at most %d bytes", socket, socketPathLimit)
}

func (c Config) validateNetwork(v *faults) {
	host := v.address("SIP.Host", c.SIP.Host)
	media := v.address("SIP.Media", c.SIP.media())
	v.check(!media.IsUnspecified(), "SIP.Media", "needed because SIP.Host %s is every address: callers must be told one", host)
	if c.SIP.Advertise != "" {
		v.address("SIP.Advertise", c.SIP.Advertise)
	}
	for _, n := range c.SIP.LocalNets {
		v.check(isNetwork(n), "SIP.LocalNets", "%q: an address or network like 10.0.0.0/8", n)
	}
	v.port("SIP.UDPPort", c.SIP.UDPPort, true)
	v.port("SIP.TCPPort", c.SIP.TCPPort, true)
	v.port("SIP.TLSPort", c.SIP.TLSPort, true)
	v.check(c.SIP.UDPPort+c.SIP.TCPPort+c.SIP.TLSPort > 0, "SIP", "no port is open: no call could come in")
	if c.SIP.TLSPort != 0 {
		v.check(c.SIP.TLSPort != c.SIP.TCPPort, "SIP.TLSPort", "%d is SIP.TCPPort too", c.SIP.TLSPort)
		v.path("SIP.TLSCert", c.SIP.TLSCert)
		v.path("SIP.TLSKey", c.SIP.TLSKey)
		if c.SIP.TLSCA != "" {
			v.path("SIP.TLSCA", c.SIP.TLSCA)
		}
	}
	ari := v.address("ARI.Host", c.ARI.Host)
	v.check(ari.IsLoopback(), "ARI.Host", "%s: must be a loopback address", c.ARI.Host)
	v.port("ARI.Port", c.ARI.Port, false)
	v.check(nameRule.MatchString(c.ARI.User) && c.ARI.User != "general", "ARI.User", "%q: letters, digits and hyphens", c.ARI.User)
	v.check(secretRule.MatchString(c.ARI.Password), "ARI.Password", "16 to 128 letters, digits, _ and -")
	v.port("RTP.Low", c.RTP.Low, false)
	v.port("RTP.High", c.RTP.High, false)
	v.check(c.RTP.High-c.RTP.Low >= 9, "RTP", "%d-%d: at least ten ports; a call takes two", c.RTP.Low, c.RTP.High)
}

func (c Config) validateLines(v *faults) {
	v.check(len(c.Lines) > 0, "Lines", "at least one")
	unique(v, "Lines", c.Lines, func(l Line) string { return strings.ToLower(l.ID) })
	var numbers []string
	for i, l := range c.Lines {
		field := fmt.Sprintf("Lines[%d]", i)
		v.check(nameRule.MatchString(l.ID), field+".ID", "%q: letters, digits and hyphens, at most 32", l.ID)
		v.check(len(l.Numbers) > 0, field+".Numbers", "at least one")
		for _, n := range l.Numbers {
			v.check(numberRule.MatchString(n), field+".Numbers", "%q: 2 to 20 digits, + allowed before them", n)
		}
		numbers = append(numbers, l.Numbers...)
		for _, p := range l.Phones {
			_, err := c.phone(p)
			v.check(err == nil, field+".Phones", "%v", err)
		}
	}
	unique(v, "Lines.Numbers", numbers, func(n string) string { return n })
}

func (t Trunk) validate(v *faults, field string) {
	v.check(nameRule.MatchString(t.Name), field+".Name", "%q: letters, digits and hyphens, at most 32", t.Name)
	v.check(slices.Contains([]TrunkKind{TrunkIPMatch, TrunkRegistration, TrunkAuth}, t.Kind), field+".Kind",
		"%q: ip_match, registration or auth", t.Kind)
	v.check(isHost(t.Host), field+".Host", "%q: a host name or an address", t.Host)
	v.port(field+".Port", t.Port, true)
	v.check(slices.Contains([]string{"", "udp", "tcp"}, t.Transport), field+".Transport", "%q: udp or tcp", t.Transport)
	v.check(slices.Contains([]string{"", "auto", "rfc4733", "inband", "info"}, t.DTMF), field+".DTMF",
		"%q: auto, rfc4733, inband or info", t.DTMF)
	for _, m := range t.Match {
		v.check(isNetwork(withoutPort(m)) || isHost(m), field+".Match", "%q: an address, which a port may follow, a network or a host name", m)
		v.check(!matchesAll(m), field+".Match", "%q would let the whole world in", m)
	}
	if t.Kind != TrunkIPMatch {
		v.check(userRule.MatchString(t.User), field+".User", "%q: needed, letters, digits and ._+-", t.User)
		v.path(field+".PasswordFile", t.PasswordFile)
	}
}

// phone tells how Asterisk dials a fallback phone: through an endpoint of its own, or through a trunk.
func (c Config) phone(p string) (dialled, error) {
	if m := phoneRule.FindStringSubmatch(p); m != nil {
		return dialled{uri: p, host: strings.Trim(m[2], "[]")}, nil
	}
	number, trunk, ok := strings.Cut(p, "@")
	if ok && numberRule.MatchString(number) && slices.ContainsFunc(c.Trunks, func(t Trunk) bool { return t.Name == trunk }) {
		return dialled{number: number, trunk: trunk}, nil
	}
	return dialled{}, fmt.Errorf("%q: sip:user@host:port, or number@trunk with the name of a trunk", p)
}

type dialled struct{ uri, host, number, trunk string }

// faults collects what is wrong; each entry begins with the field.
type faults []error

func (v *faults) check(ok bool, field, format string, args ...any) {
	if !ok {
		*v = append(*v, fmt.Errorf("asterisk: %s: %s", field, fmt.Sprintf(format, args...)))
	}
}

// path accepts absolute paths without the characters that mean something to Asterisk: & joins prompts, ; comments, , separates.
func (v *faults) path(field, p string) {
	switch {
	case p == "":
		v.check(false, field, "missing")
	case !filepath.IsAbs(p) || filepath.Clean(p) != p:
		v.check(false, field, "%q: must be an absolute path without . or .. or a slash at its end", p)
	case !utf8.ValidString(p) || strings.ContainsFunc(p, unicode.IsControl) || strings.ContainsAny(p, "&;,|$\\\"'`()[]{}<>=#!%") ||
		strings.TrimSpace(p) != p:
		v.check(false, field, "%q: Asterisk cannot take this path; use letters, digits, - _ . and /", p)
	}
}

func (v *faults) address(field, s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	v.check(err == nil && a.Zone() == "", field, "%q: must be an IP address", s)
	return a
}

func (v *faults) port(field string, p int, off bool) {
	v.check(p >= 1 && p <= 65535 || off && p == 0, field, "%d: must be a port from 1 to 65535", p)
}

func (v *faults) span(field string, d, low, high time.Duration) {
	v.check(d >= low && d <= high, field, "%v: must be from %v to %v", d, low, high)
}

// unique reports every key that comes again.
func unique[T any](v *faults, field string, items []T, key func(T) string) {
	seen := map[string]bool{}
	for _, it := range items {
		k := key(it)
		v.check(!seen[k], field, "%q is there twice", k)
		seen[k] = true
	}
}

func isNetwork(s string) bool {
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}

// withoutPort is an address without the port that may follow it.
func withoutPort(s string) string {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Addr().String()
	}
	return s
}

func matchesAll(s string) bool {
	p, err := netip.ParsePrefix(s)
	return err == nil && p.Bits() == 0
}

func isHost(s string) bool {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Zone() == "" && !a.IsUnspecified()
	}
	// All digits and dots that is no address would be looked up as a name.
	if _, err := strconv.Atoi(strings.ReplaceAll(s, ".", "")); err == nil {
		return false
	}
	return hostRule.MatchString(s) && !strings.Contains(s, "..")
}
