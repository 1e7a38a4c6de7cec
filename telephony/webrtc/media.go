package webrtc

import (
	"errors"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"
)

// rivalHold is for how long the node that is being heard keeps the leg when another one sends too: mixed packets would be noise.
const rivalHold = 100 * time.Millisecond

// route is one Asterisk node of a leg: where its media channel receives and sends.
type route struct {
	leg  *leg
	node string
	addr netip.AddrPort
}

// media is what a leg's packets touch. The owner of the leg reads the atomics; it takes no lock that a packet could wait for long.
type media struct {
	codec    *codec
	track    *pion.TrackLocalStaticRTP
	lastRTP  atomic.Int64 // time.Duration on the gateway's clock, 0 before the first
	waiting  atomic.Bool  // the owner waits for RTP: tell it at once
	wake     chan struct{}
	routes   atomic.Pointer[[]*route] // replaced whole, never changed
	tape     atomic.Pointer[tape]
	upMu     sync.Mutex // one browser may send two tracks after a renegotiation; mostly free
	stream   *rewriter
	upSSRC   uint32
	received reception
	down     downstream

	reportMu sync.Mutex
	reported browserReport
}

// downstream is Asterisk -> browser; only the goroutine of the RTP socket touches it.
type downstream struct {
	rewriter *rewriter
	from     *route
	at       time.Duration
	packet   rtp.Packet // reused: pion copies it
}

// fromBrowser passes on what the browser says until its track ends.
func (l *leg) fromBrowser(track *pion.TrackRemote) {
	buf := make([]byte, maxPacket)
	for failures := 0; !l.ended(failures); {
		n, _, err := track.Read(buf)
		if failed(err, &failures) {
			continue
		}
		l.say(buf[:n], uint8(track.PayloadType()), l.g.now())
	}
}

// streamEnded is a count of failures beyond which a stream is not read again.
const streamEnded = 1000

// failed counts failures in a row. A packet that pion refuses is an error of that packet only, so reading goes on.
func failed(err error, failures *int) bool {
	switch {
	case err == nil:
		*failures = 0
		return false
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe):
		*failures = streamEnded
	default:
		*failures++
	}
	return true
}

func (l *leg) ended(failures int) bool { return failures >= streamEnded || l.over() }

