package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hotline/deploy/asterisk"
	"hotline/deploy/prompts"
	"hotline/test/bench/load"
	"hotline/test/stage"
)

// appQueue is Asterisk alone: the hotline's own configuration of it, with a dialplan that answers, plays the same greeting and calls
// Queue(), and counsellors who are SIP telephones. With record it also does what a hotline must: it records every talk.
type appQueue struct {
	dir     string
	record  bool
	agents  int
	few     int
	base    int // first port
	sounds  prompts.Sounds
	diary   *diary
	members *load.Members

	number string
	in     asterisk.Installation
	cfg    asterisk.Config
	cmd    *exec.Cmd
	done   chan struct{}
}

func (q *appQueue) name() string {
	if q.record {
		return "app_queue that records"
	}
	return "app_queue"
}

func (q *appQueue) server() (string, string) {
	return "127.0.0.1:" + strconv.Itoa(q.base), q.number
}

func (q *appQueue) processes() map[string]int { return map[string]int{"asterisk": q.cmd.Process.Pid} }

const ariPassword = "loopback-only-0123456789"

func (q *appQueue) start(ctx context.Context) error {
	var err error
	if q.members, err = load.NewMembers(q.diary.note, q.diary.confirm); err != nil {
		return err
	}
	if q.in, err = asterisk.Find(ctx); err != nil {
		return err
	}
	if err := q.write(); err != nil {
		return err
	}
	args := asterisk.Command(q.in.Binary, q.cfg.Dirs.Etc)
	log, err := os.OpenFile(filepath.Join(q.dir, "asterisk.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	q.cmd = exec.Command(args[0], args[1:]...)
	q.cmd.Stdout, q.cmd.Stderr = log, log
	q.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := q.cmd.Start(); err != nil {
		return err
	}
	q.done = make(chan struct{})
	go func() {
		_ = q.cmd.Wait()
		_ = log.Close()
		close(q.done)
	}()
	return q.await(ctx)
}

// write renders the hotline's files and puts the queue's in their place.
func (q *appQueue) write() error {
	c := asterisk.Defaults(filepath.Join(q.dir, "asterisk"))
	c.Installed = q.in
	c.SIP = asterisk.SIP{Host: "127.0.0.1", UDPPort: q.base, TCPPort: q.base}
	c.ARI.Port, c.ARI.Password = q.base+2, ariPassword
	c.RTP = asterisk.Ports{Low: q.base + 1000, High: q.base + 1999}
	c.Sounds, c.Messages = q.sounds.Dir, filepath.Join(q.dir, "messages")
	q.cfg = c
	if err := c.Write(); err != nil {
		return err
	}
	var queues, phones strings.Builder
	queues.WriteString("[general]\npersistentmembers = no\nautofill = yes\nshared_lastcall = no\n")
	for name, n := range map[string]int{lineMany: q.agents, lineFew: q.few} {
		fmt.Fprintf(&queues, "[q%s]\nstrategy = rrmemory\ntimeout = 15\nretry = 1\nringinuse = no\njoinempty = yes\nleavewhenempty = no\n"+
			"wrapuptime = 0\nmusicclass = %s\nannounce-frequency = 0\n", name, asterisk.HoldClass)
		for i := range n {
			fmt.Fprintf(&queues, "member => PJSIP/m%d\n", i)
		}
	}
	for i := range q.agents {
		fmt.Fprintf(&phones, "\n[m%d](speech)\ncontext = nowhere\naors = m%d\nidentify_by = ip\ntimers = no\n\n[m%d]\ntype = aor\ncontact = sip:m%d@%s\n", i, i, i, i, q.members.Addr())
	}
	record := ""
	if q.record {
		if err := os.MkdirAll(filepath.Join(q.dir, "recordings"), 0o700); err != nil {
			return err
		}
		record = " same => n,MixMonitor(" + filepath.Join(q.dir, "recordings") + "/${UNIQUEID}.wav,b)\n"
		if err := q.put("modules.conf", "load = app_mixmonitor.so\n", true); err != nil {
			return err
		}
	}
	var plan strings.Builder
	plan.WriteString("[inbound]\n") // Answer(,i): it would else wait up to 500 ms for the first packet of a silent caller
	for _, line := range []string{lineMany, lineFew} {
		fmt.Fprintf(&plan, "exten => %s,1,Answer(,i)\n same => n,QueueLog(q%s,${UNIQUEID},NONE,ARRIVED,${CALLERID(num)})\n"+
			" same => n,Playback(%s)\n%s same => n,Queue(q%s)\n same => n,Hangup()\n",
			line, line, strings.TrimPrefix(q.sounds.Greeting(lineMany)[0], "sound:"), record, line)
	}
	plan.WriteString("[nowhere]\n")
	if err := q.put("queues.conf", queues.String(), false); err != nil {
		return err
	}
	if err := q.put("extensions.conf", plan.String(), false); err != nil {
		return err
	}
	if err := q.put("logger.conf", "[general]\ndateformat = %F %T.%3q\nqueue_log = yes\nqueue_log_to_file = yes\n[logfiles]\nconsole => warning,error\n", false); err != nil {
		return err
	}
	return q.put("pjsip.conf", phones.String(), true)
}

func (q *appQueue) put(name, text string, add bool) error {
	file := filepath.Join(q.cfg.Dirs.Etc, name)
	if add {
		old, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		text = string(old) + text
	}
	return os.WriteFile(file, []byte(text), 0o600)
}

func (q *appQueue) await(ctx context.Context) error {
	err := stage.Poll(ctx, 30*time.Second, func() bool {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/ari/asterisk/modules/app_queue.so", q.base+2), nil)
		if err != nil {
			return false
		}
		req.SetBasicAuth(q.cfg.ARI.User, ariPassword)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	if err != nil {
		return fmt.Errorf("asterisk with app_queue did not start: %w (see %s)", err, filepath.Join(q.dir, "asterisk.log"))
	}
	return nil
}

func (q *appQueue) stop() error {
	if q.cmd == nil || q.cmd.Process == nil {
		return nil
	}
	_ = q.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-q.done:
	case <-time.After(5 * time.Second):
		_ = q.cmd.Process.Kill()
		<-q.done
	}
	q.members.Close()
	return nil
}

func (q *appQueue) staff(ctx context.Context, n int, speak bool) error {
	q.number = lineMany
	if n != q.agents {
		q.number = lineFew
	}
	q.members.Speak(speak)
	return stage.Poll(ctx, 20*time.Second, q.members.Idle)
}

// audit reads queue_log: every caller's line ARRIVED names the number, and one of CONNECT and ABANDON must follow, or nothing when the caller
// hung up in the greeting.
func (q *appQueue) audit(_ context.Context, calls []load.Record, _ *diary) (account, error) {
	a := count(calls)
	type story struct{ connected, abandoned int }
	byNumber, byID := map[uint64]*story{}, map[string]*story{}
	f, err := os.Open(filepath.Join(q.cfg.Dirs.Log, "queue_log"))
	if err != nil {
		return a, err
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Split(lines.Text(), "|") // time|call|queue|agent|event|data...
		if len(fields) < 5 {
			continue
		}
		switch fields[4] {
		case "ARRIVED":
			if n, ok := load.NumberOf(fields[5]); ok {
				byNumber[n] = &story{}
				byID[fields[1]] = byNumber[n]
			}
		case "CONNECT":
			if s := byID[fields[1]]; s != nil {
				s.connected++
			}
		case "ABANDON":
			if s := byID[fields[1]]; s != nil {
				s.abandoned++
			}
		}
	}
	for _, r := range calls {
		s := byNumber[r.Number]
		switch {
		case s == nil && r.Answered.IsZero() && r.Outcome == load.Abandoned: // cancelled before the answer
		case s == nil:
			a.fault(fmt.Sprintf("%s is not in queue_log (%s)", r.CallID, r.Outcome))
		case s.connected+s.abandoned > 1:
			a.fault(fmt.Sprintf("%s: %d times connected and %d times abandoned", r.CallID, s.connected, s.abandoned))
		case r.Outcome == load.Answered && s.connected != 1:
			a.fault(fmt.Sprintf("%s was answered, queue_log does not say so", r.CallID))
		case r.Outcome == load.Abandoned && s.connected == 1:
			a.Crossed++
		}
	}
	return a, nil
}

// count begins an account with what the callers say.
func count(calls []load.Record) account {
	a := account{Calls: len(calls)}
	for _, r := range calls {
		switch r.Outcome {
		case load.Answered:
			a.Answered++
		case load.Abandoned:
			a.Abandoned++
		default:
			a.fault(fmt.Sprintf("%s: %s %d", r.CallID, r.Outcome, r.Status))
		}
	}
	return a
}
