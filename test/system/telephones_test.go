package system_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hotline/audio"
	"hotline/telephony/phone"
	"hotline/test/stage"
)

// A telephone of another make: sipp calls, is answered, stays for two seconds and hangs up.
func TestAnotherMakeOfTelephone(t *testing.T) {
	s := play(t)
	rows, err := s.Ledger(t.Context())
	must(t, err)
	earlier := map[string]bool{}
	for _, r := range rows {
		earlier[r.ID] = true
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sipp", s.Demo.SIP, "-sn", "uac", "-s", "12345", "-i", "127.0.0.1", "-m", "1", "-d", "2000", "-nostdin")
	cmd.Dir = t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sipp: %v\n%s", err, out)
	}
	err = stage.Poll(t.Context(), 5*time.Second, func() bool {
		rows, err := s.Ledger(t.Context())
		must(t, err)
		return slices.ContainsFunc(rows, func(r stage.Ended) bool { return r.Line == "12345" && r.Outcome == "abandoned" && !earlier[r.ID] })
	})
	if err != nil {
		t.Errorf("the ledger has no row of the call: %v", err)
	}
}

// Calls come over TCP, and in mu-law, too.
func TestOtherTransportsAndCodecs(t *testing.T) {
	s := play(t)
	for name, cfg := range map[string]phone.Config{
		"tcp":    {Transport: "tcp"},
		"mu-law": {Codecs: []audio.Codec{audio.PCMU}},
	} {
		cfg.Server, cfg.From = s.Demo.SIP, private+"0000"
		call, err := phone.Dial(t.Context(), cfg, "12345")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c := &caller{Call: call, t: t, answered: time.Now(), silence: time.Second}
		s.callers = append(s.callers, c)
		c.awaitSound(c.answered, 2*time.Second, "the hold audio over "+name, stage.Tones(stage.ToneHold))
	}
}

// One person alone can try the whole thing: `hotline call` plays a file, presses keys and keeps what it hears.
func TestHotlineCall(t *testing.T) {
	s := play(t)
	heard := filepath.Join(t.TempDir(), "heard.wav")
	_, err := s.Command(t.Context(), "call", "12356", "--tone", "440", "--keys", "0", "--record", heard, "--limit", "3s", "--from", private+"0000")
	must(t, err)
	f, err := os.Open(heard)
	must(t, err)
	defer func() { _ = f.Close() }()
	clip, err := audio.ReadWAV(f)
	must(t, err)
	for name, hz := range map[string]float64{"answer to the danger key": stage.ToneDanger, "hold audio": stage.ToneHold} {
		if share(clip.Mono(), hz) < 0.05 {
			t.Errorf("what `hotline call` kept has no %s", name)
		}
	}
}

// A machine that is well is told so.
func TestDoctorFindsNothing(t *testing.T) {
	s := play(t)
	out, err := s.Command(t.Context(), "doctor")
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
