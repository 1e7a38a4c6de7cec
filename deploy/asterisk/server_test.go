package asterisk_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hotline/audio"
	"hotline/deploy/asterisk"
	"hotline/deploy/prompts"
	"hotline/telephony/phone"
	"hotline/test/ports"
)

// Every prompt of these tests is a tone, so that what the caller hears has a name.
const (
	hold       = 440
	greetingZH = 600
	greetingEN = 700
	leave      = 850
	beep       = 1000
	closing    = 1300
	danger     = 1600
	colleague  = 1900 // what the fallback phone says
	caller     = 2200 // what the caller says
)

var named = []float64{hold, greetingZH, greetingEN, leave, beep, closing, danger, colleague, caller}

const callerNumber = "13912345678"

// server is a real Asterisk that runs what Render wrote.
type server struct {
	asterisk.Config
	out  *output
	done chan struct{}
}

type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// start runs Asterisk until the end of the test. change may alter the configuration before that.
func start(t *testing.T, change func(*asterisk.Config)) *server {
	t.Helper()
	in, err := asterisk.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := asterisk.Defaults(filepath.Join(dir, "asterisk"))
	c.Installed, c.ARI.Password = in, "a-password-for-this-test"
	c.SIP.UDPPort, c.ARI.Port = ports.Free(t), ports.Free(t)
	c.SIP.TCPPort = c.SIP.UDPPort
	c.RTP = asterisk.Ports{Low: 30000, High: 31999}
	c.Sounds, c.Messages = filepath.Join(dir, "sounds"), filepath.Join(dir, "messages")
	c.SilenceEnds = 3 * time.Second
	if change != nil {
		change(&c)
	}
	makeSounds(t, c)
	if err := c.Write(); err != nil {
		t.Fatal(err)
	}
	s := &server{Config: c, out: &output{}, done: make(chan struct{})}
	args := asterisk.Command(in.Binary, c.Dirs.Etc)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = s.out, s.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.done)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.done:
		case <-time.After(10 * time.Second):
			t.Error("Asterisk did not end within 10 s")
			_ = cmd.Process.Kill()
			<-s.done
		}
		if t.Failed() {
			t.Logf("Asterisk said:\n%s", s.out)
		}
		if strings.Contains(s.out.String(), callerNumber) {
			t.Errorf("the caller's number is in the log:\n%s", s.out)
		}
	})
	s.awaitReady(t)
	return s
}

func (s *server) awaitReady(t *testing.T) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		res, err := s.get(t.Context(), "/asterisk/ping")
		if err == nil && res == http.StatusOK && strings.Contains(s.out.String(), "Asterisk Ready.") {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-s.done:
			t.Fatalf("Asterisk ended:\n%s", s.out)
		case <-deadline:
			t.Fatalf("Asterisk was not ready within 20 s (%v):\n%s", err, s.out)
		}
	}
}

