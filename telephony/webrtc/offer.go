package webrtc

import (
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
)

// Bounds of an offer. A browser's own is below 10 kB and 100 lines.
const (
	maxOffer      = 32 << 10
	maxAttributes = 256
)

// offer is a browser's offer after inspection.
type offer struct {
	sdp         string // without candidates
	mid         string
	fingerprint string // of the browser's DTLS certificate
	codec       *codec
}

// codec is one format that a leg can have.
type codec struct {
	name     string // as in SDP and in LEG
	mime     string // as pion names it
	clock    uint32
	channels uint16
	fmtp     string
	browser  uint8 // payload type when the offer leaves it open
	asterisk uint8 // payload type that Asterisk's RTP engine gives the format without negotiation
}

// codecOf finds a codec by its name in SDP.
func codecOf(name string) (*codec, bool) {
	switch {
	case strings.EqualFold(name, PCMA):
		return &codec{name: PCMA, mime: "audio/PCMA", clock: 8000, browser: 8, asterisk: 8}, true
	case strings.EqualFold(name, PCMU):
		return &codec{name: PCMU, mime: "audio/PCMU", clock: 8000, browser: 0, asterisk: 0}, true
	case strings.EqualFold(name, Opus):
		return &codec{
			name: Opus, mime: "audio/opus", clock: 48000, channels: 2, fmtp: "minptime=10;useinbandfec=1", browser: 111, asterisk: 107,
		}, true
	}
	return nil, false
}

// recordable tells whether the tap can take this codec as it is.
func (c *codec) recordable() bool { return c.clock == tapeRate }

// inspect refuses every offer that is not exactly one audio stream, both ways, in an allowed codec, before pion sees it. Offers come
// from browsers and are not trusted. Their candidates are taken out: the gateway answers checks where they come from (RFC 8445
// section 7.3.1.3, peer-reflexive candidates) and never sends to an address that a stranger wrote down.
func inspect(text string, allowed []string) (*offer, *Error) {
	if len(text) > maxOffer {
		return nil, failure(BadOffer, "more than %d bytes", maxOffer)
	}
	var desc sdp.SessionDescription
	if err := desc.UnmarshalString(text); err != nil {
		return nil, failure(BadOffer, "not SDP") // the parser's error quotes the text
	}
	if len(desc.MediaDescriptions) != 1 {
		return nil, failure(BadOffer, "%d media sections; exactly one is allowed, audio", len(desc.MediaDescriptions))
	}
	m := desc.MediaDescriptions[0]
	if len(desc.Attributes) > maxAttributes || len(m.Attributes) > maxAttributes {
		return nil, failure(BadOffer, "more than %d attributes", maxAttributes)
	}
	if m.MediaName.Media != "audio" || m.MediaName.Port.Value == 0 { // port 0 is a section that was given up (RFC 3264 section 8.2)
		return nil, failure(BadOffer, "a media section that is not audio, or given up")
	}
	for _, other := range []string{"recvonly", "sendonly", "inactive"} {
		if _, ok := attribute(&desc, m, other); ok {
			return nil, failure(BadOffer, "audio must be sendrecv")
		}
	}
	for _, simulcast := range []string{"rid", "simulcast"} {
		if _, ok := m.Attribute(simulcast); ok {
			return nil, failure(BadOffer, "simulcast is for video")
		}
	}
	for _, key := range []string{"mid", "ice-ufrag", "ice-pwd", "fingerprint"} {
		if v, ok := attribute(&desc, m, key); !ok || v == "" {
			return nil, failure(BadOffer, "no a=%s", key)
		}
	}
	c := chosen(m, allowed)
	if c == nil {
		return nil, failure(BadOffer, "none of the codecs %s", strings.Join(allowed, ", "))
	}
	noCandidates(&desc.Attributes)
	noCandidates(&m.Attributes)
	out, err := desc.Marshal()
	if err != nil {
		return nil, failure(BadOffer, "not SDP")
	}
	mid, _ := m.Attribute("mid")
	fingerprint, _ := attribute(&desc, m, "fingerprint")
	return &offer{sdp: string(out), mid: mid, fingerprint: fingerprint, codec: c}, nil
}

// chosen is the first codec in the browser's order that is allowed.
func chosen(m *sdp.MediaDescription, allowed []string) *codec {
	names := map[string]string{"0": PCMU, "8": PCMA} // static payload types need no rtpmap (RFC 3551 section 6)
	for _, a := range m.Attributes {
		if a.Key != "rtpmap" {
			continue
		}
		if format, encoding, ok := strings.Cut(a.Value, " "); ok {
			name, _, _ := strings.Cut(encoding, "/")
			names[format] = name
		}
	}
	for _, format := range m.MediaName.Formats {
		if c, ok := codecOf(names[format]); ok && slices.Contains(allowed, c.name) {
			return c
		}
	}
	return nil
}

// attribute looks in the media section, then in the session (RFC 8829 allows ice-*, fingerprint and direction in both).
func attribute(desc *sdp.SessionDescription, m *sdp.MediaDescription, key string) (string, bool) {
	if v, ok := m.Attribute(key); ok {
		return v, true
	}
	return desc.Attribute(key)
}

func noCandidates(attributes *[]sdp.Attribute) {
	*attributes = slices.DeleteFunc(*attributes, func(a sdp.Attribute) bool {
		return a.Key == "candidate" || a.Key == "remote-candidates"
	})
}
