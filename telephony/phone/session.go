package phone

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"hotline/audio"
)

// eventsType is our payload type of telephone events, the one that everybody uses.
const eventsType = 101

// describe is our session description (RFC 8866): speech in the codecs of the configuration, and telephone events.
func (m *media) describe() []byte {
	m.mu.Lock()
	m.version++
	version := m.version
	m.mu.Unlock()
	_, port, _ := net.SplitHostPort(m.conn.LocalAddr().String())
	ip, family := m.cfg.LocalIP, "IP4"
	if strings.Contains(ip, ":") {
		family = "IP6"
	}
	var types, maps strings.Builder
	for _, c := range m.cfg.Codecs {
		fmt.Fprintf(&types, " %d", c)
		fmt.Fprintf(&maps, "a=rtpmap:%d %s/8000\r\n", c, c.Name())
	}
	return fmt.Appendf(nil, "v=0\r\no=- 1 %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\nm=audio %s RTP/AVP%s %d\r\n%s"+
		"a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
		version, family, ip, family, ip, port, types.String(), eventsType, maps.String(), eventsType, eventsType)
}

// agree takes the other side's description: where to send, in which codec.
func (m *media) agree(body []byte) error {
	var d sdp.SessionDescription
	if err := d.Unmarshal(body); err != nil {
		return errors.New("phone: session description cannot be read")
	}
	for _, md := range d.MediaDescriptions {
		if md.MediaName.Media != "audio" || md.MediaName.Port.Value == 0 {
			continue
		}
		remote, err := address(&d, md)
		if err != nil {
			return err
		}
		codec, ok := m.choose(md.MediaName.Formats)
		if !ok {
			return errors.New("phone: no codec in common")
		}
		m.mu.Lock()
		m.remote, m.codec, m.events = remote, codec, eventsOf(md)
		m.start()
		m.mu.Unlock()
		return nil
	}
	return errors.New("phone: session description without audio")
}

func address(d *sdp.SessionDescription, md *sdp.MediaDescription) (netip.AddrPort, error) {
	c := md.ConnectionInformation
	if c == nil {
		c = d.ConnectionInformation
	}
	if c == nil || c.Address == nil {
		return netip.AddrPort{}, errors.New("phone: session description without an address")
	}
	ip, err := netip.ParseAddr(c.Address.Address)
	if err != nil {
		return netip.AddrPort{}, errors.New("phone: media address is a name; an IP address is needed")
	}
	return netip.AddrPortFrom(ip, uint16(md.MediaName.Port.Value)), nil
}

// choose takes the first codec of the other side's list that we have.
func (m *media) choose(formats []string) (audio.Codec, bool) {
	for _, f := range formats {
		for _, c := range m.cfg.Codecs {
			if f == strconv.Itoa(int(c)) {
				return c, true
			}
		}
	}
	return 0, false
}

// eventsOf finds the payload type of telephone events at the rate of our speech.
func eventsOf(md *sdp.MediaDescription) uint8 {
	for _, a := range md.Attributes {
		number, coding, found := strings.Cut(a.Value, " ")
		if a.Key != "rtpmap" || !found || !strings.EqualFold(coding, "telephone-event/8000") {
			continue
		}
		if n, err := strconv.ParseUint(number, 10, 7); err == nil {
			return uint8(n)
		}
	}
	return 0
}
