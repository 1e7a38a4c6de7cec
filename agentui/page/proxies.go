package page

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are those whose X-Forwarded-For is believed.
type Proxies []netip.Prefix

// Remote is the address of the browser: the last one in X-Forwarded-For that is not a trusted proxy's, when a trusted proxy sent the request.
func (p Proxies) Remote(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	at = at.Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !p.trusted(at) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		at = next.Unmap().WithZone("")
	}
	return at
}

func (p Proxies) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(one netip.Prefix) bool { return one.Contains(a) })
}
