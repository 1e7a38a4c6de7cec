package telephony

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// Names of the channels beside a talk (docs/protocol.md, section 2). What they say follows from the two legs, so that the next life of a controller
// makes the same, and finds what there is.
const (
	snoopPrefix = "snoop-"
	pulsePrefix = "pulse-"
)

// snoop is the channel by which the leg of a party hears a talk on the leg base.
func (n names) snoop(base, leg string, means call.Means) string {
	return snoopPrefix + base + "-" + leg + "-" + string(means) + ownerMark + n.owner
}

// pulse is the channel that keeps packets flowing to the leg base.
func (n names) pulse(base string) string { return pulsePrefix + base + ownerMark + n.owner }

// listener reads the name of a snoop or pulse of this owner's. leg is "" for a pulse.
func (n names) listener(channel string) (base, leg string, ok bool) {
	what, own := n.own(channel)
	if !own {
		return "", "", false
	}
	if base, ok := strings.CutPrefix(what, pulsePrefix); ok {
		return base, "", true
	}
	rest, ok := strings.CutPrefix(what, snoopPrefix)
	parts := strings.Split(rest, "-")
	if !ok || len(parts) != 3 {
		return "", "", false
	}
	return parts[0], parts[1], true
}

// loan is where the media channel of a leg is when it is not in the leg's own bridge. The lock is held while it moves, so that nobody takes it for
// somewhere else meanwhile.
type loan struct {
	mu sync.Mutex
	at atomic.Pointer[string]
}

// to is the leg in whose bridge it is; "": its own.
func (l *loan) to() string {
	if at := l.at.Load(); at != nil {
		return *at
	}
	return ""
}

func (l *loan) set(leg string) { l.at.Store(&leg) }

func (c *Controller) legOf(id string) *leg {
	c.legsMu.RLock()
	defer c.legsMu.RUnlock()
	return c.legs[id]
}

// usableLeg is readyLeg for who is not the loop.
func (c *Controller) usableLeg(agent string) string {
	c.legsMu.RLock()
	defer c.legsMu.RUnlock()
	return c.readyLeg(agent)
}

// errUnwanted: what was to be connected is not wanted any more.
var errUnwanted = errors.New("not wanted any more")

// lend moves the media channel of a leg into the bridge of another, if that is still wanted when it comes to it.
func (c *Controller) lend(ctx context.Context, id, to string, still func() bool) error {
	l := c.legOf(id)
	if l == nil {
		return errUnwanted
	}
	l.loan.mu.Lock()
	defer l.loan.mu.Unlock()
	if !still() {
		return errUnwanted
	}
	was := l.loan.to()
	if b, err := c.ari.BridgeGet(ctx, c.names.leg(to)); err != nil {
		return err
	} else if slices.Contains(b.Channels, c.names.media(id)) {
		l.loan.set(to) // by an earlier life of ours
		return nil
	}
	l.loan.set(to)
	err := c.ari.AddChannel(ctx, c.names.leg(to), c.names.media(id))
	if refused(err) {
		l.loan.set(was)
	}
	return err
}

// bringHome moves the media channel of a leg back into its own bridge.
func (c *Controller) bringHome(ctx context.Context, id string) error {
	l := c.legOf(id)
	if l == nil || l.loan.to() == "" {
		return nil
	}
	l.loan.mu.Lock()
	defer l.loan.mu.Unlock()
	if l.loan.to() == "" {
		return nil
	}
	err := c.ari.AddChannel(ctx, c.names.leg(id), c.names.media(id))
	if err == nil || refused(err) {
		l.loan.set("") // a refusal says that the channel or the bridge is gone: the next look mends it
	}
	return err
}

// listen puts a snoop channel beside the media channel of base into the bridge of leg, and the pulse beside the talk: without it a whisper is not heard when
// the caller sends nothing or is not there, and a snoop may be deaf for the caller when others came and went (ari/MEASURED.md).
func (c *Controller) listen(ctx context.Context, base, leg, line string, means call.Means) error {
	if err := c.keepPulse(ctx, base, line); err != nil {
		return err
	}
	whisper := ari.None
	if means == call.Coach {
		whisper = ari.Out
	}
	return c.keepBeside(ctx, c.names.media(base), c.names.snoop(base, leg, means), c.names.leg(leg), ari.Both, whisper)
}

// keepPulse puts a channel into the bridge of a leg that says silence, fifty times a second: it hears what comes from the keeper of the hold bridge,
// from which nothing ever does.
func (c *Controller) keepPulse(ctx context.Context, base, line string) error {
	return c.keepBeside(ctx, ari.KeeperPrefix+c.names.hold(line), c.names.pulse(base), c.names.leg(base), ari.In, ari.None)
}

// keepBeside makes a snoop channel and puts it into a bridge, unless it is there.
func (c *Controller) keepBeside(ctx context.Context, channel, snoop, bridge string, spy, whisper ari.Direction) error {
	b, err := c.ari.BridgeGet(ctx, bridge)
	if err != nil || slices.Contains(b.Channels, snoop) {
		return err
	}
	if err := c.ari.Snoop(ctx, channel, snoop, spy, whisper); err != nil {
		return err
	}
	return c.ari.AddNew(ctx, bridge, snoop)
}

// lentBefore says that an earlier life of ours lent the media channel of a leg, and notes to whom. It stays there: the calls that are adopted say
// whether that is still right.
func (c *Controller) lentBefore(ctx context.Context, id string) (bool, error) {
	ch := c.names.media(id)
	if _, err := c.ari.ChannelGet(ctx, ch); err != nil {
		if ari.IsNotFound(err) {
			err = nil
		}
		return false, err
	}
	bridges, err := c.ari.Bridges(ctx)
	if err != nil {
		return false, err
	}
	for _, b := range bridges {
		if p := c.names.place(b.ID); p.Leg != "" && p.Leg != id && slices.Contains(b.Channels, ch) {
			if l := c.legOf(id); l != nil {
				l.loan.set(p.Leg)
			}
			return true, nil
		}
	}
	return false, nil
}
