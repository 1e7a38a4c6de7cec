package webrtc

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/turn/v5"
	pion "github.com/pion/webrtc/v4"

	"hotline/test/ports"
)

// bothWays fails unless tones pass between a browser and a node.
func (r *rig) bothWays(leg string, b *browser) {
	r.t.Helper()
	r.await("connected "+leg, inState(leg, Connected))
	n := openNode(r.t, r.g)
	if err := r.client.SetAsterisk(context.Background(), leg, "node-1", n.addr()); err != nil {
		r.t.Fatal(err)
	}
	n.play(440)
	mostly(r.t, n.hears.await(r.t, 20), 1000)
	mostly(r.t, b.hears.await(r.t, 20), 440)
}

// A network that blocks UDP: the browser comes by TCP.
func TestICEOverTCP(t *testing.T) {
	r := start(t, nil, func(c *Config) { c.ICETCP = "127.0.0.1:0" })
	b := openBrowser(t, pion.MimeTypePCMA, func(s *pion.SettingEngine, _ *pion.Configuration) {
		s.SetNetworkTypes([]pion.NetworkType{pion.NetworkTypeTCP4})
	})
	answer, err := r.client.CreateLeg(context.Background(), "leg-1", "u-1", b.offer(nil))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer, "tcptype passive") {
		t.Fatalf("no TCP candidate in the answer")
	}
	b.accept(answer)
	r.bothWays("leg-1", b)
}

// A network that blocks all but the embedded TURN server.
func TestTURN(t *testing.T) {
	turnAt := ports.Address(t)
	var cfg Config
	r := start(t, nil, func(c *Config) {
		c.TURN = TURN{Listen: turnAt, Realm: "hotline", Secret: "a secret for the TURN server"}
		cfg = *c
	})
	servers, err := cfg.BrowserServers("u-1", time.Minute)
	if err != nil || len(servers) != 1 || len(servers[0].URLs) != 2 {
		t.Fatalf("%+v, %v", servers, err)
	}
	for _, transport := range []string{"udp", "tcp"} {
		url := servers[0].URLs[slices.IndexFunc(servers[0].URLs, func(u string) bool { return strings.HasSuffix(u, transport) })]
		b := openBrowser(t, pion.MimeTypePCMA, func(_ *pion.SettingEngine, c *pion.Configuration) {
			c.ICETransportPolicy = pion.ICETransportPolicyRelay
			c.ICEServers = []pion.ICEServer{{URLs: []string{url}, Username: servers[0].Username, Credential: servers[0].Credential}}
		})
		answer, err := r.client.CreateLeg(context.Background(), "leg-"+transport, "u-"+transport, b.offer(nil))
		if err != nil {
			t.Fatal(err)
		}
		b.accept(answer)
		r.bothWays("leg-"+transport, b)
	}
}

// The embedded TURN server wants a credential that holds, and relays to the gateway only.
func TestTURNIsNoOpenRelay(t *testing.T) {
	turnAt := ports.Address(t)
	const secret = "a secret for the TURN server"
	start(t, nil, func(c *Config) { c.TURN = TURN{Listen: turnAt, Realm: "hotline", Secret: secret} })
	allocate := func(username, password string, peer net.Addr) error {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		client, err := turn.NewClient(&turn.ClientConfig{
			STUNServerAddr: turnAt, TURNServerAddr: turnAt, Username: username, Password: password, Realm: "hotline", Conn: conn,
			LoggerFactory: pionLogs{slog.New(slog.DiscardHandler)},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if err := client.Listen(); err != nil {
			t.Fatal(err)
		}
		relayed, err := client.Allocate()
		if err != nil {
			return fmt.Errorf("allocate: %w", err)
		}
		defer func() { _ = relayed.Close() }()
		return client.CreatePermission(peer)
	}
	gateway, elsewhere := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2), Port: 9}
	user, password, err := TURNCredentials(secret, "u-1", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := allocate(user, password, gateway); err != nil {
		t.Errorf("to the gateway: %v", err)
	}
	if err := allocate(user, password, elsewhere); err == nil {
		t.Error("it relays to another address")
	}
	if err := allocate(user, "wrong", gateway); err == nil {
		t.Error("it takes a wrong password")
	}
	user, password, err = TURNCredentials(secret, "u-1", -time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := allocate(user, password, gateway); err == nil {
		t.Error("it takes an expired credential")
	}
}

// On every interface the gateway offers each address, and a public one in their place when it stands behind a NAT.
func TestCandidates(t *testing.T) {
	_, port, err := net.SplitHostPort(ports.Address(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		edit       func(*Config)
		want, deny string
	}{
		"every interface": {func(c *Config) { c.ICEUDP = "0.0.0.0:" + port }, " 127.0.0.1 " + port, " 0.0.0.0 " + port},
		"behind a NAT":    {func(c *Config) { c.PublicIPs = []string{"192.0.2.1"} }, " 192.0.2.1 ", "127.0.0.1 "},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil, c.edit)
			answer, err := r.client.CreateLeg(context.Background(), "leg-1", "u-1", openBrowser(t, pion.MimeTypePCMA).offer(nil))
			if err != nil {
				t.Fatal(err)
			}
			var candidates []string
			for line := range strings.Lines(answer) {
				if strings.HasPrefix(line, "a=candidate") {
					candidates = append(candidates, line)
				}
			}
			all := strings.Join(candidates, "")
			if !strings.Contains(all, c.want) || strings.Contains(all, c.deny) {
				t.Errorf("candidates:\n%s", all)
			}
		})
	}
}
