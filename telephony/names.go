package telephony

import (
	"slices"
	"strings"

	"hotline/telephony/ari"
	"hotline/telephony/call"
)

// Names of the objects in Asterisk (docs/protocol.md, section 2). They are chosen by us, so that a retried create collides; they end in their owner,
// because several controllers work on one Asterisk, and whoever takes a dead one's place must find what it left.
const (
	holdPrefix  = "hold-"
	legPrefix   = "leg-"
	mediaPrefix = "media-"
	alertPrefix = "alert-"
	ownerMark   = "@"
)

// App is the name of a controller's Asterisk application.
func App(controller string) string { return "hotline-" + controller }

// route is a controller on an Asterisk, as the gateways know it.
func route(node, owner string) string { return node + "/" + owner }

// names are those of one owner.
type names struct{ owner string }

func (n names) hold(line string) string { return holdPrefix + line + ownerMark + n.owner }
func (n names) leg(leg string) string   { return legPrefix + leg + ownerMark + n.owner }
func (n names) media(leg string) string { return mediaPrefix + leg + ownerMark + n.owner }
func (n names) alert(id string) string  { return alertPrefix + id + ownerMark + n.owner }

// alertOf is the alert whose channel of this owner's it is.
func (n names) alertOf(channel string) (id string, ok bool) {
	what, own := n.own(channel)
	id, alert := strings.CutPrefix(what, alertPrefix)
	return id, own && alert
}

// own takes the owner off a name, and says whether it is this one.
func (n names) own(name string) (string, bool) { return strings.CutSuffix(name, ownerMark+n.owner) }

// place reads the name of a bridge of this owner's.
func (n names) place(bridge string) call.Place {
	if id, out := strings.CutPrefix(bridge, outPrefix); out { // named by its call, whoever owns that
		return call.Place{Out: id}
	}
	what, own := n.own(bridge)
	if !own {
		return call.Place{}
	}
	if leg, ok := strings.CutPrefix(what, legPrefix); ok {
		return call.Place{Leg: leg}
	}
	if line, ok := strings.CutPrefix(what, holdPrefix); ok {
		return call.Place{Line: line}
	}
	return call.Place{}
}

// legOfMedia is the leg whose media channel of this owner's it is.
func (n names) legOfMedia(channel string) (leg string, ok bool) {
	what, own := n.own(channel)
	leg, media := strings.CutPrefix(what, mediaPrefix)
	return leg, own && media
}

// ours says that a channel is a thing of some controller's, and no caller.
func ours(channel string) bool {
	return slices.ContainsFunc([]string{mediaPrefix, ari.KeeperPrefix, snoopPrefix, pulsePrefix, alertPrefix}, func(p string) bool { return strings.HasPrefix(channel, p) })
}

// ownerOf is whose an object in Asterisk is, or "" when it is none of ours.
func ownerOf(name string) string {
	if !ours(name) && !strings.HasPrefix(name, legPrefix) && !strings.HasPrefix(name, holdPrefix) {
		return ""
	}
	i := strings.LastIndex(name, ownerMark)
	if i < 0 {
		return ""
	}
	return name[i+len(ownerMark):]
}
