package storagetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
)

// server is a PostgreSQL of this test binary: in a folder of its own, on a Unix socket only, without fsync.
type server struct {
	mu   sync.Mutex
	dir  string
	cmd  *exec.Cmd
	log  *bytes.Buffer
	exit chan struct{} // closed when it has ended; then died may be read
	died error
	err  error // why it did not start; not tried again
	next int
}

// shared is the one server of the test binary: starting one takes a second, a database in it 50 ms.
var shared server

const howToInstall = "PostgreSQL's server programs are needed (initdb, postgres): apt-get install postgresql"

// create makes an empty database and returns its URL.
func (s *server) create(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil && s.err == nil {
		s.err = s.start(ctx)
	}
	if s.err != nil {
		return "", fmt.Errorf("storagetest: %w", s.err)
	}
	s.next++
	name := "t" + strconv.Itoa(s.next)
	admin, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return "", err
	}
	defer func() { _ = admin.Close() }()
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", fmt.Errorf("storagetest: %w", err)
	}
	return s.url(name), nil
}

func (s *server) url(database string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: url.Values{
		"host": {s.dir}, "port": {"5432"}, "user": {"hotline"}, "sslmode": {"disable"},
	}.Encode()}
	return u.String()
}

func (s *server) start(ctx context.Context) error {
	bin, err := binaries()
	if err != nil {
		return err
	}
	// Not under t.TempDir: it must outlive the first test, and a socket's path may have 107 bytes at most (unix(7)).
	if s.dir, err = os.MkdirTemp("", "pg"); err != nil {
		return err
	}
	as, err := s.credential()
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "hotline", "--auth=trust", "--no-sync", "--no-instructions",
		"--encoding=UTF8", "--locale=C")
	initdb.Dir, initdb.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: as}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	s.log = new(bytes.Buffer)
	s.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=off",
		"-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "shared_buffers=16MB")
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, s.log, s.log
	// Pdeathsig: a test binary that is killed leaves no server behind (SIGQUIT: immediate shutdown).
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	s.exit = make(chan struct{})
	go func() {
		s.died = s.cmd.Wait()
		close(s.exit)
	}()
	return s.ready(ctx)
}

// ready waits until the server answers.
func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	admin, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close() }()
	for {
		err := admin.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.exit:
			return fmt.Errorf("postgres ended: %w\n%s", s.died, s.log)
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// credential is the account to run as: postgres refuses to run as root.
func (s *server) credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(s.dir, uid, gid)
	}
	return nil, errors.New("running as root, and there is no account postgres or nobody to run PostgreSQL as")
}

func (s *server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
		<-s.exit
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// binaries finds the folder with initdb and postgres: Debian keeps them out of PATH, a folder a version.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		newest := slices.MaxFunc(found, func(a, b string) int { return majorVersion(a) - majorVersion(b) })
		return filepath.Dir(newest), nil
	}
	if p, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(p), nil
	}
	return "", errors.New(howToInstall)
}

func majorVersion(postgres string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(postgres))))
	if err != nil {
		return 0
	}
	return n
}
