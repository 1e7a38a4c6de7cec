package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"hotline/deploy/asterisk"
	"hotline/deploy/onebox"
	"hotline/deploy/prompts"
	"hotline/queue"
	"hotline/telephony/ari"
)

func upCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "up", Short: "Run everything on this machine: Asterisk, Redis and all roles", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			u, err := newUp(c, f.config)
			if err != nil {
				return err
			}
			return u.run(cmd.Context())
		},
	}
}

// up is one run of the whole machine.
type up struct {
	c      Config
	config string
	box    *onebox.Box
	lock   *os.File
	log    *slog.Logger
	dark   bool // the database is away, and Asterisk serves callers alone
}

func newUp(c Config, config string) (*up, error) {
	for _, d := range []string{"run", "log", "secrets", "data", "redis", "recordings"} {
		if err := os.MkdirAll(c.path(d), 0o700); err != nil {
			return nil, fmt.Errorf("folder %s: %w", d, err)
		}
	}
	for _, n := range c.nodes() {
		if err := os.MkdirAll(c.messages(n), 0o700); err != nil {
			return nil, fmt.Errorf("memory folder for messages: %w", err)
		}
	}
	lock, err := os.OpenFile(c.path("run", "up.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("another `hotline up` runs in %s: stop it first, or give --dir and --port-base of your own", c.Dir)
	}
	if err := os.WriteFile(c.path("run", "up.pid"), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, err
	}
	if config != "" {
		if config, err = filepath.Abs(config); err != nil {
			return nil, err
		}
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	return &up{c: c, config: config, lock: lock, box: onebox.New(c.path("run"), c.path("log"), log), log: log}, nil
}

// run starts everything in the order in which it is needed and waits for the signal to stop.
func (u *up) run(ctx context.Context) error {
	defer u.lock.Close()
	began := time.Now()
	starting, cancel := context.WithTimeoutCause(ctx, 2*time.Minute, errors.New("two minutes were over"))
	defer cancel()
	d, err := u.start(starting)
	if err != nil && u.dark {
		return fmt.Errorf("%w\nAsterisk is up and serves callers by its fallback; run `hotline up` again when the database is back", err)
	}
	if err != nil {
		u.stop(context.Background(), true)
		return err
	}
	if err := u.writeDemo(d); err != nil {
		u.stop(context.Background(), true)
		return err
	}
	u.announce(d, time.Since(began))
	<-ctx.Done()
	again, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	u.stop(again, false)
	return nil
}

func (u *up) start(ctx context.Context) (demo, error) {
	if err := u.startRedis(ctx); err != nil {
		return demo{}, err
	}
	users, err := prepare(ctx, &u.c)
	if err != nil {
		return demo{}, errors.Join(err, u.startDark(ctx))
	}
	if err := u.startNodes(ctx); err != nil {
		return demo{}, err
	}
	c := u.c
	for _, role := range c.roles() {
		if err := u.box.Start(ctx, u.role(role)); err != nil {
			return demo{}, err
		}
	}
	d := demo{Console: "http://" + c.open(portConsole), SIP: c.open(portSIP), SIPs: c.sips(), Users: users}
	for _, l := range c.Lines {
		for _, n := range l.Numbers {
			d.Lines = append(d.Lines, demoLine{Number: n, Name: l.Names["zh-CN"]})
		}
	}
	return d, nil
}

// startDark starts what needs no database, with the lines that were last in force here: callers of a machine that served before are never alone.
func (u *up) startDark(ctx context.Context) error {
	c, v, _ := u.c.remembered()
	if v.N == 0 {
		return nil
	}
	u.c = c
	err := u.startNodes(ctx)
	u.dark = err == nil
	return err
}

// roles are the names of our processes, in the order in which they are started.
func (c Config) roles() []string {
	return slices.Concat([]string{"gateway"}, c.controllers(), []string{"worker"}, c.guardians(), []string{"console"})
}

func (u *up) role(name string) onebox.Process {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	plain, n := number(name)
	args := []string{self, plain, "--port-base", strconv.Itoa(u.c.PortBase)}
	switch plain {
	case "controller":
		args = append(args, "--id", controllerID(n))
	case "guardian":
		args = append(args, "--node", node(n).id())
	}
	if u.config != "" {
		args = append(args, "--config", u.config)
	}
	return onebox.Process{
		Name: name, Args: append(args, "--dir", u.c.Dir),
		Ready: func(ctx context.Context) error { return get(ctx, "http://"+u.c.admin(name)+"/readyz") },
	}
}

func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, res.Status)
	}
	return nil
}

func (u *up) startRedis(ctx context.Context) error {
	if u.c.RedisURL != "" {
		return nil
	}
	password, err := u.c.secret("redis-password")
	if err != nil {
		return err
	}
	conf := u.c.path("redis", "redis.conf")
	// The append-only file keeps what was acknowledged through a kill of the process; "everysec" bounds what a power cut can take.
	text := fmt.Sprintf("bind 127.0.0.1\nport %d\ndir %q\nappendonly yes\nappendfsync everysec\nsave \"\"\nrequirepass %s\nset-proc-title no\ndaemonize no\nlogfile \"\"\n",
		u.c.PortBase+portRedis, u.c.path("redis"), password)
	rdb, err := u.c.redis()
	if err != nil {
		return err
	}
	// Written before each start: the folder may have been emptied.
	write := func() error {
		if err := os.MkdirAll(u.c.path("redis"), 0o700); err != nil {
			return err
		}
		return os.WriteFile(conf, []byte(text), 0o600)
	}
	return u.box.Start(ctx, onebox.Process{
		Name: "redis", Args: []string{"redis-server", conf}, Keep: true, BeforeStart: write,
		Ready: func(ctx context.Context) error { return rdb.Ping(ctx).Err() },
	})
}

