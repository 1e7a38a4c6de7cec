package prompts

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"hotline/audio"
)

const (
	shortest, longest = rate / 5, 5 * 60 * rate
	audible           = 0.01 // rms; below this a caller hears nothing
)

// Check verifies that every file a call can need is there and can be heard: Asterisk answers a request to play a file that it cannot
// use with success and silence. Each fault is one of the joined errors; Generate mends them all.
func Check(s Sounds, lines []string) error {
	paths := []string{s.Beep(), s.Ringing()}
	for _, l := range s.Languages {
		for _, name := range fixed() {
			paths = append(paths, filepath.Join(s.Dir, l, name))
		}
		for name := range numbers(l) {
			paths = append(paths, filepath.Join(s.Dir, l, name))
		}
		for _, line := range lines {
			paths = append(paths, filepath.Join(s.Dir, l, greetingName(line)))
		}
		paths = append(paths, filepath.Join(s.HoldFolder(l), "hold"))
	}
	var faults []error
	for _, p := range paths {
		if err := checkFile(p); err != nil {
			faults = append(faults, fmt.Errorf("prompts: %s: %w", p, err))
		}
	}
	return errors.Join(faults...)
}

// CheckLine verifies that what a line says for itself can be heard in every language: its greeting, its menu, what it says of callbacks.
func CheckLine(s Sounds, line Line) error {
	var faults []error
	for _, l := range s.Languages {
		for _, name := range append(line.prompts(l), greeting) {
			if err := checkFile(filepath.Join(s.Dir, l, ofLine(name, line.ID))); err != nil {
				faults = append(faults, fmt.Errorf("prompts: %s of %s in %s: %w", name, line.ID, l, err))
			}
		}
	}
	return errors.Join(faults...)
}

// checkFile reads the header of the .wav and listens to the .alaw, which is what Asterisk plays to an A-law caller.
func checkFile(path string) error {
	plain, err := os.ReadFile(path + ".wav")
	if err != nil {
		return err
	}
	coded, err := os.ReadFile(path + ".alaw")
	if err != nil {
		return err
	}
	if len(coded) < shortest || len(coded) > longest {
		return fmt.Errorf("%.1f s: want %.1f to %d", float64(len(coded))/rate, float64(shortest)/rate, longest/rate)
	}
	if !bytes.Equal(plain[:min(len(plain), headerBytes)], header(len(coded))) {
		return errors.New("its .wav is not 8 kHz, mono, 16 bit, of the length of its .alaw")
	}
	if rms(fromPCM(audio.PCMA.Decode(nil, coded))) < audible {
		return errors.New("silent")
	}
	return nil
}

const headerBytes = 44

// header is what store writes before n samples: RIFF, PCM, one channel, 16 bit.
func header(n int) []byte {
	b := append(make([]byte, 0, headerBytes), "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(headerBytes-8+2*n))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, 2*rate)
	b = append(b, "\x02\x00\x10\x00data"...)
	return binary.LittleEndian.AppendUint32(b, uint32(2*n))
}
