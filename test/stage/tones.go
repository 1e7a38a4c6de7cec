package stage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"hotline/audio"
)

// What the callers of a stage hear instead of words, in Hz: the product takes recorded wav files in place of its spoken prompts, and a
// pure tone can be recognised within 20 ms. Tones are 80 Hz apart or more, so that none is taken for another.
const (
	ToneHold      = 350
	ToneGreeting  = 600
	ToneTechnical = 700
	ToneDanger    = 800
	ToneReturning = 900
	ToneConnect   = 1150
	ToneReassure  = 1250
	ToneFallback  = 1350
	ToneLeave     = 1500
	ToneClosing   = 1600

	ToneNews       = 1850 // whatever is said of place and time
	ToneStay       = 1950
	ToneMenu       = 2200
	ToneClosed     = 2300
	ToneBlocked    = 2400
	ToneOffer      = 2500 // of a callback
	TonePromised   = 2600
	ToneImpossible = 2700
	ToneWithdrawn  = 2800

	// What a person of the call tree hears by telephone.
	ToneAsk      = 2900
	ToneAccepted = 3000
	ToneDeclined = 3100
	ToneOver     = 3200
)

type prompt struct {
	name string
	hz   float64
	long time.Duration
}

var prompts = [...]prompt{
	{"hold", ToneHold, 10 * time.Second},
	{"greeting-12345", ToneGreeting, 400 * time.Millisecond},
	{"greeting-12355", ToneGreeting, 400 * time.Millisecond},
	{"greeting-12356", ToneGreeting, 2 * time.Second},
	{"technical", ToneTechnical, 400 * time.Millisecond},
	{"danger-noted", ToneDanger, 400 * time.Millisecond},
	{"returning", ToneReturning, 400 * time.Millisecond},
	{"connecting", ToneConnect, 400 * time.Millisecond},
	{"hold-reassurance", ToneReassure, 400 * time.Millisecond},
	{"fallback-greeting", ToneFallback, 400 * time.Millisecond},
	{"leave-message", ToneLeave, 400 * time.Millisecond},
	{"closing", ToneClosing, 400 * time.Millisecond},
	{"next", ToneNews, 600 * time.Millisecond},
	{"ahead", ToneNews, 400 * time.Millisecond},
	{"callers-1", ToneNews, 400 * time.Millisecond},
	{"callers-2", ToneNews, 400 * time.Millisecond},
	{"callers-3", ToneNews, 400 * time.Millisecond},
	{"urgent-first", ToneNews, 400 * time.Millisecond},
	{"wait-longer", ToneNews, 400 * time.Millisecond},
	{"wait", ToneNews, 400 * time.Millisecond},
	{"wait-short", ToneNews, 400 * time.Millisecond},
	{"wait-hour", ToneNews, 400 * time.Millisecond},
	{"wait-unknown", ToneNews, 600 * time.Millisecond},
	{"from-1", ToneNews, 400 * time.Millisecond},
	{"minutes-2", ToneNews, 400 * time.Millisecond},
	{"stay-with-us", ToneStay, 400 * time.Millisecond},
	{"closed", ToneClosed, 400 * time.Millisecond},
	{"blocked", ToneBlocked, 400 * time.Millisecond},
	{"menu-12355", ToneMenu, 400 * time.Millisecond},
	{"callback-offer-12355", ToneOffer, 400 * time.Millisecond},
	{"callback-promised-12355", TonePromised, 2 * time.Second},
	{"callback-impossible", ToneImpossible, 400 * time.Millisecond},
	{"callback-withdrawn", ToneWithdrawn, 400 * time.Millisecond},
	{"alert-ask", ToneAsk, 2 * time.Second},
	{"alert-accepted", ToneAccepted, time.Second},
	{"alert-declined", ToneDeclined, time.Second},
	{"alert-over", ToneOver, time.Second},
}

// Say replaces the words of one prompt by a tone, in every language. Call it before the first Start.
func (s *Stage) Say(name string, hz float64, long time.Duration) error {
	for _, language := range []string{"zh-CN", "en"} {
		dir := s.path("recorded-prompts", language)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("stage: prompts: %w", err)
		}
		pcm := audio.Sine(audio.Rate, hz, 0.3, 0, int(long*audio.Rate/time.Second))
		if err := writeWAV(filepath.Join(dir, name+".wav"), pcm); err != nil {
			return err
		}
	}
	return nil
}

// Speak replaces the words of every prompt by its tone. Call it before the first Start.
func (s *Stage) Speak() error {
	for _, p := range prompts {
		if err := s.Say(p.name, p.hz, p.long); err != nil {
			return err
		}
	}
	return nil
}

func writeWAV(path string, pcm []int16) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("stage: prompts: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return audio.WriteWAV(f, audio.Clip{Rate: audio.Rate, Channels: [][]int16{pcm}})
}

// Tones is a test whether a packet is one of the tones: half of its power or more.
func Tones(tones ...float64) func(audio.Packet) bool {
	return func(p audio.Packet) bool {
		for _, hz := range tones {
			if audio.Tone(p.PCM, audio.Rate, hz) >= 0.5 {
				return true
			}
		}
		return false
	}
}

// Comfort is what a caller hears who is with nobody: hold audio or a prompt.
func Comfort() func(audio.Packet) bool {
	return Tones(ToneHold, ToneGreeting, ToneTechnical, ToneDanger, ToneReturning, ToneConnect, ToneReassure, ToneFallback, ToneLeave, ToneClosing,
		ToneNews, ToneStay, ToneMenu, ToneClosed, ToneBlocked, ToneOffer, TonePromised, ToneImpossible, ToneWithdrawn)
}
