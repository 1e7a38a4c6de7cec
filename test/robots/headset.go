package robots

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"
)

// headset is a robot's WebRTC leg: A-law both ways.
type headset struct {
	pc    *pion.PeerConnection
	track *pion.TrackLocalStaticRTP
	hears func([]byte) (uint64, bool)
	heard func(mark uint64, at time.Time)

	listening atomic.Bool // the caller of this turn was not heard yet
	last      uint64      // mark heard last; the track's reader's own

	once sync.Once
}

// newCertificate is for all robots: a key pair each would take longer than the rest.
func newCertificate() (pion.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pion.Certificate{}, fmt.Errorf("robots: certificate: %w", err)
	}
	c, err := pion.GenerateCertificate(key)
	if err != nil {
		return pion.Certificate{}, fmt.Errorf("robots: certificate: %w", err)
	}
	return *c, nil
}

// newHeadset makes a peer connection and its offer, with complete candidates.
func newHeadset(ctx context.Context, certificates []pion.Certificate, hears func([]byte) (uint64, bool), heard func(uint64, time.Time)) (*headset, string, error) {
	var settings pion.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	settings.SetNetworkTypes([]pion.NetworkType{pion.NetworkTypeUDP4})
	var media pion.MediaEngine
	law := pion.RTPCodecCapability{MimeType: pion.MimeTypePCMA, ClockRate: 8000}
	if err := media.RegisterCodec(pion.RTPCodecParameters{RTPCodecCapability: law, PayloadType: 8}, pion.RTPCodecTypeAudio); err != nil {
		return nil, "", err
	}
	api := pion.NewAPI(pion.WithSettingEngine(settings), pion.WithMediaEngine(&media))
	pc, err := api.NewPeerConnection(pion.Configuration{Certificates: certificates})
	if err != nil {
		return nil, "", err
	}
	h := &headset{pc: pc, hears: hears, heard: heard}
	offer, err := h.offer(ctx, law)
	if err != nil {
		h.close()
		return nil, "", err
	}
	return h, offer, nil
}

func (h *headset) offer(ctx context.Context, law pion.RTPCodecCapability) (string, error) {
	var err error
	if h.track, err = pion.NewTrackLocalStaticRTP(law, "mic", "robot"); err != nil {
		return "", err
	}
	sender, err := h.pc.AddTrack(h.track)
	if err != nil {
		return "", err
	}
	go func() {
		for { // reports must be read, or they pile up
			if _, _, err := sender.ReadRTCP(); err != nil {
				return
			}
		}
	}()
	h.pc.OnTrack(func(remote *pion.TrackRemote, _ *pion.RTPReceiver) { h.read(remote) })
	offer, err := h.pc.CreateOffer(nil)
	if err != nil {
		return "", err
	}
	gathered := pion.GatheringCompletePromise(h.pc)
	if err := h.pc.SetLocalDescription(offer); err != nil {
		return "", err
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	local := h.pc.LocalDescription()
	if local == nil {
		return "", errors.New("closed")
	}
	return local.SDP, nil
}

func (h *headset) connect(answer string) error {
	return h.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: answer})
}

// listen waits for a new caller's speech.
func (h *headset) listen() { h.listening.Store(true) }

// read hears everything that comes, and looks into it while a caller is expected.
func (h *headset) read(remote *pion.TrackRemote) {
	buf := make([]byte, 1500)
	var header rtp.Header
	for {
		n, _, err := remote.Read(buf)
		if err != nil {
			return
		}
		if !h.listening.Load() {
			continue
		}
		at := time.Now()
		from, err := header.Unmarshal(buf[:n])
		if err != nil {
			continue
		}
		mark, ok := h.hears(buf[from:n])
		if !ok || mark != 0 && mark == h.last {
			continue // or the last words of the one before
		}
		h.last = mark
		h.listening.Store(false)
		h.heard(mark, at)
	}
}

func (h *headset) close() { h.once.Do(func() { _ = h.pc.GracefulClose() }) }
