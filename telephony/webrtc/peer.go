package webrtc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/logging"
	pion "github.com/pion/webrtc/v4"
)

// socketBuffer is asked of the kernel for every media socket: 500 legs send 100 kB in the 20 ms that a busy process may sleep.
const socketBuffer = 4 << 20

// peers makes peer connections that all share one UDP port (and one TCP port, when configured) and one certificate.
type peers struct {
	udp  ice.UDPMux
	tcp  *ice.TCPMuxDefault
	apis map[string]*pion.API // by codec: an answer names no other
	logs pionLogs

	mu          sync.Mutex
	certificate *pion.Certificate
}

func newPeers(cfg Config, logs pionLogs) (*peers, error) {
	p := &peers{apis: map[string]*pion.API{}, logs: logs}
	var err error
	if p.udp, err = listenICE(cfg.ICEUDP, logs); err != nil {
		return nil, fmt.Errorf("ice udp: %w", err)
	}
	if cfg.ICETCP != "" {
		listener, err := listenTCP(cfg.ICETCP)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("ice tcp: %w", err), p.udp.Close())
		}
		p.tcp = ice.NewTCPMuxDefault(ice.TCPMuxParams{
			Listener: listener, Logger: logs.NewLogger("ice-tcp"), ReadBufferSize: 64,
			WriteBufferSize: 64 << 10, // 8 s of audio: a browser that does not read must not hold up the others
		})
	}
	for _, name := range cfg.Codecs {
		c, _ := codecOf(name)
		if p.apis[name], err = p.api(cfg, c); err != nil {
			return nil, errors.Join(err, p.close())
		}
	}
	return p, nil
}

// listenICE opens the UDP port for browsers.
func listenICE(address string, logs pionLogs) (ice.UDPMux, error) {
	addr, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	if addr.IP == nil || addr.IP.IsUnspecified() { // one socket per interface address, so that answers leave from where they were asked
		return ice.NewMultiUDPMuxFromPort(addr.Port, ice.UDPMuxFromPortWithLoopback(), ice.UDPMuxFromPortWithLogger(logs.NewLogger("ice-udp")),
			ice.UDPMuxFromPortWithReadBufferSize(socketBuffer), ice.UDPMuxFromPortWithWriteBufferSize(socketBuffer),
			ice.UDPMuxFromPortWithNetworks(ice.NetworkTypeUDP4, ice.NetworkTypeUDP6))
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(conn.SetReadBuffer(socketBuffer), conn.SetWriteBuffer(socketBuffer)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn, Logger: logs.NewLogger("ice-udp")}), nil
}

// api is pion set up for one codec.
func (p *peers) api(cfg Config, c *codec) (*pion.API, error) {
	var media pion.MediaEngine
	params := pion.RTPCodecParameters{RTPCodecCapability: c.capability(), PayloadType: pion.PayloadType(c.browser)}
	if err := media.RegisterCodec(params, pion.RTPCodecTypeAudio); err != nil {
		return nil, fmt.Errorf("codec %s: %w", c.name, err)
	}
	var settings pion.SettingEngine
	settings.LoggerFactory = p.logs
	settings.SetICEUDPMux(p.udp)
	networks := []pion.NetworkType{pion.NetworkTypeUDP4, pion.NetworkTypeUDP6}
	if p.tcp != nil {
		settings.SetICETCPMux(p.tcp)
		networks = append(networks, pion.NetworkTypeTCP4, pion.NetworkTypeTCP6)
	}
	settings.SetNetworkTypes(networks)
	settings.DisableActiveTCP(true)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	if len(cfg.PublicIPs) > 0 {
		err := settings.SetICEAddressRewriteRules(pion.ICEAddressRewriteRule{
			External: cfg.PublicIPs, AsCandidateType: pion.ICECandidateTypeHost, Mode: pion.ICEAddressRewriteReplace,
		})
		if err != nil {
			return nil, fmt.Errorf("public ips: %w", err)
		}
	}
	reports, err := reportInterceptors(p.logs)
	if err != nil {
		return nil, err
	}
	return pion.NewAPI(pion.WithMediaEngine(&media), pion.WithSettingEngine(settings), pion.WithInterceptorRegistry(reports)), nil
}

// reportInterceptors send RTCP sender and receiver reports, one a second, so that both ends can measure. What the browser reports is
// read by the leg.
func reportInterceptors(logs pionLogs) (*interceptor.Registry, error) {
	sender, err := report.NewSenderInterceptor(report.WithSenderLoggerFactory(logs))
	if err != nil {
		return nil, fmt.Errorf("sender reports: %w", err)
	}
	receiver, err := report.NewReceiverInterceptor(report.WithReceiverLoggerFactory(logs))
	if err != nil {
		return nil, fmt.Errorf("receiver reports: %w", err)
	}
	registry := &interceptor.Registry{}
	registry.Add(sender)
	registry.Add(receiver)
	return registry, nil
}

