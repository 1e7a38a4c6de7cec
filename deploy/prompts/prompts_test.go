package prompts

import (
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hotline/audio"
	"hotline/telephony/call"
)

func config(dir string) Config {
	return Config{
		Sounds: Sounds{Dir: dir, Languages: Languages()}, DangerKey: "0",
		Lines: []Line{{ID: "youth", Number: "12355", Menu: map[string]string{"zh-CN": "1", "en": "2"}, CallbackKey: "9"}, {ID: "crisis", Number: "12356", Names: map[string]string{"zh-CN": "心理援助热线", "en": "the support line"}}},
	}
}

func seconds(t *testing.T, s Sounds, language, name string) float64 {
	t.Helper()
	coded, err := os.ReadFile(filepath.Join(s.Dir, language, name+".alaw"))
	if err != nil {
		t.Fatal(err)
	}
	return float64(len(coded)) / rate
}

// The whole set is spoken once; the cases share it because speaking takes seconds.
func TestGenerate(t *testing.T) {
	cfg := config(t.TempDir())
	made, err := Generate(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if want := 2 + len(Languages())*(len(fixed())+len(cfg.Lines)+1+len(numbers("en"))+len(cfg.Lines[0].prompts("en"))); made != want {
		t.Errorf("made %d files, want %d", made, want)
	}
	lines := []string{"youth", "crisis"}
	if err := Check(cfg.Sounds, lines); err != nil {
		t.Fatal(err)
	}

	t.Run("a second run makes nothing", func(t *testing.T) {
		if made, err := Generate(t.Context(), cfg); err != nil || made != 0 {
			t.Fatalf("made %d: %v", made, err)
		}
	})
	t.Run("greetings are short", func(t *testing.T) {
		for _, l := range Languages() {
			for _, line := range lines {
				if s := seconds(t, cfg.Sounds, l, greetingName(line)); s > 12 {
					t.Errorf("%s, %s: %.1f s", line, l, s)
				}
			}
		}
	})
	t.Run("what cannot be heard is found and mended", func(t *testing.T) {
		for name, spoil := range map[string]func(path string) error{
			"silent": func(p string) error {
				b, err := os.ReadFile(p + ".alaw")
				if err != nil {
					return err
				}
				for i := range b {
					b[i] = audio.PCMA.Silence()
				}
				return os.WriteFile(p+".alaw", b, 0o600)
			},
			"cut":     func(p string) error { return os.Truncate(p+".alaw", 3000) },
			"no wav":  func(p string) error { return os.Remove(p + ".wav") },
			"no alaw": func(p string) error { return os.Remove(p + ".alaw") },
			"empty":   func(p string) error { return os.Truncate(p+".wav", 0) },
		} {
			path := filepath.Join(cfg.Dir, "en", Connecting)
			if err := spoil(path); err != nil {
				t.Fatal(err)
			}
			if err := Check(cfg.Sounds, lines); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: Check says %v", name, err)
			}
			if made, err := Generate(t.Context(), cfg); err != nil || made != 1 {
				t.Errorf("%s: made %d: %v", name, made, err)
			}
			if err := Check(cfg.Sounds, lines); err != nil {
				t.Errorf("%s: not mended: %v", name, err)
			}
		}
	})
	t.Run("a line that is added is all that is made", func(t *testing.T) {
		more := cfg
		more.Lines = append(more.Lines, Line{ID: "new", Number: "12320", CallbackKey: "7", Menu: map[string]string{"en": "1"}})
		if err := CheckLine(cfg.Sounds, more.Lines[2]); err == nil {
			t.Error("heard before it was made")
		}
		if made, err := Generate(t.Context(), more); err != nil || made != 2*3+1 {
			t.Errorf("made %d: %v", made, err)
		}
		if err := CheckLine(cfg.Sounds, more.Lines[2]); err != nil {
			t.Error(err)
		}
	})
	t.Run("every part of an announcement is there, and goes on without a pause", func(t *testing.T) {
		for _, l := range Languages() {
			said := cfg.Spoken(l, cfg.Lines[0])
			for _, p := range call.Parts() {
				if err := checkFile(strings.TrimPrefix(said[string(p)], "sound:")); err != nil {
					t.Errorf("%s, %s: %v", p, l, err)
				}
			}
			for _, open := range []string{Ahead, Wait, FromMinutes(5)} {
				coded, err := os.ReadFile(filepath.Join(cfg.Dir, l, open+".alaw"))
				if err != nil {
					t.Fatal(err)
				}
				if tail := audio.PCMA.Decode(nil, coded[len(coded)-rate/10:]); rms(fromPCM(tail)) < 0.002 {
					t.Errorf("%s, %s ends in a pause", open, l)
				}
			}
		}
	})
	t.Run("another key is another text", func(t *testing.T) {
		other := cfg
		other.DangerKey = "*"
		if made, err := Generate(t.Context(), other); err != nil || made == 0 || made >= 20 {
			t.Errorf("made %d: %v", made, err)
		}
	})
	t.Run("a recording takes its place", func(t *testing.T) {
		recorded := cfg
		recorded.DangerKey, recorded.Recorded = "*", t.TempDir()
		write(t, filepath.Join(recorded.Recorded, "zh-CN", Closing+".wav"), 44100, 2, 900)
		write(t, filepath.Join(recorded.Recorded, "en", greetingName("youth")+".wav"), 8000, 1, 900)
		if made, err := Generate(t.Context(), recorded); err != nil || made != 2 {
			t.Fatalf("made %d: %v", made, err)
		}
		for _, p := range []string{"zh-CN/" + Closing, "en/" + greetingName("youth")} {
			coded, err := os.ReadFile(filepath.Join(cfg.Dir, p+".alaw"))
			if err != nil {
				t.Fatal(err)
			}
			if share := audio.Tone(audio.PCMA.Decode(nil, coded), rate, 900); share < 0.9 {
				t.Errorf("%s: %.0f %% of it is the recording", p, 100*share)
			}
		}
	})
	t.Run("a recording that is none is an error", func(t *testing.T) {
		recorded := cfg
		recorded.DangerKey, recorded.Recorded = "*", t.TempDir()
		file := filepath.Join(recorded.Recorded, "en", Closing+".wav")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("ID3 not a wav"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Generate(t.Context(), recorded); err == nil || !strings.Contains(err.Error(), Closing) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the danger key comes first", func(t *testing.T) {
		for _, l := range Languages() {
			text, err := cfg.text(l, greeting, cfg.Lines[0])
			if err != nil {
				t.Fatal(err)
			}
			first, _, ok := strings.Cut(strings.NewReplacer("。", ".", "零", "0", "Press 0", "0").Replace(text), ".")
			if !ok || !strings.Contains(first, "0") {
				t.Fatalf("%s: %q says no key", l, first)
			}
			samples, err := speak(t.Context(), l, first)
			if err != nil {
				t.Fatal(err)
			}
			if s := float64(len(samples)) / rate; s > 3.3 {
				t.Errorf("%s: the key is said only after %.1f s", l, s)
			}
		}
	})
}

func write(t *testing.T, file string, sampleRate, channels int, hz float64) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	clip := audio.Clip{Rate: sampleRate}
	for range channels {
		clip.Channels = append(clip.Channels, audio.Sine(sampleRate, hz, 0.2, 0, sampleRate))
	}
	if err := audio.WriteWAV(f, clip); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEveryLanguageSaysTheSame(t *testing.T) {
	names := map[string]int{}
	for _, l := range Languages() {
		files, err := texts.ReadDir("texts/" + l)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			names[f.Name()]++
		}
	}
	for _, want := range append(fixed(), greeting, holdText, menu, callbackOffer, callbackPromised) {
		if names[want+".txt"] != len(Languages()) {
			t.Errorf("%s is there in %d of %d languages", want, names[want+".txt"], len(Languages()))
		}
		delete(names, want+".txt")
	}
	for name := range names {
		t.Errorf("%s is used by nothing", name)
	}
}

