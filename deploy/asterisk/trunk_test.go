package asterisk_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline/deploy/asterisk"
	"hotline/telephony/phone"
	"hotline/test/ports"
)

// Trunks of every kind at once, each with an address of its own on this machine.
func TestTrunks(t *testing.T) {
	t.Parallel()
	carrier, err := net.ListenPacket("udp", "127.0.0.3:0") // hears the registration
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = carrier.Close() }()
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("p@ss:word_1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, func(c *asterisk.Config) {
		c.Loopback = false
		c.Languages = []string{"zh-CN"}
		c.SIP.TLSPort, c.SIP.TLSCert, c.SIP.TLSKey = ports.Free(t), filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
		writeCertificate(t, c.SIP.TLSCert, c.SIP.TLSKey)
		c.Trunks = []asterisk.Trunk{
			{Name: "city", Kind: asterisk.TrunkIPMatch, Host: "127.0.0.2"},
			{Name: "county", Kind: asterisk.TrunkRegistration, Host: "127.0.0.3", Port: carrier.LocalAddr().(*net.UDPAddr).Port, User: "12345", PasswordFile: secret},
			{Name: "town", Kind: asterisk.TrunkAuth, Host: "127.0.0.4", User: "hotline", PasswordFile: secret},
			{Name: "secure", Kind: asterisk.TrunkIPMatch, Host: "127.0.0.5", Secure: true},
		}
	})
	for l := range strings.Lines(s.out.String()) {
		if strings.Contains(l, "ERROR") || strings.Contains(l, "WARNING") {
			t.Error(l)
		}
	}
	for address, want := range map[string]int{
		"127.0.0.2": 200, // known by its address
		"127.0.0.3": 200, // the registrar calls us
		"127.0.0.4": 401, // asked for the password
		"127.0.0.5": 488, // offers no SRTP
		"127.0.0.6": 403, // nobody
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		c, err := dial(t, ctx, phone.Config{Server: s.sip(), From: callerNumber, LocalIP: address}, "12355")
		cancel()
		var refused *phone.Rejected
		switch {
		case err == nil && want == 200:
			l := listen(c)
			l.await(t, greetingZH)
			l.hangUp(t)
		case errors.As(err, &refused) && refused.Status == want:
		default:
			t.Errorf("from %s: %v, want %d", address, err, want)
		}
	}
	if err := carrier.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, _, err := carrier.ReadFrom(buf)
	if err != nil || !strings.HasPrefix(string(buf[:n]), "REGISTER sip:127.0.0.3") || !strings.Contains(string(buf[:n]), "<sip:12345@") {
		t.Errorf("the registrar heard %v: %s", err, buf[:n])
	}
}

func writeCertificate(t *testing.T, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hotline.test"}, DNSNames: []string{"hotline.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
