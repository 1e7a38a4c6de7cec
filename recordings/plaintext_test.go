package recordings

import (
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"hotline/audio"
)

// needle is how many bytes of speech are looked for: by chance they do not occur.
const needle = 12

// needles are all windows of speech as it may lie on a disk: A-law of each side, interleaved, and PCM of each side and of both.
func needles(left, right []byte) map[string]string {
	out := map[string]string{}
	add := func(what string, b []byte) {
		for at := 0; at+needle <= len(b); at++ {
			out[string(b[at:at+needle])] = what
		}
	}
	add("left", left)
	add("right", right)
	var mixed, both []byte
	pcm := [sides][]byte{}
	l, r := audio.PCMA.Decode(nil, left), audio.PCMA.Decode(nil, right)
	for i := range left {
		mixed = append(mixed, left[i], right[i])
		pcm[Left] = binary.LittleEndian.AppendUint16(pcm[Left], uint16(l[i]))
		pcm[Right] = binary.LittleEndian.AppendUint16(pcm[Right], uint16(r[i]))
		both = binary.LittleEndian.AppendUint16(both, uint16(l[i]))
		both = binary.LittleEndian.AppendUint16(both, uint16(r[i]))
	}
	add("interleaved", mixed)
	add("left as PCM", pcm[Left])
	add("right as PCM", pcm[Right])
	add("both as PCM", both)
	return out
}

// search reads every file below the folders. It returns how many there were.
func search(t *testing.T, needles map[string]string, dirs ...string) (files int, found []string) {
	t.Helper()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			files++
			b, err := os.ReadFile(path)
			for at := 0; at+needle <= len(b); at++ {
				if what, ok := needles[string(b[at:at+needle])]; ok {
					found = append(found, path+": "+what)
					break
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files, found
}

// Nothing on disk may hold speech in clear, at no moment: while it is recorded, paused, killed, taken in, played, examined, nor in the
// folder for temporary files.
func TestNoPlaintextOnDisk(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	for _, suite := range []Suite{AgeSuite{}, SMSuite{}} {
		d := suiteDesk(t, suite)
		look := func(when string, least int) {
			t.Helper()
			files, found := search(t, needles(tone(1000, Rate), tone(440, Rate)), d.spool, d.store, tmp)
			if files < least {
				t.Errorf("%s, %s: only %d files were looked at", suite.Name(), when, files)
			}
			for _, f := range found {
				t.Errorf("%s, %s: plaintext in %s", suite.Name(), when, f)
			}
		}
		l := d.live(t, "a")
		l.speak(1000, 440, 3*Rate)
		look("while it is recorded", 3)
		l.Pause("private", "u-1")
		l.speak(1000, 440, Rate)
		look("while it is paused", 3)
		l.Resume()
		l.speak(1000, 440, Rate)
		closeTake(t, l.Take)
		look("when it is closed", 3)
		message := filepath.Join(t.TempDir(), "m.alaw") // stands for the memory file system
		if err := os.WriteFile(message, tone(1000, Rate), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := d.rec.SealFile("m", message, Meta{Call: "c2", Started: meta.Started}); err != nil {
			t.Fatal(err)
		}
		look("with a message", 6)
		d.killed(t, Rate, func() { look("while a recorder lives", 6) })
		d.pass(t)
		look("when it is stored", 3)
		s := d.session(t, meta.Call)
		if _, err := io.Copy(io.Discard, s.WAV()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Peaks(t.Context(), 20); err != nil {
			t.Fatal(err)
		}
		if err := d.lib.Verify(t.Context(), "a", d.key); err != nil {
			t.Fatal(err)
		}
		look("when it was played", 3)
	}
	// The search itself finds what is there.
	hay := filepath.Join(tmp, "hay")
	if err := os.WriteFile(hay, append([]byte("noise"), tone(440, 100)...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, found := search(t, needles(tone(1000, Rate), tone(440, Rate)), tmp); len(found) != 1 {
		t.Errorf("found %v", found)
	}
}