// The plain Mandarin voice reads its own pinyin as English words; none may be left in what a Chinese caller hears.
func TestMandarinIsMandarin(t *testing.T) {
	cfg := config(t.TempDir())
	for _, name := range append(fixed(), greeting, holdText, menu, callbackOffer, callbackPromised) {
		text, err := cfg.text("zh-CN", name, cfg.Lines[0])
		if err != nil {
			t.Fatal(err)
		}
		if name == holdText {
			phrases, err := parsePhrases(text)
			if err != nil {
				t.Fatal(err)
			}
			text = ""
			for _, p := range phrases {
				text += p.text
			}
		}
		cmd := exec.CommandContext(t.Context(), "espeak-ng", "-b", "1", "-q", "-x", "-v", voices["zh-CN"].name, "--stdin")
		cmd.Stdin = strings.NewReader(text)
		phonemes, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(phonemes), "(en)") {
			t.Errorf("%s is spoken as English: %s", name, phonemes)
		}
	}
}

func TestGenerateNeedsItsTool(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Generate(t.Context(), config(t.TempDir())); err == nil || !strings.Contains(err.Error(), "install.sh") {
		t.Errorf("got %v", err)
	}
}

func TestUnknownLanguage(t *testing.T) {
	cfg := config(t.TempDir())
	cfg.Languages = []string{"xx"}
	if _, err := Generate(t.Context(), cfg); err == nil {
		t.Error("taken")
	}
}

