package agentui

import (
	"net/netip"
	"time"

	"hotline/agentui/pace"
)

const (
	addressRefill  = time.Second
	ipv6PrefixBits = 64 // one household or one attacker has a whole /64
)

// loginLimits slows down those who flood the door from one address, before any work is done for them. Whether an account or an address is locked is a matter
// of users.Locks.
type loginLimits struct{ addresses *pace.Limits }

func newLoginLimits(cfg Config) *loginLimits {
	return &loginLimits{addresses: pace.New(addressRefill, cfg.LoginsPerAddress)}
}

// attempt takes one attempt, or tells how long to wait.
func (l *loginLimits) attempt(from netip.Addr, now time.Time) time.Duration {
	if p, err := from.Prefix(ipv6PrefixBits); err == nil && from.Is6() {
		from = p.Addr()
	}
	return l.addresses.Take(from.String(), now)
}
