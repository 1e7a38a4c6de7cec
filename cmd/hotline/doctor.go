package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"hotline/deploy/asterisk"
	"hotline/deploy/prompts"
	"hotline/recordings"
)

// check is one thing that must be in order, and how to mend it.
type check struct {
	name string
	mend string
	run  func(context.Context) (string, error)
}

func doctorCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check every part and say how to mend each fault", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			return examine(cmd.Context(), cmd.OutOrStdout(), c.examinations())
		},
	}
}

func examine(ctx context.Context, out io.Writer, all []check) error {
	faults := 0
	for _, ch := range all {
		try, cancel := context.WithTimeout(ctx, 5*time.Second)
		said, err := ch.run(try)
		cancel()
		if err != nil {
			faults++
			fmt.Fprintf(out, "FAULT  %-12s %v\n       %-12s mend: %s\n", ch.name, err, "", ch.mend)
			continue
		}
		fmt.Fprintf(out, "ok     %-12s %s\n", ch.name, said)
	}
	if faults > 0 {
		return fmt.Errorf("%d of %d checks found a fault", faults, len(all))
	}
	return nil
}

func (c Config) examinations() []check {
	all := []check{
		{"programs", "run deploy/install.sh run", c.checkPrograms},
		{"host name", "add the host name to /etc/hosts: Asterisk looks it up in every call, and stalls when it does not resolve", func(ctx context.Context) (string, error) {
			return "resolves", asterisk.CheckHostName(ctx)
		}},
		{"prompts", "run `hotline up` once (it makes them), or remove the recording in recorded-prompts that it names", func(context.Context) (string, error) {
			return "what callers hear can be played: greetings, menus, announcements, hold audio, fallback", c.checkPrompts()
		}},
		{"memory", "free memory in /dev/shm: messages that callers leave with the fallback are kept there until they are sealed", func(context.Context) (string, error) { return room("/dev/shm", 64<<20) }},
		{"disk", "free space on the disk of " + c.Dir + ": recordings and the database need it", func(context.Context) (string, error) { return room(c.Dir, 1<<30) }},
		{"secrets", "chmod -R go= " + c.path("secrets"), c.checkSecrets},
		{"recordings", "see docs/operations.md, Recordings: the store must be there, and the keys in " + c.path("secrets"), c.checkRecordings},
		{"redis", "see " + c.path("log", "redis.log") + "; `hotline up` restarts it", c.checkRedis},
		{"database", "see the error; for SQLite: the folder " + c.path("data") + " must be writable and on a local disk", c.checkDatabase},
	}
	all = append(all, check{"callbacks", "set outbound.trunk to a trunk that takes outgoing calls, or take the callback keys from the lines", func(context.Context) (string, error) {
		known, _, _ := c.remembered()
		return known.checkCallbacks()
	}})
	for _, n := range c.nodes() {
		name := n.role("asterisk")
		all = append(all,
			check{name, "see " + c.path("log", name+".log") + "; `hotline up` restarts it", func(ctx context.Context) (string, error) { return c.checkAsterisk(ctx, n) }},
			check{n.role("sip"), "is another program on this port? ss -lunp; choose another --port-base", func(context.Context) (string, error) { return checkSIP(c.open(n.sip())) }},
		)
	}
	for _, role := range c.roles() {
		all = append(all, check{role, "see " + c.path("log", role+".log") + "; `hotline up` restarts it", func(ctx context.Context) (string, error) {
			return "ready", get(ctx, "http://"+c.admin(role)+"/readyz")
		}})
	}
	return all
}

func (c Config) checkPrograms(ctx context.Context) (string, error) {
	in, err := asterisk.Find(ctx)
	if err != nil {
		return "", err
	}
	for _, p := range []string{"redis-server", "espeak-ng"} {
		if _, err := exec.LookPath(p); err != nil {
			return "", fmt.Errorf("%s is not installed", p)
		}
	}
	return "Asterisk " + in.Version + ", Redis, espeak-ng", nil
}