func (s *server) get(ctx context.Context, path string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.ari(path), nil)
	if err != nil {
		return 0, err
	}
	req.SetBasicAuth(s.ARI.User, s.ARI.Password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func (s *server) ari(path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d/ari%s", s.ARI.Port, path)
}
func (s *server) sip() string { return fmt.Sprintf("127.0.0.1:%d", s.SIP.UDPPort) }

// call dials a number as a caller with a number of his own.
func (s *server) call(t *testing.T, number string) *line {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := dial(t, ctx, phone.Config{Server: s.sip(), From: callerNumber}, number)
	if err != nil {
		t.Fatalf("call %s: %v", number, err)
	}
	return listen(c)
}

// dial makes a call that outlives ctx: phone.Dial hangs up when its context ends.
func dial(t *testing.T, ctx context.Context, cfg phone.Config, number string) (*phone.Call, error) {
	t.Helper()
	type result struct {
		c   *phone.Call
		err error
	}
	life, end := context.WithCancel(t.Context())
	t.Cleanup(end)
	answered := make(chan result, 1)
	go func() {
		c, err := phone.Dial(life, cfg, number)
		answered <- result{c, err}
	}()
	select {
	case r := <-answered:
		return r.c, r.err
	case <-ctx.Done():
		end()
		return nil, ctx.Err()
	}
}

// notes waits until there are n notes and returns them.
func (s *server) notes(t *testing.T, n int) []asterisk.Note {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for {
		notes, err := asterisk.ReadNotes(s.Messages)
		if err == nil && len(notes) == n {
			return notes
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatalf("%d notes after 5 s, want %d (%v)", len(notes), n, err)
		}
	}
}

// line is one end of a call and the tones heard there, in order, each once per stretch.
type line struct {
	*phone.Call
	mu    sync.Mutex
	tones []float64
	run   float64
	count int
	news  chan struct{}
}

func listen(c *phone.Call) *line {
	l := &line{Call: c, news: make(chan struct{}, 1)}
	c.OnPacket(l.take)
	return l
}

// take counts a tone once it lasted for 60 ms.
func (l *line) take(p phone.Packet) {
	now := 0.0
	for _, hz := range named {
		if audio.Tone(p.PCM, audio.Rate, hz) > 0.8 {
			now = hz
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now != l.run {
		l.run, l.count = now, 0
	}
	l.count++
	if l.count == 3 && now != 0 && (len(l.tones) == 0 || l.tones[len(l.tones)-1] != now) {
		l.tones = append(l.tones, now)
		select {
		case l.news <- struct{}{}:
		default:
		}
	}
}

func (l *line) heard() []float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.tones)
}

// await waits until the last tones heard are want.
func (l *line) await(t *testing.T, want ...float64) {
	t.Helper()
	deadline := time.After(15 * time.Second)
	for {
		h := l.heard()
		if len(h) >= len(want) && slices.Equal(h[len(h)-len(want):], want) {
			return
		}
		select {
		case <-l.news:
		case <-l.Done():
			t.Fatalf("the call ended; heard %v, want %v at the end", l.heard(), want)
		case <-deadline:
			t.Fatalf("heard %v, want %v at the end", h, want)
		}
	}
}

func (l *line) press(t *testing.T, key string) {
	t.Helper()
	if err := l.SendDTMF(key); err != nil {
		t.Fatal(err)
	}
}

func (l *line) hangUp(t *testing.T) {
	t.Helper()
	if err := l.Hangup(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// makeSounds has prompts.Generate take recordings that are tones, 0.5 s each.
func makeSounds(t *testing.T, c asterisk.Config) {
	t.Helper()
	recorded := t.TempDir()
	tone := func(language, name string, hz float64, length time.Duration) {
		t.Helper()
		dir := filepath.Join(recorded, language)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(dir, name+".wav"))
		if err != nil {
			t.Fatal(err)
		}
		pcm := audio.Sine(audio.Rate, hz, 0.5, 0, int(length.Seconds()*audio.Rate))
		if err := audio.WriteWAV(f, audio.Clip{Rate: audio.Rate, Channels: [][]int16{pcm}}); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var lines []prompts.Line
	for _, l := range c.Lines {
		lines = append(lines, prompts.Line{ID: l.ID, Number: l.Numbers[0]})
		for _, language := range c.Languages {
			tone(language, "greeting-"+l.ID, 3000, time.Second)
		}
	}
	const short = 500 * time.Millisecond
	for _, language := range c.Languages {
		greeting := float64(greetingZH)
		if language == "en" {
			greeting = greetingEN
		}
		tone(language, prompts.FallbackGreeting, greeting, short)
		tone(language, prompts.LeaveMessage, leave, short)
		tone(language, prompts.Closing, closing, short)
		tone(language, prompts.DangerNoted, danger, short)
		tone(language, "hold", hold, 2*time.Second)
		for _, other := range []string{prompts.HoldReassurance, prompts.Connecting, prompts.Technical, prompts.Returning} {
			tone(language, other, 3000, short)
		}
	}
	cfg := prompts.Config{
		Sounds: prompts.Sounds{Dir: c.Sounds, Languages: c.Languages}, Lines: lines, DangerKey: c.DangerKey, Recorded: recorded,
	}
	if _, err := prompts.Generate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
}
