// Package s3test gives tests a real S3 server of this machine: the Versity gateway over a folder, with versions and object lock. deploy/install.sh test
// fetches it.
package s3test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/oklog/ulid/v2"

	"hotline/recordings/vault"
	"hotline/test/ports"
)

// program is named with its version: another one is another file.
const program = "versitygw-1.8.0"

const (
	accessKey = "hotline"
	secretKey = "hotline-test-secret"
)

// Server is one S3 server over folders of its test.
type Server struct {
	addr string
	dir  string
	cmd  *exec.Cmd
	said *bytes.Buffer
}

// Start starts a server and ends it when the test does. A machine without one fails the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{addr: ports.Address(t), dir: t.TempDir()}
	for _, d := range []string{"data", "versions"} {
		if err := os.Mkdir(filepath.Join(s.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.Begin(t)
	t.Cleanup(s.Kill)
	return s
}

// Begin starts the server on its folders, again after Kill.
func (s *Server) Begin(t testing.TB) {
	t.Helper()
	bin, err := find()
	if err != nil {
		t.Fatal(err)
	}
	s.said = new(bytes.Buffer)
	s.cmd = exec.Command(bin, "--port", s.addr, "--quiet", "--keep-alive", "posix", "--versioning-dir", filepath.Join(s.dir, "versions"), filepath.Join(s.dir, "data"))
	s.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+accessKey, "ROOT_SECRET_KEY="+secretKey)
	s.cmd.Stdout, s.cmd.Stderr = s.said, s.said
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test binary that is killed leaves no server behind
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(20 * time.Second); ; <-again.C {
		c, err := net.Dial("tcp", s.addr)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(end) {
			s.Kill()
			t.Fatalf("the S3 server does not answer: %v\n%s", err, s.said)
		}
	}
}

// Kill ends the server at once (SIGKILL), as a crash does.
func (s *Server) Kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// Bucket makes a bucket and says how to reach it. locked: with object lock.
func (s *Server) Bucket(t testing.TB, locked bool) vault.S3Config {
	t.Helper()
	cfg := vault.S3Config{Endpoint: "http://" + s.addr, Bucket: "b" + strings.ToLower(ulid.Make().String()), Key: accessKey, Secret: secretKey, Stall: 10 * time.Second}
	client, done := s.Client(t)
	defer done()
	if err := client.MakeBucket(t.Context(), cfg.Bucket, minio.MakeBucketOptions{ObjectLocking: locked}); err != nil {
		t.Fatalf("%v\n%s", err, s.said)
	}
	return cfg
}

// Client speaks to the server past our own code; done lets go of its connections.
func (s *Server) Client(t testing.TB) (client *minio.Client, done func()) {
	t.Helper()
	tr := &http.Transport{}
	client, err := minio.New(s.addr, &minio.Options{Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Transport: tr, Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	return client, tr.CloseIdleConnections
}

// Vault opens a vault in a bucket, closed when the test ends.
func Vault(t testing.TB, cfg vault.S3Config) *vault.S3 {
	t.Helper()
	v, err := vault.NewS3(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// Dir is where the server keeps its buckets, for tests that search them for what must not be there.
func (s *Server) Dir() string { return s.dir }

// find looks where install.sh puts it.
func find() (string, error) {
	cache := os.Getenv("HOTLINE_CACHE")
	if cache == "" {
		cache = "/var/cache/hotline"
		if os.Geteuid() != 0 {
			dir, err := os.UserCacheDir()
			if err != nil {
				return "", err
			}
			cache = filepath.Join(dir, "hotline")
		}
	}
	bin := filepath.Join(cache, "s3", program)
	if _, err := os.Stat(bin); err != nil {
		return "", fmt.Errorf("s3test: an S3 server is needed: run deploy/install.sh test (%w)", err)
	}
	return bin, nil
}

// Slow stands between a vault and its server and can hold the bytes up.
type Slow struct {
	l    net.Listener
	to   string
	hold chan struct{} // holds a token while bytes may pass
}

// SlowDown puts itself before the server of a configuration, and says how to reach that through it.
func SlowDown(t testing.TB, cfg vault.S3Config) (*Slow, vault.S3Config) {
	t.Helper()
	u, err := url.Parse(cfg.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Slow{l: l, to: u.Host, hold: make(chan struct{}, 1)}
	s.hold <- struct{}{}
	go s.serve()
	t.Cleanup(func() {
		s.Go()
		_ = l.Close()
	})
	cfg.Endpoint = "http://" + l.Addr().String()
	return s, cfg
}

// Stop lets no byte through; connections stay open.
func (s *Slow) Stop() { <-s.hold }

// Go lets them through again.
func (s *Slow) Go() {
	select {
	case s.hold <- struct{}{}:
	default:
	}
}

func (s *Slow) serve() {
	for {
		in, err := s.l.Accept()
		if err != nil {
			return
		}
		go func() {
			out, err := net.Dial("tcp", s.to)
			if err != nil {
				_ = in.Close()
				return
			}
			go s.pipe(out, in)
			s.pipe(in, out)
		}()
	}
}

func (s *Slow) pipe(to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		<-s.hold
		s.hold <- struct{}{}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