// checkCallbacks finds lines that promise what the site cannot keep.
func (c Config) checkCallbacks() (string, error) {
	if by := c.dials(); by != "" {
		return "by " + by, nil
	}
	var faults []error
	for _, l := range c.Policy.Lines {
		if l.Callback.Key != "" {
			faults = append(faults, fmt.Errorf("line %s lets callers ask for a callback, and there is no trunk by which they could be called", l.ID))
		}
	}
	return "none: no outbound.trunk is set; callers who left are tasks, but nobody can be called from the console", errors.Join(faults...)
}

func room(dir string, least uint64) (string, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return "", fmt.Errorf("%s: %w", dir, err)
	}
	free := s.Bavail * uint64(s.Bsize)
	if free < least {
		return "", fmt.Errorf("%s has %d MB left, %d MB are needed", dir, free>>20, least>>20)
	}
	return fmt.Sprintf("%d MB free", free>>20), nil
}

func (c Config) checkPrompts() error {
	c, _, _ = c.remembered()
	faults := []error{prompts.Check(c.sounds(), nil)}
	for _, l := range c.spokenLines() {
		faults = append(faults, prompts.CheckLine(c.sounds(), l))
	}
	return errors.Join(faults...)
}

func (c Config) checkSecrets(context.Context) (string, error) {
	n := 0
	err := filepath.Walk(c.path("secrets"), func(p string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 && !slices.Contains([]string{recordings.RecipientFile, recordings.EscrowFile, recordings.SignedFile}, info.Name()) { // those are public
			return fmt.Errorf("%s can be read by others (%s)", p, info.Mode().Perm())
		}
		n++
		return nil
	})
	if errors.Is(err, os.ErrNotExist) {
		return "none yet: `hotline up` makes them", nil
	}
	return fmt.Sprintf("%d files and folders, for the owner only", n), err
}

func (c Config) checkRedis(ctx context.Context) (string, error) {
	rdb, err := c.redis()
	if err != nil {
		return "", err
	}
	defer rdb.Close()
	began := time.Now()
	if err := rdb.Ping(ctx).Err(); err != nil {
		return "", err
	}
	took := time.Since(began)
	kept, err := rdb.ConfigGet(ctx, "appendonly").Result()
	if err != nil {
		return "", err
	}
	if kept["appendonly"] != "yes" {
		return "", errors.New("the append-only file is off: a restart would lose the order of the waiting until it is rebuilt")
	}
	return fmt.Sprintf("answers in %s, append-only file on", took.Round(time.Microsecond)), nil
}

func (c Config) checkDatabase(ctx context.Context) (string, error) {
	db, err := c.database(ctx)
	if err != nil {
		return "", err
	}
	defer db.Close()
	return string(db.Dialect()) + " answers", db.Ping(ctx)
}

func (c Config) checkAsterisk(ctx context.Context, n node) (string, error) {
	client, err := c.asteriskClient(n, "hotline-doctor", quiet(), unregistered())
	if err != nil {
		return "", err
	}
	defer client.Close()
	info, err := client.Info(ctx)
	if err != nil {
		return "", err
	}
	return "version " + info.Version + " answers", nil
}

// checkSIP asks for a sign of life as a telephone would.
func checkSIP(addr string) (string, error) {
	conn, err := net.DialTimeout("udp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	local := conn.LocalAddr().String()
	_, _ = fmt.Fprintf(conn, "OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKdoctor%d;rport\r\nMax-Forwards: 70\r\nFrom: <sip:doctor@%s>;tag=d\r\nTo: <sip:%s>\r\nCall-ID: doctor-%d\r\nCSeq: 1 OPTIONS\r\nContact: <sip:doctor@%s>\r\nContent-Length: 0\r\n\r\n",
		addr, local, time.Now().UnixNano(), local, addr, time.Now().UnixNano(), local)
	_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	buf := make([]byte, 2048)
	began := time.Now()
	if _, err := conn.Read(buf); err != nil {
		return "", fmt.Errorf("no answer on %s: %w", addr, err)
	}
	return "answers in " + time.Since(began).Round(time.Millisecond).String(), nil
}
