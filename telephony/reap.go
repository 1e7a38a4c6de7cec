package telephony

import (
	"context"
	"slices"
	"time"
)

// reapStrangers takes away what owners left in this Asterisk for whom nobody answers any more. A caller in it is the guardian's; the room is left
// standing until then.
func (c *Controller) reapStrangers(v *view) {
	occupied, bridges := map[string]bool{}, []string(nil)
	for _, b := range v.all {
		if !c.nobodys(b.ID) {
			continue
		}
		if slices.ContainsFunc(b.Channels, func(ch string) bool { return !ours(ch) }) {
			for _, ch := range b.Channels {
				occupied[ch] = true
			}
			continue
		}
		bridges = append(bridges, b.ID)
	}
	var channels []string
	for _, ch := range v.channels {
		if ours(ch.ID) && !occupied[ch.ID] && c.nobodys(ch.ID) {
			channels = append(channels, ch.ID)
		}
	}
	if len(bridges)+len(channels) == 0 {
		return
	}
	c.log.Info("things of a controller that is no more are taken away", "bridges", len(bridges), "channels", len(channels))
	c.metrics.reaped.Add(float64(len(bridges) + len(channels)))
	c.beside(func() {
		ctx, cancel := context.WithTimeout(c.ctx, 10*time.Second)
		defer cancel()
		for _, ch := range channels {
			c.forgetRoute(ctx, ch)
			_ = c.ari.Hangup(ctx, ch, "normal") // found again by the next look
		}
		for _, b := range bridges {
			_ = c.ari.DestroyBridge(ctx, b)
		}
	})
}

func (c *Controller) nobodys(name string) bool {
	owner := ownerOf(name)
	return owner != "" && owner != c.cfg.ID && !c.cfg.Bonds.claimed(owner)
}

// forgetRoute tells a gateway not to send to a media channel any more: its port may soon be another's.
func (c *Controller) forgetRoute(ctx context.Context, channel string) {
	owner := ownerOf(channel)
	leg, ok := names{owner}.legOfMedia(channel)
	if g := c.gatewayOf(leg); ok && g != nil {
		_ = g.Client.DropAsterisk(ctx, leg, route(c.cfg.Node, owner))
	}
}
