package webrtc

import "encoding/binary"

// Sizes of RTP on the wire (RFC 3550 section 5.1).
const (
	rtpHeaderSize = 12
	rtpVersion    = 2
	// maxPacket bounds what is read from either side: an Ethernet frame. Audio packets are a tenth of it.
	maxPacket = 1500
)

// packet is a view of one RTP packet: the header fields that matter here, and where its payload lies in the buffer it came in.
type packet struct {
	payloadType uint8
	marker      bool
	seq         uint16
	timestamp   uint32
	ssrc        uint32
	payload     []byte // without padding; never empty
	at          int    // offset of payload in the buffer
}

// parsePacket reads an RTP header and bounds the payload. It accepts only what RFC 3550 section 5.1 allows and what carries audio:
// CSRCs, an extension and padding are stepped over, a packet without payload is refused. It never allocates.
func parsePacket(buf []byte) (packet, bool) {
	if len(buf) < rtpHeaderSize || buf[0]>>6 != rtpVersion {
		return packet{}, false
	}
	at := rtpHeaderSize + 4*int(buf[0]&0x0f)
	if buf[0]&0x10 != 0 { // extension: four bytes of profile and length in words, then the words (section 5.3.1)
		if len(buf) < at+4 {
			return packet{}, false
		}
		at += 4 + 4*int(binary.BigEndian.Uint16(buf[at+2:]))
	}
	end := len(buf)
	if buf[0]&0x20 != 0 { // padding: its length is the last byte, which it includes
		pad := int(buf[end-1])
		if pad == 0 || pad > end {
			return packet{}, false
		}
		end -= pad
	}
	if at >= end {
		return packet{}, false
	}
	return packet{
		payloadType: buf[1] & 0x7f,
		marker:      buf[1]&0x80 != 0,
		seq:         binary.BigEndian.Uint16(buf[2:]),
		timestamp:   binary.BigEndian.Uint32(buf[4:]),
		ssrc:        binary.BigEndian.Uint32(buf[8:]),
		payload:     buf[at:end],
		at:          at,
	}, true
}

// putHeader writes a plain header of twelve bytes: no CSRC, no extension, no padding.
func putHeader(buf []byte, payloadType uint8, marker bool, seq uint16, timestamp, ssrc uint32) {
	_ = buf[rtpHeaderSize-1]
	buf[0] = rtpVersion << 6
	buf[1] = payloadType & 0x7f
	if marker {
		buf[1] |= 0x80
	}
	binary.BigEndian.PutUint16(buf[2:], seq)
	binary.BigEndian.PutUint32(buf[4:], timestamp)
	binary.BigEndian.PutUint32(buf[8:], ssrc)
}
