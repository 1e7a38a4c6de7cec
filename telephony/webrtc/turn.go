package webrtc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/pion/turn/v5"
)

// ICEServer is one entry of a browser's RTCConfiguration.iceServers.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// BrowserServers is what a browser of the named user shall put into iceServers: the external servers, and the embedded TURN server
// when there is one. TURN credentials hold for ttl and are made of the shared secret (the "TURN REST API" scheme that coturn
// speaks too), so the console can make them without asking the gateway.
func (c Config) BrowserServers(user string, ttl time.Duration) ([]ICEServer, error) {
	var stuns, turns []string
	for _, url := range c.ICEServers {
		if strings.HasPrefix(url, "turn") {
			turns = append(turns, url)
		} else {
			stuns = append(stuns, url)
		}
	}
	if c.TURN.Listen != "" {
		addr, err := c.TURN.address()
		if err != nil {
			return nil, err
		}
		turns = append(turns, "turn:"+addr.String()+"?transport=udp", "turn:"+addr.String()+"?transport=tcp")
	}
	servers := []ICEServer{}
	if len(stuns) > 0 {
		servers = append(servers, ICEServer{URLs: stuns})
	}
	if len(turns) > 0 {
		username, password, err := TURNCredentials(c.TURN.Secret, user, ttl)
		if err != nil {
			return nil, err
		}
		servers = append(servers, ICEServer{URLs: turns, Username: username, Credential: password})
	}
	return servers, nil
}

// TURNCredentials makes a username and password that a TURN server with the same secret accepts for ttl.
func TURNCredentials(secret, user string, ttl time.Duration) (username, password string, err error) {
	if len(secret) < MinSecret {
		return "", "", fmt.Errorf("turn credentials: secret has fewer than %d characters", MinSecret)
	}
	username, password, err = turn.GenerateLongTermTURNRESTCredentials(secret, user, ttl)
	if err != nil {
		return "", "", fmt.Errorf("turn credentials: %w", err)
	}
	return username, password, nil
}

// address is where browsers reach the embedded server.
func (t TURN) address() (netip.AddrPort, error) {
	listen, err := net.ResolveUDPAddr("udp", t.Listen)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("listen address: %w", err)
	}
	if t.PublicIP != "" {
		ip, err := netip.ParseAddr(t.PublicIP)
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("public_ip: %q is no IP address", t.PublicIP)
		}
		return netip.AddrPortFrom(ip, listen.AddrPort().Port()), nil
	}
	addr := listen.AddrPort()
	if !addr.Addr().IsValid() || addr.Addr().IsUnspecified() {
		return netip.AddrPort{}, errors.New("listening on every interface needs public_ip")
	}
	return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), nil
}

// startTURN serves the embedded TURN server until it is closed. A relay reaches the given addresses and nothing else: with any other
// permission a leaked credential would open the site's network.
func startTURN(cfg TURN, reachable []netip.Addr, logs pionLogs) (*turn.Server, error) {
	addr, err := cfg.address()
	if err != nil {
		return nil, fmt.Errorf("turn: %w", err)
	}
	packets, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("turn: %w", err)
	}
	streams, err := listenTCP(cfg.Listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("turn: %w", err), packets.Close())
	}
	bind, _, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("turn: %w", err), packets.Close(), streams.Close())
	}
	if bind == "" {
		bind = "0.0.0.0"
	}
	relay := &turn.RelayAddressGeneratorStatic{RelayAddress: addr.Addr().AsSlice(), Address: bind}
	permit := func(_ net.Addr, peer net.IP) bool {
		ip, ok := netip.AddrFromSlice(peer)
		if !ok {
			return false
		}
		for _, r := range reachable {
			if r == ip.Unmap() {
				return true
			}
		}
		return false
	}
	server, err := turn.NewServer(turn.ServerConfig{
		Realm:         cfg.Realm,
		AuthHandler:   turn.LongTermTURNRESTAuthHandler(cfg.Secret, logs.NewLogger("turn")),
		LoggerFactory: logs,
		PacketConnConfigs: []turn.PacketConnConfig{
			{PacketConn: packets, RelayAddressGenerator: relay, PermissionHandler: permit},
		},
		ListenerConfigs: []turn.ListenerConfig{
			{Listener: streams, RelayAddressGenerator: relay, PermissionHandler: permit},
		},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("turn: %w", err), packets.Close(), streams.Close())
	}
	return server, nil
}
