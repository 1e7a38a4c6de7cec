package vault_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"go.uber.org/goleak"

	"hotline/recordings/vault"
	"hotline/recordings/vault/s3test"
	"hotline/recordings/vault/vaulttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestS3(t *testing.T) {
	server := s3test.Start(t)
	for name, open := range map[string]func(t *testing.T) vault.S3Config{
		"plain": func(t *testing.T) vault.S3Config { return server.Bucket(t, false) },
		"prefix": func(t *testing.T) vault.S3Config {
			cfg := server.Bucket(t, false)
			cfg.Prefix = "site-1"
			return cfg
		},
		"locked": func(t *testing.T) vault.S3Config {
			cfg := server.Bucket(t, true)
			cfg.Lock = time.Hour
			return cfg
		},
	} {
		t.Run(name, func(t *testing.T) {
			vaulttest.Run(t, func(t *testing.T) vault.Vault {
				cfg := open(t)
				cfg.PartSize = 5 << 20
				return s3test.Vault(t, cfg)
			})
		})
	}
}

// What is locked loses its name and not its bytes: nobody can destroy them before the time.
func TestS3Locks(t *testing.T) {
	server := s3test.Start(t)
	cfg := server.Bucket(t, true)
	cfg.Lock = time.Hour
	v := s3test.Vault(t, cfg)
	b := vaulttest.Bytes(1, 1000)
	if err := v.Put(t.Context(), "a.rec", bytes.NewReader(b), 1000); err != nil {
		t.Fatal(err)
	}
	if err := v.Delete(t.Context(), "a.rec"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Stat(t.Context(), "a.rec"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("it has its name still: %v", err)
	}
	client, done := server.Client(t)
	defer done()
	kept := 0
	for o := range client.ListObjectsIter(t.Context(), cfg.Bucket, minio.ListObjectsOptions{WithVersions: true, Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		if o.IsDeleteMarker {
			continue
		}
		kept++
		if err := client.RemoveObject(t.Context(), cfg.Bucket, o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID, GovernanceBypass: true}); err == nil {
			t.Error("its bytes were destroyed before the time")
		}
	}
	if kept != 1 {
		t.Errorf("%d versions are kept", kept)
	}
}

func TestS3NotReady(t *testing.T) {
	server := s3test.Start(t)
	plain := server.Bucket(t, false)
	for name, change := range map[string]func(*vault.S3Config){
		"no bucket":    func(c *vault.S3Config) { c.Bucket = "nowhere" },
		"no lock":      func(c *vault.S3Config) { c.Lock = time.Hour },
		"another key":  func(c *vault.S3Config) { c.Secret = "no-secret" },
		"nobody there": func(c *vault.S3Config) { c.Endpoint = "http://127.0.0.1:1" },
	} {
		cfg := plain
		change(&cfg)
		if err := s3test.Vault(t, cfg).Ready(t.Context()); err == nil {
			t.Errorf("%s: ready", name)
		}
	}
	for name, change := range map[string]func(*vault.S3Config){
		"no scheme": func(c *vault.S3Config) { c.Endpoint = "host:9000" }, "path": func(c *vault.S3Config) { c.Endpoint = "http://host/x" },
		"bucket": func(c *vault.S3Config) { c.Bucket = "" }, "key": func(c *vault.S3Config) { c.Key = "" },
		"prefix": func(c *vault.S3Config) { c.Prefix = "a/" }, "parts": func(c *vault.S3Config) { c.PartSize = 1 },
	} {
		cfg := plain
		change(&cfg)
		if _, err := vault.NewS3(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// A server that dies within a large Put leaves nothing under the name; what it keeps of it is swept; the same Put again is whole.
func TestS3Dies(t *testing.T) {
	server := s3test.Start(t)
	cfg := server.Bucket(t, false)
	cfg.PartSize, cfg.Stall = 5<<20, 2*time.Second
	v := s3test.Vault(t, cfg)
	b := vaulttest.Bytes(1, 17<<20)
	if err := v.Put(t.Context(), "a.rec", &dying{bytes.NewReader(b), server.Kill}, int64(len(b))); err == nil {
		t.Fatal("put into a dead store")
	}
	if _, err := v.Stat(t.Context(), "a.rec"); err == nil || errors.Is(err, vault.ErrNotFound) {
		t.Errorf("a store that is away knows nothing, not even that there is none: %v", err)
	}
	server.Begin(t)
	if _, err := v.Stat(t.Context(), "a.rec"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("half a file has a name: %v", err)
	}
	if n, err := v.Sweep(t.Context(), time.Now().Add(-time.Hour)); err != nil || n != 0 {
		t.Errorf("swept a young upload: %d, %v", n, err)
	}
	if n, err := v.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil || n != 1 {
		t.Errorf("swept %d uploads, %v", n, err)
	}
	if err := v.Put(t.Context(), "a.rec", bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	f, err := v.Open(t.Context(), "a.rec")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err := errors.Join(err, f.Close()); err != nil || !bytes.Equal(got, b) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// dying ends the store when the source is read beyond 12 MB.
type dying struct {
	*bytes.Reader
	kill func()
}

func (d *dying) ReadAt(b []byte, off int64) (int, error) {
	if off > 12<<20 {
		d.kill()
	}
	return d.Reader.ReadAt(b, off)
}

// A store that hangs is given up after a time without a byte; one that goes on is not.
func TestS3Hangs(t *testing.T) {
	server := s3test.Start(t)
	cfg := server.Bucket(t, false)
	cfg.Stall = 300 * time.Millisecond
	slow, cfg := s3test.SlowDown(t, cfg)
	v := s3test.Vault(t, cfg)
	b := vaulttest.Bytes(1, 1<<20)
	if err := v.Put(t.Context(), "a.rec", bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	f, err := v.Open(t.Context(), "a.rec")
	if err != nil {
		t.Fatal(err)
	}
	slow.Stop()
	began := time.Now()
	if _, err := f.ReadAt(make([]byte, 10), 0); err == nil || time.Since(began) > 20*time.Second {
		t.Errorf("read from a store that hangs: %v after %v", err, time.Since(began))
	}
	slow.Go()
	if _, err := f.ReadAt(make([]byte, 10), 0); err != nil {
		t.Errorf("it goes on: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.ReadAt(make([]byte, 10), 0); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("read a closed file: %v", err)
	}
}