func TestHoldMusicHasNoSeam(t *testing.T) {
	music := pad()
	if len(music) != loopSeconds*rate {
		t.Fatalf("%d samples", len(music))
	}
	step := 0.0
	for i := 1; i < len(music); i++ {
		step = math.Max(step, math.Abs(music[i]-music[i-1]))
	}
	if seam := math.Abs(music[0] - music[len(music)-1]); seam > step {
		t.Errorf("a step of %.4f where the loop closes, at most %.4f elsewhere", seam, step)
	}
	for s := range loopSeconds {
		if loud := rms(music[s*rate : (s+1)*rate]); loud < 0.01 || loud > 0.2 {
			t.Errorf("second %d: loudness %.3f", s, loud)
		}
	}
}

func TestPhrasesDoNotOverlap(t *testing.T) {
	cfg := config(t.TempDir())
	for _, l := range Languages() {
		text, err := cfg.text(l, holdText, Line{})
		if err != nil {
			t.Fatal(err)
		}
		phrases, err := parsePhrases(text)
		if err != nil || len(phrases) == 0 {
			t.Fatalf("%s: %v %v", l, phrases, err)
		}
		until := 0.0
		for _, p := range phrases {
			samples, err := speak(t.Context(), l, p.text)
			if err != nil {
				t.Fatal(err)
			}
			if p.at < until {
				t.Errorf("%s: %q begins before the one before it ends (%.1f s)", l, p.text, until)
			}
			until = p.at + float64(len(samples))/rate
		}
		if until > loopSeconds {
			t.Errorf("%s: the last phrase runs over the end", l)
		}
	}
}

func TestParsePhrasesRefusesWhatItCannotPlace(t *testing.T) {
	for _, bad := range []string{"words only", "-1 early", "48 late", "NaN x", "3"} {
		if _, err := parsePhrases(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestSoundsNameWhatIsPlayed(t *testing.T) {
	s := Sounds{Dir: "/p", Languages: []string{"zh-CN", "en"}}
	if got := strings.Join(s.Greeting("youth"), " "); got != "sound:/p/zh-CN/greeting-youth sound:/p/en/greeting-youth" {
		t.Error(got)
	}
	if err := Check(s, nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
