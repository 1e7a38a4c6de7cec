package prompts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"hotline/audio"
)

//go:embed texts
var texts embed.FS

// form is part of every file's fingerprint: raise it when the same text must be made anew.
const form = "2"

// Line is what a greeting says of a line.
type Line struct {
	ID     string
	Number string            // spoken digit by digit where Names has no entry
	Names  map[string]string // by language, spoken

	// Greeting is what is said instead of the usual greeting, by language; {key} and {line} mean what they mean there.
	Greeting map[string]string

	Menu        map[string]string // which key chooses a language; the prompt is made in that language
	CallbackKey string            // by which callers ask to be called back; "": none
}

// Config says what to make. Every field but Recorded is needed.
type Config struct {
	Sounds
	Lines     []Line
	DangerKey string // 0-9 or *
	// Recorded is a folder with recordings by people, <language>/<name>.wav (greetings: greeting-<line>.wav, hold audio: hold.wav),
	// each of which takes the place of the synthetic one. Missing is fine.
	Recorded string
}

// voices of espeak-ng by language, and their words a minute: a calm pace. The plain voice "cmn" of espeak-ng 1.51 (Debian 12) reads
// its own pinyin as English, "ru two guo three" (espeak-ng issue 1236); the one that takes Latin letters for pinyin reads it right.
var voices = map[string]struct {
	name  string
	speed string
}{"zh-CN": {"cmn-latn-pinyin", "180"}, "en": {"en-us", "170"}}

// Languages that have texts and a voice.
func Languages() []string { return []string{"zh-CN", "en"} }

// item is one audio file to be there in the end.
type item struct {
	path        string // below Sounds.Dir, without extension
	fingerprint string
	make        func(context.Context) ([]float64, error)
}

// Generate makes what is missing, broken or whose text changed, and returns how many files it made. A second run only looks, which takes tens of milliseconds. Files
// come as .wav (8 kHz, mono, 16 bit) and .alaw (the same, what Asterisk plays without transcoding), each put in place whole.
// It fails when espeak-ng is missing and needed, and when a recording cannot be used.
func Generate(ctx context.Context, cfg Config) (made int, err error) {
	items, err := cfg.items()
	if err != nil {
		return 0, fmt.Errorf("prompts: %w", err)
	}
	manifest := filepath.Join(cfg.Dir, "manifest.json")
	done := readManifest(manifest)
	todo := slices.DeleteFunc(items, func(it item) bool {
		return done[it.path] == it.fingerprint && checkFile(filepath.Join(cfg.Dir, it.path)) == nil
	})
	if len(todo) == 0 {
		return 0, nil
	}
	made, fault := cfg.produce(ctx, todo, done)
	if fault != nil && made == 0 {
		return 0, fault
	}
	b, err := json.MarshalIndent(done, "", "  ")
	if err != nil {
		return made, fmt.Errorf("prompts: manifest: %w", err)
	}
	if err := put(manifest, b); err != nil {
		return made, errors.Join(fault, fmt.Errorf("prompts: manifest: %w", err))
	}
	return made, fault
}

// produce makes the items, as many at a time as there are processors, and notes those that are in place.
func (c Config) produce(ctx context.Context, todo []item, done map[string]string) (made int, err error) {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.NumCPU())
	for _, it := range todo {
		g.Go(func() error {
			samples, err := it.make(ctx)
			if err != nil {
				return fmt.Errorf("prompts: make %s: %w", it.path, err)
			}
			if err := store(filepath.Join(c.Dir, it.path), toPCM(samples)); err != nil {
				return fmt.Errorf("prompts: store %s: %w", it.path, err)
			}
			mu.Lock()
			defer mu.Unlock()
			done[it.path] = it.fingerprint
			made++
			return nil
		})
	}
	err = g.Wait()
	return made, err
}