// startNodes makes the prompts and starts the Asterisks.
func (u *up) startNodes(ctx context.Context) error {
	c := u.c
	in, err := asterisk.Find(ctx)
	if err != nil {
		return err
	}
	sounds := c.sounds()
	if _, err := prompts.Generate(ctx, prompts.Config{Sounds: sounds, Lines: c.spokenLines(), DangerKey: "0", Recorded: c.path("recorded-prompts")}); err != nil {
		return err
	}
	password, err := c.secret("ari-password")
	if err != nil {
		return err
	}
	for _, n := range c.nodes() {
		if err := u.startAsterisk(ctx, n, in, password, sounds.Dir); err != nil {
			return err
		}
	}
	return nil
}

func (u *up) startAsterisk(ctx context.Context, n node, in asterisk.Installation, password, sounds string) error {
	c := u.c
	a := c.asterisk(n, in, password, sounds)
	if err := a.Write(); err != nil {
		return err
	}
	client, err := ari.New(ari.Config{URL: c.ariURL(n), User: a.ARI.User, Password: password, App: "hotline-up"}, u.log, unregistered())
	if err != nil {
		return err
	}
	defer client.Close()
	return u.box.Start(ctx, onebox.Process{
		Name: n.role("asterisk"), Args: asterisk.Command(in.Binary, a.Dirs.Etc), Keep: true, Mask: true, Ready: client.Ping,
		// The memory folder is gone after a reboot.
		BeforeStart: func() error { return os.MkdirAll(c.messages(n), 0o700) },
	})
}

// stop drains the calls, then stops everything. again ends when the person at the terminal cannot wait; now skips the draining.
func (u *up) stop(again context.Context, now bool) {
	if !now {
		fmt.Fprintln(os.Stderr, "Stopping: new calls go to the fallback; live calls may end. Ctrl-C again stops at once.")
		var draining sync.WaitGroup
		for _, name := range u.c.controllers() {
			draining.Go(func() { u.box.Stop(again, name, syscall.SIGTERM) })
		}
		draining.Wait()
	}
	roles := slices.Concat(u.c.controllers(), []string{"console"}, u.c.guardians(), []string{"worker", "gateway"})
	for _, n := range u.c.nodes() {
		roles = append(roles, n.role("asterisk"))
	}
	for _, role := range append(roles, "redis") {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		sig := syscall.SIGTERM
		if name, _ := number(role); name == "controller" {
			sig = syscall.SIGKILL // drained already, or told not to wait
		}
		u.box.Stop(ctx, role, sig)
		cancel()
	}
	for _, f := range []string{"demo.json", "up.pid"} {
		_ = os.Remove(u.c.path("run", f))
	}
}

// demo is what a newcomer and a test from outside need to know.
type demo struct {
	Console string     `json:"console"`
	SIP     string     `json:"sip"`  // of the first node
	SIPs    []string   `json:"sips"` // of all
	Lines   []demoLine `json:"lines"`
	Users   []demoUser `json:"users"`
}

type demoLine struct {
	Number string `json:"number"`
	Name   string `json:"name"`
}

type demoUser struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	Role     string `json:"role"`

	skills queue.Skills
	once   bool // the password is shown now and kept nowhere
}

func (u *up) writeDemo(d demo) error {
	d.Users = slices.DeleteFunc(slices.Clone(d.Users), func(u demoUser) bool { return u.once })
	raw, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	tmp := u.c.path("run", "demo.json.tmp")
	if err := os.WriteFile(tmp, append(raw, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, u.c.path("run", "demo.json"))
}

func (u *up) announce(d demo, took time.Duration) {
	fmt.Printf("\n  The hotline is up (%s).\n\n  Console   %s\n  SIP       %s (UDP and TCP)\n\n", took.Round(100*time.Millisecond), d.Console, strings.Join(d.SIPs, ", "))
	for _, l := range d.Lines {
		fmt.Printf("  dial      %s  %s\n", l.Number, l.Name)
	}
	fmt.Println()
	for _, user := range d.Users {
		fmt.Printf("  log in    %-12s %s  (%s)\n", user.Name, user.Password, user.Role)
		if user.once {
			fmt.Printf("            shown this once: sign in now, change it and add a second factor\n")
		}
	}
	flags := ""
	if def := defaultConfig(); u.c.PortBase != def.PortBase {
		flags = fmt.Sprintf(" --dir %s --port-base %d", u.c.Dir, u.c.PortBase)
	}
	fmt.Printf("\n  try it    hotline call %s%s\n  faults    hotline doctor%s\n  logs      %s\n  stop      Ctrl-C (drains calls; twice: at once)\n\n", d.Lines[0].Number, flags, flags, u.c.path("log"))
}
