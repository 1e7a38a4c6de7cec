// Package webrtc is the gateway between browsers and Asterisk: one nailed-up WebRTC leg per console session, RTP to and from
// Asterisk over one UDP socket, a tap for recordings, a watchdog on the browser's media, and a quality figure.
//
// Nothing is transcoded. The browser speaks G.711 A-law (RFC 7874 makes it mandatory) and so does Asterisk; a packet changes only its
// header on the way (see rewriter), so that each side hears one continuous stream whatever happens to the other.
//
// The gateway knows legs, agents and nodes; it knows nothing of callers. Its internal API is section 3 of docs/protocol.md: Gateway
// serves it, Client speaks it.
package webrtc