func (c *codec) capability() pion.RTPCodecCapability {
	return pion.RTPCodecCapability{MimeType: c.mime, ClockRate: c.clock, Channels: c.channels, SDPFmtpLine: c.fmtp}
}

// connect makes a peer connection for one codec with the track that the browser will hear.
func (p *peers) connect(c *codec) (*pion.PeerConnection, *pion.RTPSender, *pion.TrackLocalStaticRTP, error) {
	cert, err := p.cert()
	if err != nil {
		return nil, nil, nil, err
	}
	pc, err := p.apis[c.name].NewPeerConnection(pion.Configuration{Certificates: []pion.Certificate{*cert}})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("peer connection: %w", err)
	}
	track, err := pion.NewTrackLocalStaticRTP(c.capability(), "audio", "hotline")
	if err != nil {
		return nil, nil, nil, errors.Join(fmt.Errorf("track: %w", err), pc.Close())
	}
	sender, err := pc.AddTrack(track)
	if err != nil {
		return nil, nil, nil, errors.Join(fmt.Errorf("track: %w", err), pc.Close())
	}
	return pc, sender, track, nil
}

// cert is the DTLS certificate of all legs, renewed well before it expires. One for all saves a key pair a leg; browsers check only
// the fingerprint in the answer.
func (p *peers) cert() (*pion.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.certificate != nil && time.Until(p.certificate.Expires()) > 7*24*time.Hour {
		return p.certificate, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("dtls key: %w", err)
	}
	if p.certificate, err = pion.GenerateCertificate(key); err != nil {
		return nil, fmt.Errorf("dtls certificate: %w", err)
	}
	return p.certificate, nil
}

// answer takes an inspected offer, first or later, and answers with complete candidates.
func answer(ctx context.Context, pc *pion.PeerConnection, o *offer) (string, error) {
	if err := pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeOffer, SDP: o.sdp}); err != nil {
		return "", err
	}
	// After SetRemoteDescription: at an ICE restart it is that which starts gathering anew, and a promise made before would be kept
	// by the old candidates.
	gathered := pion.GatheringCompletePromise(pc)
	desc, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	if err := pc.SetLocalDescription(desc); err != nil {
		return "", err
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	local := pc.LocalDescription()
	if local == nil {
		return "", errors.New("connection closed")
	}
	return local.SDP, nil
}

// reachable are the addresses under which browsers find the gateway: its own, or the public ones.
func (p *peers) reachable(public []string) []netip.Addr {
	var addrs []netip.Addr
	for _, a := range p.udp.GetListenAddresses() {
		if udp, ok := a.(*net.UDPAddr); ok {
			addrs = append(addrs, udp.AddrPort().Addr().Unmap())
		}
	}
	for _, ip := range public {
		if addr, err := netip.ParseAddr(ip); err == nil {
			addrs = append(addrs, addr.Unmap())
		}
	}
	return addrs
}

func (p *peers) close() error {
	err := p.udp.Close()
	if p.tcp != nil {
		err = errors.Join(err, p.tcp.Close())
	}
	return err
}

// pionLogs hands pion's warnings and errors to slog at debug level: they quote the addresses of people at home, and what matters of
// them reaches the log as the state of a leg.
type pionLogs struct{ log *slog.Logger }

var _ logging.LoggerFactory = pionLogs{}

// NewLogger makes the logger of one part of pion.
func (p pionLogs) NewLogger(scope string) logging.LeveledLogger {
	return pionLogger{p.log.With("pion", scope)}
}

type pionLogger struct{ log *slog.Logger }

func (pionLogger) Trace(string)          {}
func (pionLogger) Tracef(string, ...any) {}
func (pionLogger) Debug(string)          {}
func (pionLogger) Debugf(string, ...any) {}
func (pionLogger) Info(string)           {}
func (pionLogger) Infof(string, ...any)  {}

func (l pionLogger) Warn(msg string)                   { l.log.Debug(msg) }
func (l pionLogger) Warnf(format string, args ...any)  { l.debugf(format, args...) }
func (l pionLogger) Error(msg string)                  { l.log.Debug(msg) }
func (l pionLogger) Errorf(format string, args ...any) { l.debugf(format, args...) }

func (l pionLogger) debugf(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug(fmt.Sprintf(format, args...))
	}
}
