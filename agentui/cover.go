package agentui

import (
	"time"

	"hotline/agentui/protocol"
)

// whileCovered tells what a page may still say while it is locked: what keeps the headset up and lets the person be out of work. A call or an offer
// uncovers it, so nothing of a call is among them.
func whileCovered(t protocol.Type) bool {
	switch t {
	case protocol.TypeHello, protocol.TypeSnapshot, protocol.TypeLeg, protocol.TypeLegRestart, protocol.TypeLegClose, protocol.TypeMute, protocol.TypeNotReady:
		return true
	}
	return false
}

// isCovered tells whether the browser must hide everything: its sign-in is locked, and no call needs it.
func (d *desk) isCovered() bool { return d.tab != nil && d.tab.locked.Load() && !d.s.busy(d.user.ID) }

// coverOrShow tells the browser when that changed. What it may see follows as a snapshot.
func (d *desk) coverOrShow(now time.Time) {
	if d.isCovered() == d.covered {
		return
	}
	d.covered = !d.covered
	d.tab.out.cover(d.covered)
	if d.snapshot.IsZero() {
		d.snapshot = now
	}
}
