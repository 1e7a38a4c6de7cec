package browser

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/chromedp/chromedp"

	"hotline/audio"
)

//go:embed ears.js
var ears string

// names under which distributions install Chromium.
var names = [...]string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// Config of one Chromium. Every field is needed.
type Config struct {
	Dir string  // an empty folder of its own: profile and microphone
	Hz  float64 // what its microphone hears
	Log string  // file for what Chromium itself prints
}

// Browser is one Chromium process with one microphone.
type Browser struct {
	ctx    context.Context
	cancel context.CancelFunc
	log    *os.File
	once   sync.Once
}

// Launch starts a headless Chromium. It ends with Close, Kill, or the test process.
func Launch(ctx context.Context, cfg Config) (*Browser, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	microphone := filepath.Join(cfg.Dir, "microphone.wav")
	if err := writeTone(microphone, cfg.Hz); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(cfg.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("browser: open log: %w", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(filepath.Join(cfg.Dir, "profile")),
		chromedp.WindowSize(1440, 900),
		chromedp.CombinedOutput(log),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-audio-capture", microphone),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("no-pings", true),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disk-cache-size", "1"),
		// Host candidates as addresses, not as mDNS names that a machine without a resolver cannot look up.
		chromedp.Flag("disable-features", "WebRtcHideLocalIpsWithMdns,Translate,MediaRouter,OptimizationHints"),
		chromedp.WSURLReadTimeout(30*time.Second),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to run as root with its sandbox
	}
	all, cancel := chromedp.NewExecAllocator(ctx, options...)
	tab, cancelTab := chromedp.NewContext(all)
	b := &Browser{ctx: tab, log: log, cancel: func() { cancelTab(); cancel() }}
	if err := chromedp.Do(tab); err != nil {
		b.Close()
		return nil, fmt.Errorf("browser: start %s: %w", path, err)
	}
	return b, nil
}

// PID of Chromium's main process.
func (b *Browser) PID() int { return chromedp.FromContext(b.ctx).Browser.Process().Pid }

// Kill ends Chromium as a crash would: nothing in it has time to say good-bye.
func (b *Browser) Kill() error {
	if err := syscall.Kill(b.PID(), syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("browser: kill: %w", err)
	}
	b.Close()
	return nil
}

// Alive reports whether Chromium runs.
func (b *Browser) Alive() bool { return b.ctx.Err() == nil && syscall.Kill(b.PID(), 0) == nil }

// Close ends Chromium and waits for it. Safe to repeat.
func (b *Browser) Close() {
	b.once.Do(func() {
		ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
		_ = chromedp.Cancel(ctx) // it may be dead already
		cancel()
		b.cancel()
		_ = b.log.Close()
	})
}

func find() (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("browser: no Chromium found for %s/%s: install the package chromium", runtime.GOOS, runtime.GOARCH)
}

// writeTone writes ten seconds of a tone. Chromium repeats the file; whole periods in it make the seam inaudible.
func writeTone(path string, hz float64) (err error) {
	const rate = 48000
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("browser: microphone: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("browser: microphone: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return audio.WriteWAV(f, audio.Clip{Rate: rate, Channels: [][]int16{audio.Sine(rate, hz, 0.5, 0, 10*rate)}})
}
