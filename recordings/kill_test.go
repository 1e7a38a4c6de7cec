package recordings

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"hotline/audio"
	"hotline/recordings/vault"
	"hotline/recordings/vault/s3test"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// Of the processes that TestKilledAtRandom kills.
const (
	killRole = "HOTLINE_TEST_KILL_ROLE" // recorder or worker
	killWith = "HOTLINE_TEST_KILL_WITH" // scene as JSON
)

// kills is how often something is killed.
const kills = 100

// hurry is how much faster than a clock the killed recorders speak, so that a hundred of them take seconds.
const hurry = 20

// scene is what a victim must know.
type scene struct {
	Spool, Public, Database, Part, Call string
	Store                               vault.S3Config
}

// TestKillVictim is no test of its own: it is the process that gets killed.
func TestKillVictim(t *testing.T) {
	var s scene
	if os.Getenv(killRole) == "" {
		return
	}
	if err := json.Unmarshal([]byte(os.Getenv(killWith)), &s); err != nil {
		t.Fatal(err)
	}
	if os.Getenv(killRole) == "worker" {
		s.work(t)
	} else {
		s.record(t)
	}
}

// record speaks until it is killed, and says after each frame how far it came. Once a second it marks something.
func (s scene) record(t *testing.T) {
	public, err := ParsePublicKey(s.Public)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := NewRecorder(Config{Dir: s.Spool, Recipients: []PublicKey{public}, Buffer: 1000})
	if err != nil {
		t.Fatal(err)
	}
	take, err := rec.Start(s.Part, Meta{Call: s.Call, Line: "12355", Agent: "u-1", Started: meta.Started})
	if err != nil {
		t.Fatal(err)
	}
	take.Begin(MarkTalk, "u-1", "")
	l, r := tone(1000, 60*Rate), tone(440, 60*Rate)
	frame := time.NewTicker(20 * time.Millisecond / hurry)
	for at := 0; at < len(l); at += audio.FrameSamples {
		<-frame.C
		take.Write(Left, int64(at), l[at:at+audio.FrameSamples])
		take.Write(Right, int64(at), r[at:at+audio.FrameSamples])
		if at%Rate == 0 {
			take.Mark(Mark{Kind: MarkRisk, From: timeOf(int64(at)), Code: fmt.Sprint("n", at/Rate)})
		}
		fmt.Println("spoken", at+audio.FrameSamples)
	}
}

