// Package load puts callers, and for the comparison with app_queue counsellors' telephones, before an Asterisk: a thousand of each from one
// socket for signalling and one for speech, so that the load costs less than what it loads. Arrivals are an open loop: a call that is
// slow delays no other. Each call ends with a record, so that a ledger can be made of all.
//
// The signalling is as much of RFC 3261 as one hop of UDP on the same machine needs.
package load

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Retransmission of requests and of final answers (RFC 3261, 17.1.1.2): after 500 ms, doubled each time, seven times in all.
const (
	firstRetry = 500 * time.Millisecond
	tries      = 7
)

const socketBuffer = 8 << 20

// socket is one UDP port on loopback. Its kernel buffer holds what comes while the process is busy.
func socket() (*net.UDPConn, netip.AddrPort, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, netip.AddrPort{}, fmt.Errorf("load: socket: %w", err)
	}
	if err := errors.Join(conn.SetReadBuffer(socketBuffer), conn.SetWriteBuffer(socketBuffer)); err != nil {
		return nil, netip.AddrPort{}, errors.Join(fmt.Errorf("load: socket: %w", err), conn.Close())
	}
	return conn, conn.LocalAddr().(*net.UDPAddr).AddrPort(), nil
}

// message is a SIP message as far as we look at it.
type message struct {
	status  int    // of an answer
	method  string // of a request; of an answer that of its request
	uri     string // of a request
	callID  string
	from    string
	to      string
	cseq    string
	vias    []string
	contact string
	body    []byte
}

// parse reads a message.
func parse(data []byte) (message, bool) {
	head, body, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	m := message{body: body}
	first := strings.SplitN(lines[0], " ", 3)
	if len(first) < 3 {
		return m, false
	}
	if first[0] == "SIP/2.0" {
		status, err := strconv.Atoi(first[1])
		if err != nil {
			return m, false
		}
		m.status = status
	} else {
		m.method, m.uri = first[0], first[1]
	}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "call-id", "i":
			m.callID = value
		case "from", "f":
			m.from = value
		case "to", "t":
			m.to = value
		case "via", "v":
			m.vias = append(m.vias, value)
		case "contact", "m":
			m.contact = uriOf(value)
		case "cseq":
			m.cseq = value
			if m.status != 0 {
				_, m.method, _ = strings.Cut(value, " ")
			}
		}
	}
	return m, m.callID != "" && m.cseq != ""
}

// uriOf takes the address out of a header such as `"name" <sip:user@host>;tag=x`.
func uriOf(header string) string {
	_, rest, ok := strings.Cut(header, "<")
	if !ok {
		return header
	}
	uri, _, _ := strings.Cut(rest, ">")
	return uri
}

// userOf is the user part of such a header.
func userOf(header string) string {
	user, _, _ := strings.Cut(strings.TrimPrefix(uriOf(header), "sip:"), "@")
	return user
}

// mediaPort is the port of the audio in a session description.
func mediaPort(sdp []byte) (uint16, bool) {
	_, rest, ok := bytes.Cut(sdp, []byte("m=audio "))
	if !ok {
		return 0, false
	}
	text, _, _ := bytes.Cut(rest, []byte(" "))
	port, err := strconv.ParseUint(string(text), 10, 16)
	return uint16(port), err == nil
}

// describe is a session description: A-law on one port of loopback.
func describe(port uint16) string {
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 8 101\r\n"+
		"a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n", port)
}

// answer makes the answer to a request.
func answer(m message, status, toTag, contact, sdp string) []byte {
	var b strings.Builder
	b.WriteString("SIP/2.0 " + status + "\r\n")
	for _, v := range m.vias {
		b.WriteString("Via: " + v + "\r\n")
	}
	to := m.to
	if toTag != "" && !strings.Contains(to, ";tag=") {
		to += ";tag=" + toTag
	}
	b.WriteString("From: " + m.from + "\r\nTo: " + to + "\r\nCall-ID: " + m.callID + "\r\nCSeq: " + m.cseq + "\r\n")
	if contact != "" {
		b.WriteString("Contact: <" + contact + ">\r\n")
	}
	content(&b, sdp)
	return []byte(b.String())
}

func content(b *strings.Builder, sdp string) {
	if sdp != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	b.WriteString("Content-Length: " + strconv.Itoa(len(sdp)) + "\r\n\r\n" + sdp)
}
