package telephony

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// A government line transfers callers to us, and with a caller whose life is in danger everything hangs on the number that comes along. What Asterisk
// takes for the caller's (P-Asserted-Identity of a trunk, else From) may be the exchange's own; then the caller's may still stand in
// the history of the call (RFC 5806, RFC 7044). Headers are believed from trunks only.

// trunkChannel begins the name of a channel that came by a trunk.
const trunkChannel = "PJSIP/trunk-"

// identities are where else the caller's number may stand, the best first.
func identities() []string { return []string{"P-Asserted-Identity", "Diversion", "History-Info"} }

// number is the caller's, or "" when it is withheld or only an exchange's. Private.
func (a *actor) number() string {
	if n := a.caller.Load(); n != nil {
		return *n
	}
	return ""
}

// identify looks for the number of a caller who came with an exchange's. It runs before the ledger is told, never before the caller is.
func (a *actor) identify(ctx context.Context) {
	if !slices.Contains(a.ctl.cfg.Outbound.Switchboards, a.number()) {
		return
	}
	found := ""
	if strings.HasPrefix(a.origin, trunkChannel) {
		for _, name := range identities() {
			value, err := a.ctl.ari.GetVar(ctx, a.channel, "PJSIP_HEADER(read,"+name+")")
			if err != nil {
				continue // the header is not there, or the caller is gone
			}
			if n := userOf(value); n != "" && !slices.Contains(a.ctl.cfg.Outbound.Switchboards, n) {
				found = n
				break
			}
		}
	}
	if found == "" {
		a.ctl.metrics.switchboard.Inc()
		a.log.Warn("only an exchange's number came with the caller; nobody could be sent there, nor call back")
	}
	a.caller.Store(&found)
}

// identity finds the user of the first SIP or tel address of a header.
var identity = regexp.MustCompile(`(?:sips?:|tel:)(\+?[0-9]{3,20})(?:[@;>?]|$)`)

func userOf(header string) string {
	if m := identity.FindStringSubmatch(header); m != nil {
		return m[1]
	}
	return ""
}