// work stores what the spool holds until it is killed.
func (s scene) work(t *testing.T) {
	db, err := storage.Open(t.Context(), storage.Config{URL: s.Database})
	if err != nil {
		t.Fatal(err)
	}
	index, err := NewIndex(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	store, err := vault.NewS3(s.Store)
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewIntake(IntakeConfig{Dir: s.Spool, Store: store, Poll: time.Millisecond, Orphans: 5 * time.Millisecond}, index)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("spoken", 1)
	_ = in.Run(t.Context())
}

// kill starts a victim and kills it -9 when it has come so far, and a while later.
func (s scene) kill(t *testing.T, role string, after int, later time.Duration) (spoken int) {
	t.Helper()
	with, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKillVictim$")
	cmd.Env = append(os.Environ(), killRole+"="+role, killWith+"="+string(with))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said = append(said, lines.Text())
		if _, err := fmt.Sscanf(lines.Text(), "spoken %d", &spoken); err != nil || spoken < after {
			continue
		}
		if after > 0 {
			after = 1 << 30 // once
			time.AfterFunc(later, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
		}
	}
	_ = cmd.Wait()
	if spoken == 0 {
		t.Fatalf("the %s did not begin: %s", role, strings.Join(said, "\n"))
	}
	return spoken
}

// A hundred times something is killed -9 at a moment that a seed chooses: the recorder while it speaks (another goes on with the call), the
// worker while it stores, the store while it is given a part. In the end every part is there, verified and marked where something is
// missing, and each call is as long as its talk.
func TestKilledAtRandom(t *testing.T) {
	server := s3test.Start(t)
	store := server.Bucket(t, false)
	store.Stall = 2 * time.Second
	url := storagetest.SQLiteURL(t)
	d := newDesk(t, storagetest.Open(t, url))
	d.in(t, s3test.Vault(t, store))
	calls := map[string]int{} // samples of the talk
	for seed := range uint64(kills) {
		r := rand.New(rand.NewPCG(seed, 6))
		s := scene{Spool: d.spool, Public: d.key.Public().String(), Database: url, Part: fmt.Sprintf("p%03d", seed), Call: fmt.Sprintf("c%03d", seed), Store: store}
		switch who := seed % 10; {
		case who < 5:
			spoken := s.kill(t, "recorder", Rate/2+r.IntN(10*Rate), time.Duration(r.IntN(20))*time.Millisecond)
			d.goOn(t, s, spoken)
			calls[s.Call] = spoken + Rate
		case who < 8:
			d.goOn(t, s, 0)
			calls[s.Call] = Rate
			s.kill(t, "worker", 1, time.Duration(r.IntN(40))*time.Millisecond)
		default:
			d.goOn(t, s, 0)
			calls[s.Call] = Rate
			dead := make(chan struct{})
			dying := time.AfterFunc(time.Duration(r.IntN(15))*time.Millisecond, func() { server.Kill(); close(dead) })
			d.again(t, 300*time.Millisecond) // its client would try again for long
			if dying.Stop() {
				server.Kill()
			} else {
				<-dead
			}
			server.Begin(t)
		}
	}
	for range 3 {
		d.again(t, time.Minute)
	}
	for call, samples := range calls {
		d.wantCall(t, call, int64(samples))
	}
	if left, err := os.ReadDir(d.spool); err != nil || len(left) != 0 {
		t.Errorf("the spool still holds %v, %v", left, err)
	}
}

// goOn records the rest of a call as another gateway would: one second, from a sample of it on.
func (d *desk) goOn(t *testing.T, s scene, from int) {
	t.Helper()
	take, err := d.rec.Start(s.Part+"b", Meta{Call: s.Call, Line: "12355", Agent: "u-1", Started: meta.Started.Add(timeOf(int64(from)))})
	if err != nil {
		t.Fatal(err)
	}
	speak(take, 1000, 440, Rate)
	closeTake(t, take)
}

// again is a new worker that looks once, as long as it may; it may fail while the store is away.
func (d *desk) again(t *testing.T, patience time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	in, err := NewIntake(IntakeConfig{Dir: d.spool, Store: d.intake.cfg.Store, Log: slog.New(slog.DiscardHandler)}, d.index)
	if err != nil {
		t.Fatal(err)
	}
	_ = in.pass(ctx, true)
}

// wantCall proves a call of that many samples of talk.
func (d *desk) wantCall(t *testing.T, call string, samples int64) {
	t.Helper()
	s, err := d.lib.OpenCall(t.Context(), call, d.key)
	if err != nil {
		t.Errorf("%s: %v", call, err)
		return
	}
	defer func() { _ = s.Close() }()
	if off := s.Length() - timeOf(samples); off.Abs() > 200*time.Millisecond {
		t.Errorf("%s: %v of talk became %v", call, timeOf(samples), s.Length())
	}
	covered, gaps := int64(0), int64(0)
	for _, p := range s.Parts() {
		if err := d.lib.Verify(t.Context(), p.ID, d.key); err != nil {
			t.Errorf("%s: %v", call, err)
		}
		covered += samplesIn(p.Duration)
	}
	restarts := 0
	for _, m := range s.Timeline() {
		switch {
		case m.Kind == MarkGap && m.Code == GapRestart:
			gaps += samplesIn(m.To - m.From)
			restarts++
		case m.Kind == MarkGap:
			t.Errorf("%s: %+v", call, m)
		}
	}
	if off := covered + gaps - samples; off > Rate/5 || off < -Rate/5 {
		t.Errorf("%s: %d samples and %d of gaps are not %d", call, covered, gaps, samples)
	}
	if len(s.Parts()) == 1 {
		return
	}
	if restarts == 0 || gaps > hurry*Rate/4 {
		t.Errorf("%s: %d restarts, %v of gaps", call, restarts, timeOf(gaps))
	}
	// Every mark that was older than a second of the clock is there.
	have := map[string]bool{}
	for _, m := range s.Timeline() {
		have[m.Code] = m.Kind == MarkRisk || have[m.Code]
	}
	for n := range int(samples/Rate) - 1 - hurry {
		if !have[fmt.Sprint("n", n)] {
			t.Errorf("%s: mark %d is lost", call, n)
		}
	}
	pcm := make([]int16, Rate)
	if n, err := s.ReadPCM(Left, samples-Rate, pcm); n < Rate/2 || err != nil && !errors.Is(err, vault.ErrNotFound) && n < Rate*4/5 || audio.Tone(pcm[:n], Rate, 1000) < 0.95 {
		t.Errorf("%s: its end does not play: %d, %v", call, n, err)
	}
}
