package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/audio"
	"hotline/casework"
	"hotline/casework/exports"
	"hotline/recordings/watermark"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// A copy that turns up outside, at another rate and with one side only, still says for whom it was made.
func TestWhoseCopyItIs(t *testing.T) {
	ctx := t.Context()
	db, dir := storagetest.Open(t, storagetest.SQLiteURL(t)), t.TempDir()
	store := copies(t, db)
	var fetched [3]exports.Export
	for i := range fetched {
		e, err := store.Ask(ctx, "c1", 0, time.Minute, time.Minute, "u-1", "法院调取")
		if err == nil {
			_, err = store.Decide(ctx, e.ID, "u-2", true, "")
		}
		if err == nil {
			fetched[i], err = store.Fetch(ctx, e.ID, "u-1")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	pcm := make([]int16, 0, 2*30*8000)
	for n := range 30 {
		for _, v := range audio.Sine(8000, 300+float64(n*37), 0.3, 0, 8000) {
			pcm = append(pcm, v, v/2)
		}
	}
	write := func(name string, rate int, side []int16) string {
		var b bytes.Buffer
		file := filepath.Join(dir, name)
		if err := errors.Join(audio.WriteWAV(&b, audio.Clip{Rate: rate, Channels: [][]int16{side}}), os.WriteFile(file, b.Bytes(), 0o600)); err != nil {
			t.Fatal(err)
		}
		return file
	}
	left := func() (out []int16) {
		for i := 0; i < len(pcm); i += 2 {
			out = append(out, pcm[i])
		}
		return out
	}
	sound, err := soundOf(write("clean.wav", 8000, left()))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := whose(ctx, store, sound); !errors.Is(err, errNoMark) {
		t.Errorf("a mark that is not there: %v", err)
	}
	watermark.New(fetched[1].Mark, 2).Mark(pcm)
	if sound, err = soundOf(write("copy.wav", 16000, audio.Resample(left(), 8000, 16000))); err != nil {
		t.Fatal(err)
	}
	if e, score, err := whose(ctx, store, sound); err != nil || e.ID != fetched[1].ID || score < watermark.Certain {
		t.Errorf("%+v, %.1f, %v", e, score, err)
	}
	if _, err := soundOf(filepath.Join(dir, "none.wav")); err == nil {
		t.Error("a file that is not there")
	}
}

func copies(t *testing.T, db *storage.DB) *exports.Store {
	t.Helper()
	dir := t.TempDir()
	if err := casework.CreateKeys(dir); err != nil {
		t.Fatal(err)
	}
	keys, err := casework.LoadKeys(dir, "CN")
	if err != nil {
		t.Fatal(err)
	}
	s, err := exports.Open(t.Context(), db, keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