// say sends one packet of the browser to every attached node, under a header of the leg's own stream.
func (l *leg) say(buf []byte, payloadType uint8, at time.Duration) {
	l.lastRTP.Store(int64(at))
	if l.waiting.Load() {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
	p, ok := parsePacket(buf)
	if !ok {
		l.g.drop.malformed.Inc()
		return
	}
	if p.payloadType != payloadType {
		l.g.drop.format.Inc()
		return
	}
	l.upMu.Lock()
	defer l.upMu.Unlock()
	l.received.packet(p.ssrc, p.seq, p.timestamp, at)
	seq, ts, marker, ok := l.stream.next(&p, at)
	if !ok {
		l.g.drop.duplicate.Inc()
		return
	}
	if t := l.tape.Load(); t != nil {
		t.put(Counsellor, &p, at)
	}
	routes := l.routes.Load()
	if routes == nil || len(*routes) == 0 {
		return
	}
	// The payload stays where it is: the new header is twelve bytes and the old one was at least that.
	out := buf[p.at-rtpHeaderSize : p.at+len(p.payload)]
	putHeader(out, l.codec.asterisk, marker, seq, ts, l.upSSRC)
	for _, r := range *routes {
		if _, err := l.g.rtp.WriteToUDPAddrPort(out, r.addr); err != nil {
			l.g.drop.send.Inc()
			continue
		}
		l.g.metrics.toAsterisk.Inc()
	}
}

// hear sends one packet of Asterisk to the browser as the next of the leg's only stream.
func (l *leg) hear(r *route, buf []byte, at time.Duration) {
	p, ok := parsePacket(buf)
	if !ok {
		l.g.drop.malformed.Inc()
		return
	}
	if !l.codec.fits(p.payloadType) {
		l.g.drop.format.Inc()
		return
	}
	d := &l.down
	if d.from != r {
		if d.from != nil && at-d.at < rivalHold {
			l.g.drop.rival.Inc()
			return
		}
		d.from = r
		d.rewriter.anew()
	}
	d.at = at
	seq, ts, marker, ok := d.rewriter.next(&p, at)
	if !ok {
		l.g.drop.duplicate.Inc()
		return
	}
	d.packet.Version, d.packet.Marker = rtpVersion, marker
	d.packet.SequenceNumber, d.packet.Timestamp = seq, ts
	d.packet.Payload = p.payload
	if err := l.track.WriteRTP(&d.packet); err != nil {
		l.g.drop.send.Inc()
	} else {
		l.g.metrics.toBrowser.Inc()
	}
	if t := l.tape.Load(); t != nil {
		t.put(Heard, &p, at)
	}
}

// fits tells whether a payload type from Asterisk is this codec. Opus has a dynamic one, which Asterisk may be configured to change.
func (c *codec) fits(payloadType uint8) bool {
	if c.asterisk >= 96 {
		return payloadType >= 96
	}
	return payloadType == c.asterisk
}

// readReports keeps what the browser reports about the stream that it hears. Reports come in receiver reports, and in sender reports
// because the browser sends too (RFC 3550 section 6.4).
func (l *leg) readReports(sender *pion.RTPSender, ssrc uint32) {
	for failures := 0; !l.ended(failures); {
		packets, _, err := sender.ReadRTCP()
		if failed(err, &failures) {
			continue
		}
		now := time.Now()
		for _, p := range packets {
			switch p := p.(type) {
			case *rtcp.ReceiverReport:
				l.keepReport(p.Reports, ssrc, now)
			case *rtcp.SenderReport:
				l.keepReport(p.Reports, ssrc, now)
			}
		}
	}
}

func (l *leg) keepReport(reports []rtcp.ReceptionReport, ssrc uint32, now time.Time) {
	for i := range reports {
		if reports[i].SSRC != ssrc {
			continue
		}
		rep := readReport(&reports[i], float64(l.codec.clock), now)
		l.reportMu.Lock()
		if rep.rtt == 0 {
			rep.rtt = l.reported.rtt
		}
		l.reported = rep
		l.reportMu.Unlock()
	}
}

// drainReports reads the browser's sender reports so that the receiver-report interceptor sees them.
func (l *leg) drainReports(receiver *pion.RTPReceiver) {
	buf := make([]byte, maxPacket)
	for failures := 0; !l.ended(failures); {
		_, _, err := receiver.Read(buf)
		failed(err, &failures)
	}
}

// measure is the leg's present quality, the worse of both directions.
func (l *leg) measure() Quality {
	l.upMu.Lock()
	loss, jitter := l.received.interval(), l.received.jitterMS()
	l.upMu.Unlock()
	l.reportMu.Lock()
	rep := l.reported
	l.reportMu.Unlock()
	if rep.rtt == 0 { // RTCP comes every five seconds at first; ICE has measured already
		rep.rtt = l.iceRTT()
	}
	q := Quality{RTT: tenth(rep.rtt), Loss: tenth(max(loss, rep.loss)), Jitter: tenth(max(jitter, rep.jitter))}
	q.MOS = tenth(meanOpinion(q.RTT, q.Loss, q.Jitter))
	return q
}

func (l *leg) iceRTT() float64 {
	stats, ok := l.sender.Transport().ICETransport().GetSelectedCandidatePairStats()
	if !ok || stats.CurrentRoundTripTime <= 0 || stats.CurrentRoundTripTime > maxRTT.Seconds() {
		return 0
	}
	return stats.CurrentRoundTripTime * 1000
}
