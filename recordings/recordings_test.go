package recordings

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"hotline/audio"
	"hotline/recordings/vault"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

// desk is a whole set: recorder, intake and library over temporary folders.
type desk struct {
	rec    *Recorder
	intake *Intake
	index  *Index
	lib    *Library
	vault  *vault.Folder
	key    SecretKey
	spool  string
	store  string
}

func newDesk(t testing.TB, db *storage.DB) *desk {
	t.Helper()
	key, err := AgeSuite{}.Generate()
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{key: key, spool: t.TempDir(), store: t.TempDir()}
	quiet := slog.New(slog.DiscardHandler)
	if d.rec, err = NewRecorder(Config{Dir: d.spool, Recipients: []PublicKey{key.Public()}, Buffer: 10000, Log: quiet}); err != nil {
		t.Fatal(err)
	}
	if d.index, err = NewIndex(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if d.vault, err = vault.NewFolder(d.store, 0); err != nil {
		t.Fatal(err)
	}
	if d.intake, err = NewIntake(IntakeConfig{Dir: d.spool, Store: d.vault, Log: quiet}, d.index); err != nil {
		t.Fatal(err)
	}
	d.lib = NewLibrary(d.index, d.vault)
	return d
}

func sqliteDesk(t testing.TB) *desk {
	return newDesk(t, storagetest.Open(t, storagetest.SQLiteURL(t)))
}

var meta = Meta{Call: "01CALL", Line: "12355", Agent: "u-1", Started: time.Date(2025, 5, 1, 23, 59, 59, 0, time.UTC)}

func (d *desk) start(t testing.TB, id string) *Take {
	t.Helper()
	take, err := d.rec.Start(id, meta)
	if err != nil {
		t.Fatal(err)
	}
	return take
}

func closeTake(t testing.TB, take *Take) time.Duration {
	t.Helper()
	length, err := take.Close()
	if err != nil {
		t.Fatal(err)
	}
	return length
}

// pass looks at the spool once and waits until everything is stored that can be.
func (in *Intake) pass(ctx context.Context, orphans bool) error {
	parts, err := in.look(ctx, orphans)
	var mu sync.Mutex
	errs := []error{err}
	for len(parts) > 0 && ctx.Err() == nil {
		parts = in.dispatch(ctx, parts, func(err error) {
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
		in.flying.Wait()
	}
	return errors.Join(errs...)
}

func (d *desk) pass(t testing.TB) {
	t.Helper()
	if err := d.intake.pass(t.Context(), true); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) open(t testing.TB, id string) *Playback {
	t.Helper()
	p, err := d.lib.Open(t.Context(), id, d.key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// tone is a sine in A-law.
func tone(hz float64, samples int) []byte {
	return audio.PCMA.Encode(nil, audio.Sine(Rate, hz, 0.5, 0, samples))
}

// speak writes two tones in frames of 20 ms.
func speak(take *Take, left, right float64, samples int) {
	l, r := tone(left, samples), tone(right, samples)
	for at := 0; at < samples; at += audio.FrameSamples {
		take.Write(Left, int64(at), l[at:min(at+audio.FrameSamples, samples)])
		take.Write(Right, int64(at), r[at:min(at+audio.FrameSamples, samples)])
	}
}

// wav reads a whole playback and splits it.
func wav(t testing.TB, p *Playback) (left, right []int16) {
	t.Helper()
	b, err := io.ReadAll(p)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != p.Size() {
		t.Fatalf("read %d of %d bytes", len(b), p.Size())
	}
	clip, err := audio.ReadWAV(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if clip.Rate != Rate || len(clip.Channels) != 2 {
		t.Fatalf("a WAV of %d Hz, %d channels", clip.Rate, len(clip.Channels))
	}
	return clip.Channels[0], clip.Channels[1]
}

func wantTone(t testing.TB, pcm []int16, hz, other float64) {
	t.Helper()
	if share := audio.Tone(pcm, Rate, hz); share < 0.95 {
		t.Errorf("%.0f Hz is only %.3f of it", hz, share)
	}
	if share := audio.Tone(pcm, Rate, other); share > 0.01 {
		t.Errorf("%.0f Hz leaked from the other side: %.3f", other, share)
	}
}

func TestCall(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		d := newDesk(t, db)
		take := d.start(t, "01REC")
		speak(take, 1000, 440, 5*Rate+123)
		if length := closeTake(t, take); length != timeOf(5*Rate+123) {
			t.Errorf("Close says %v", length)
		}
		d.pass(t)
		p := d.open(t, "01REC")
		left, right := wav(t, p)
		if len(left) != 5*Rate+123 {
			t.Errorf("%d samples", len(left))
		}
		wantTone(t, left, 1000, 440)
		wantTone(t, right, 440, 1000)

		r := p.Recording
		want := Recording{
			ID: "01REC", Meta: meta, Duration: 5015 * time.Millisecond, Chunks: 11, Complete: true, Bytes: r.Bytes, Stored: r.Stored, Head: r.Head, Marks: []Mark{},
		}
		want.Kind = KindCall
		if !reflect.DeepEqual(r, want) {
			t.Errorf("row\n%+v, want\n%+v", r, want)
		}
		list, err := d.lib.List(t.Context(), time.Time{}, 10)
		if err != nil || len(list) != 1 || !reflect.DeepEqual(bare(list[0]), bare(r)) || r.Head == "" {
			t.Errorf("list %+v, %v", list, err)
		}
		if list, err := d.lib.List(t.Context(), meta.Started, 10); err != nil || len(list) != 0 {
			t.Errorf("before its start: %+v, %v", list, err)
		}
		if list, err := d.index.ByCall(t.Context(), "01CALL"); err != nil || len(list) != 1 {
			t.Errorf("by call: %+v, %v", list, err)
		}
		if left, err := os.ReadDir(d.spool); err != nil || len(left) != 0 {
			t.Errorf("the spool still holds %v, %v", left, err)
		}
		if err := d.lib.Verify(t.Context(), "01REC", d.key); err != nil {
			t.Error(err)
		}
	})
}

// bare is a row without what only the file tells.
func bare(r Recording) Recording {
	r.Marks = nil
	return r
}

func TestOpenErrors(t *testing.T) {
	d := sqliteDesk(t)
	for _, id := range []string{"none", "../../etc/passwd", ""} {
		if _, err := d.lib.Open(t.Context(), id, d.key); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
	take := d.start(t, "a")
	speak(take, 1000, 440, Rate)
	closeTake(t, take)
	d.pass(t)
	other, err := AgeSuite{}.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.lib.Open(t.Context(), "a", other); !errors.Is(err, ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
	if _, err := d.rec.Start("../a", meta); !errors.Is(err, ErrBadID) {
		t.Errorf("an id that is a path: %v", err)
	}
}

func TestStartTwice(t *testing.T) {
	d := sqliteDesk(t)
	take := d.start(t, "a")
	if _, err := d.rec.Start("a", meta); !errors.Is(err, ErrExists) {
		t.Errorf("while it is open: %v", err)
	}
	closeTake(t, take)
	if _, err := d.rec.Start("a", meta); !errors.Is(err, ErrExists) {
		t.Errorf("while it waits in the spool: %v", err)
	}
	if again, err := take.Close(); err != nil || again > 100*time.Millisecond {
		t.Errorf("Close again: %v %v", again, err)
	}
	take.Write(Left, 0, tone(440, 160)) // must not panic
}

// A player asks for ranges: each equals that part of the whole.
func TestRanges(t *testing.T) {
	d := sqliteDesk(t)
	take := d.start(t, "a")
	speak(take, 1000, 440, 2*Rate)
	for at := 5 * Rate; at < 7*Rate+77; at += 77 { // a gap of 3 s between
		take.Write(Right, int64(at), tone(700, 77))
	}
	closeTake(t, take)
	d.pass(t)
	p := d.open(t, "a")
	whole, err := io.ReadAll(p)
	if err != nil {
		t.Fatal(err)
	}
	for from := int64(0); from < p.Size(); from += 9973 {
		for _, n := range []int64{1, 7, 44, 4096, 50000} {
			part := make([]byte, n)
			k, err := p.ReadAt(part, from)
			if want := whole[from:min(from+n, p.Size())]; !bytes.Equal(part[:k], want) || (err != nil) != (int64(k) < n) {
				t.Fatalf("bytes %d+%d differ: got %d, %v", from, n, k, err)
			}
		}
	}
	if at, err := p.Seek(-10, io.SeekEnd); err != nil || at != p.Size()-10 {
		t.Error(at, err)
	}
	if tail, err := io.ReadAll(p); err != nil || !bytes.Equal(tail, whole[len(whole)-10:]) {
		t.Errorf("the tail differs: %v", err)
	}
}

func TestKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secrets")
	if err := CreateKey(dir, AgeSuite{}); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(filepath.Join(dir, IdentityFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, RecipientFile)); err != nil {
		t.Fatal(err)
	}
	if err := CreateKey(dir, AgeSuite{}); err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(filepath.Join(dir, IdentityFile))
	if err != nil || !bytes.Equal(first, again) {
		t.Fatalf("the second call changed the key: %v", err)
	}
	ids, err := LoadSecretKeys(filepath.Join(dir, IdentityFile))
	if err != nil {
		t.Fatal(err)
	}
	to, err := LoadPublicKeys(filepath.Join(dir, RecipientFile))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := to[0].Seal([]byte("body"))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := ids[0].Open(sealed); err != nil || string(body) != "body" {
		t.Errorf("%q, %v", body, err)
	}
	if err := os.Chmod(filepath.Join(dir, IdentityFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadSecretKeys(filepath.Join(dir, IdentityFile)); err == nil || strings.Contains(err.Error(), "AGE-SECRET") {
		t.Errorf("a key that everyone may read: %v", err)
	}
}
