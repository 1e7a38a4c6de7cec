package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"hotline/deploy/asterisk"
	"hotline/test/bench/load"
	"hotline/test/bench/machine"
	"hotline/test/stage"
)

// What is dialled: the caller hears the own voice, with or without being recorded.
const (
	recorded = "recorded"
	plain    = "plain"
)

const ariPassword = "loopback-only-0123456789"

// mixMonitor is Asterisk with the hotline's configuration of it, and a dialplan that answers, records both directions apart in A-law, and
// echoes. What recording costs is the difference to the same without it.
type mixMonitor struct {
	dir  string
	in   asterisk.Installation
	cmd  *exec.Cmd
	done chan struct{}
	sip  int
}

func (*mixMonitor) name() string { return "B plain by MixMonitor" }

func (m *mixMonitor) start(ctx context.Context) error {
	if err := errors.Join(os.MkdirAll(m.tapes(), 0o700), os.MkdirAll(filepath.Join(m.dir, "sounds"), 0o700)); err != nil {
		return err
	}
	if err := m.write(); err != nil {
		return err
	}
	args := asterisk.Command(m.in.Binary, filepath.Join(m.dir, "asterisk", "etc"))
	log, err := os.Create(filepath.Join(m.dir, "asterisk.log"))
	if err != nil {
		return err
	}
	m.cmd = exec.Command(args[0], args[1:]...)
	m.cmd.Stdout, m.cmd.Stderr = log, log
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := m.cmd.Start(); err != nil {
		return err
	}
	m.done = make(chan struct{})
	go func() {
		defer close(m.done)
		_ = m.cmd.Wait()
		_ = log.Close()
	}()
	if err := m.await(ctx); err != nil {
		said, _ := os.ReadFile(filepath.Join(m.dir, "asterisk.log"))
		return fmt.Errorf("%w\n%s", err, said)
	}
	return nil
}

func (m *mixMonitor) tapes() string { return filepath.Join(m.dir, "tapes") }

func (m *mixMonitor) write() error {
	ports, err := free(2)
	if err != nil {
		return err
	}
	m.sip = ports[0]
	c := asterisk.Defaults(filepath.Join(m.dir, "asterisk"))
	c.Installed = m.in
	c.SIP = asterisk.SIP{Host: "127.0.0.1", UDPPort: m.sip, TCPPort: m.sip}
	c.ARI.Port, c.ARI.Password = ports[1], ariPassword
	c.RTP = asterisk.Ports{Low: 12000, High: 19999}
	c.Sounds, c.Messages = filepath.Join(m.dir, "sounds"), filepath.Join(m.dir, "messages") // nothing is played
	if err := c.Write(); err != nil {
		return err
	}
	modules := filepath.Join(c.Dirs.Etc, "modules.conf")
	old, err := os.ReadFile(modules)
	if err != nil {
		return err
	}
	old = append(old, "load = app_echo.so\nload = app_mixmonitor.so\nload = format_pcm.so\n"...)
	if err := os.WriteFile(modules, old, 0o600); err != nil {
		return err
	}
	tape := filepath.Join(m.tapes(), "${UNIQUEID}")
	plan := "[inbound]\nexten => " + plain + ",1,Answer(,i)\n same => n,Echo()\n same => n,Hangup()\n" +
		"exten => " + recorded + ",1,Answer(,i)\n same => n,MixMonitor(,r(" + tape + "-r.alaw)t(" + tape + "-t.alaw))\n same => n,Echo()\n same => n,Hangup()\n"
	return os.WriteFile(filepath.Join(c.Dirs.Etc, "extensions.conf"), []byte(plan), 0o600)
}

// free finds ports of loopback that are free for UDP and TCP.
func free(n int) (ports []int, err error) {
	for len(ports) < n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		_ = l.Close()
		if err == nil {
			_ = u.Close()
			ports = append(ports, port)
		}
	}
	return ports, nil
}

func (m *mixMonitor) await(ctx context.Context) error {
	etc, err := os.ReadFile(filepath.Join(m.dir, "asterisk", "etc", "http.conf"))
	if err != nil {
		return err
	}
	var port int
	for _, line := range bytes.Split(etc, []byte("\n")) {
		if _, err := fmt.Sscanf(string(line), "bindport = %d", &port); err == nil {
			break
		}
	}
	return stage.Poll(ctx, 30*time.Second, func() bool {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/ari/asterisk/modules/app_mixmonitor.so", port), nil)
		if err != nil {
			return false
		}
		req.SetBasicAuth(asterisk.Defaults(m.dir).ARI.User, ariPassword)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

func (m *mixMonitor) stop() error {
	if m.cmd == nil || m.cmd.Process == nil {
		return nil
	}
	_ = m.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-m.done:
	case <-time.After(5 * time.Second):
		_ = m.cmd.Process.Kill()
		<-m.done
	}
	return nil
}

func (m *mixMonitor) record(ctx context.Context, streams int, length time.Duration, cost bool) (r result, err error) {
	with, calls, err := m.calls(ctx, recorded, streams, length)
	if err != nil {
		return r, err
	}
	var without time.Duration
	if cost {
		if without, _, err = m.calls(ctx, plain, streams, length); err != nil {
			return r, err
		}
	}
	r.streams, r.cpu = streams, max(with-without, 0)
	for _, c := range calls {
		if c.Answered.IsZero() || c.Left.IsZero() {
			r.missing += 2 * int(length/frameTime) // it was never recorded at all
			continue
		}
		talk := c.Left.Sub(c.Answered)
		r.spoken += talk
		// The first frames and the last ones are on their way when recording begins and ends: they are not counted.
		r.frames += 2 * max(int(talk/frameTime)-edges, 0)
	}
	found, err := m.count()
	r.missing += max(r.frames-found, 0)
	return r, err
}

// edges is how many frames of a talk may lie outside of its recording without being missed: its beginning is 200 ms.
const edges = 10

// calls lets so many callers speak at once and returns what it cost.
func (m *mixMonitor) calls(ctx context.Context, number string, streams int, length time.Duration) (time.Duration, []load.Record, error) {
	c, err := load.NewCallers("127.0.0.1:"+strconv.Itoa(m.sip), number)
	if err != nil {
		return 0, nil, err
	}
	defer c.Close()
	before := machine.CPU(m.cmd.Process.Pid)
	calls, err := c.Run(ctx, load.Plan{Rate: float64(streams) / spread.Seconds(), For: spread, Patience: length, Speak: true})
	return machine.CPU(m.cmd.Process.Pid) - before, calls, err
}

// count finds the frames on all tapes and takes the tapes away.
func (m *mixMonitor) count() (found int, err error) {
	tapes, err := filepath.Glob(filepath.Join(m.tapes(), "*.alaw"))
	if err != nil {
		return 0, err
	}
	magic := load.CallerSpeech(0)[:8]
	for _, tape := range tapes {
		alaw, err := os.ReadFile(tape)
		if err != nil {
			return found, err
		}
		found += bytes.Count(alaw, magic)
		if err := os.Remove(tape); err != nil {
			return found, err
		}
	}
	return found, nil
}