func (c Config) items() ([]item, error) {
	items := []item{
		{path: beep, fingerprint: form, make: func(context.Context) ([]float64, error) { return tone(), nil }},
		{path: ringing, fingerprint: form, make: func(context.Context) ([]float64, error) { return ring(), nil }},
	}
	for _, l := range c.Languages {
		if _, ok := voices[l]; !ok {
			return nil, fmt.Errorf("language %q: there are texts in %s", l, strings.Join(Languages(), ", "))
		}
		for _, name := range fixed() {
			it, err := c.spoken(l, name, name, Line{})
			if err != nil {
				return nil, err
			}
			items = append(items, it)
		}
		for _, line := range c.Lines {
			for _, name := range append(line.prompts(l), greeting) {
				it, err := c.spoken(l, name, ofLine(name, line.ID), line)
				if err != nil {
					return nil, err
				}
				items = append(items, it)
			}
		}
		for name, text := range numbers(l) {
			it, err := c.said(l, name, text)
			if err != nil {
				return nil, err
			}
			items = append(items, it)
		}
		it, err := c.hold(l)
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return items, nil
}

// spoken is one prompt: a recording when there is one, else the text of the name spoken.
func (c Config) spoken(language, textName, name string, line Line) (item, error) {
	text, err := c.text(language, textName, line)
	if err != nil {
		return item{}, err
	}
	return c.said(language, name, text)
}

// said is one prompt: a recording when there is one, else the text spoken.
func (c Config) said(language, name, text string) (item, error) {
	path := filepath.Join(language, name)
	if it, ok, err := c.recorded(path, path+".wav", speechLevel); ok || err != nil {
		return it, err
	}
	return item{path, fingerprint(language, text), func(ctx context.Context) ([]float64, error) {
		samples, err := speak(ctx, language, text)
		if err == nil && !strings.ContainsAny(text, ".。") {
			samples = samples[:len(samples)-breath+seam] // the sentence goes on with the next part
		}
		return samples, err
	}}, nil
}

func (c Config) hold(language string) (item, error) {
	path := filepath.Join("hold", language, "hold")
	if it, ok, err := c.recorded(path, filepath.Join(language, "hold.wav"), padLevel*1.5); ok || err != nil {
		return it, err
	}
	text, err := c.text(language, holdText, Line{})
	if err != nil {
		return item{}, err
	}
	phrases, err := parsePhrases(text)
	if err != nil {
		return item{}, err
	}
	return item{path, fingerprint(language, text), func(ctx context.Context) ([]float64, error) {
		var at []float64
		var voice [][]float64
		for _, p := range phrases {
			samples, err := speak(ctx, language, p.text)
			if err != nil {
				return nil, err
			}
			at, voice = append(at, p.at), append(voice, samples)
		}
		return holdAudio(pad(), at, voice), nil
	}}, nil
}

func (c Config) recorded(path, file string, loudness float64) (item, bool, error) {
	if c.Recorded == "" {
		return item{}, false, nil
	}
	full := filepath.Join(c.Recorded, file)
	b, err := os.ReadFile(full)
	if errors.Is(err, fs.ErrNotExist) {
		return item{}, false, nil
	}
	if err != nil {
		return item{}, false, fmt.Errorf("read recording: %w", err)
	}
	return item{path, fingerprint("recorded", string(b)), func(context.Context) ([]float64, error) {
		pcm, err := audio.LoadSpeech(full)
		if err != nil {
			return nil, err
		}
		return level(fromPCM(pcm), loudness), nil
	}}, true, nil
}

var leftOver = regexp.MustCompile(`\{[a-z]*\}`)

func (c Config) text(language, name string, line Line) (string, error) {
	b, err := texts.ReadFile("texts/" + language + "/" + name + ".txt")
	if err != nil {
		return "", fmt.Errorf("text of %s: %w", name, err)
	}
	called := line.Names[language]
	if called == "" {
		called = digits(language, line.Number)
	}
	said := string(b)
	if own := line.Greeting[language]; name == greeting && own != "" {
		said = own
	}
	text := strings.NewReplacer("{key}", digits(language, c.DangerKey), "{line}", called,
		"{choice}", digits(language, line.Menu[language]), "{callback}", digits(language, line.CallbackKey)).Replace(said)
	if hole := leftOver.FindString(text); hole != "" {
		return "", fmt.Errorf("text of %s in %s: %s means nothing", name, language, hole)
	}
	return strings.TrimSpace(text), nil
}

// digits spells a number as it is said over a telephone: in Chinese one is yao there.
func digits(language, number string) string {
	words := map[rune]string{'*': " star ", '#': " pound ", '+': ""}
	if language == "zh-CN" {
		words = map[rune]string{
			'0': "零", '1': "幺", '2': "二", '3': "三", '4': "四", '5': "五", '6': "六", '7': "七", '8': "八", '9': "九", '*': "星号键", '#': "井号键", '+': "",
		}
	}
	var b strings.Builder
	for _, r := range number {
		w, ok := words[r]
		if !ok {
			w = string(r) + " "
		}
		b.WriteString(w)
	}
	return strings.TrimSpace(b.String())
}

// speak has espeak-ng say text. The text goes by standard input, so that none of it can be taken for an option.
func speak(ctx context.Context, language, text string) ([]float64, error) {
	dir, err := os.MkdirTemp("", "hotline-speech-")
	if err != nil {
		return nil, fmt.Errorf("speak: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	voice, file := voices[language], filepath.Join(dir, "speech.wav")
	cmd := exec.CommandContext(ctx, "espeak-ng", "-b", "1", "-v", voice.name, "-s", voice.speed, "-w", file, "--stdin")
	cmd.Stdin = strings.NewReader(text)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, errors.New("espeak-ng is not installed: run deploy/install.sh run")
		}
		return nil, fmt.Errorf("espeak-ng: %w: %s", err, strings.TrimSpace(complaint.String()))
	}
	pcm, err := audio.LoadSpeech(file)
	if err != nil {
		return nil, fmt.Errorf("espeak-ng: %w", err)
	}
	return level(trim(fromPCM(pcm)), speechLevel), nil
}

func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, p := range append(parts, form) {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func readManifest(file string) map[string]string {
	done := map[string]string{}
	b, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(b, &done) != nil {
		return map[string]string{} // unreadable is the same as absent: everything is made anew
	}
	return done
}

func store(target string, pcm []int16) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(target), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	if err := audio.WriteWAV(temp, audio.Clip{Rate: rate, Channels: [][]int16{pcm}}); err != nil {
		return errors.Join(err, temp.Close())
	}
	if err := errors.Join(temp.Chmod(0o644), temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), target+".wav"); err != nil {
		return err
	}
	return put(target+".alaw", audio.PCMA.Encode(nil, pcm))
}

// put writes a file whole or not at all.
func put(file string, b []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(b)
	if err := errors.Join(err, temp.Chmod(0o644), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}
