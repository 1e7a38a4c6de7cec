package ari

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	lib "github.com/CyCoreSystems/ari/v5"

	"hotline/deploy/asterisk"
)

const samples = "testdata/events"

func readSample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(samples, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// described lists the models of the installed Asterisk's events.json, and which of them are events.
func described(t *testing.T) (models, events []string) {
	t.Helper()
	data := os.Getenv("HOTLINE_ASTERISK_DATA")
	if data == "" {
		in, err := asterisk.Find(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		data = in.Data
	}
	text, err := os.ReadFile(filepath.Join(data, "rest-api", "events.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Models map[string]struct {
			SubTypes []string `json:"subTypes"`
		} `json:"models"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for name := range doc.Models {
		models = append(models, name)
	}
	return models, doc.Models["Event"].SubTypes
}

func TestEveryModelHasASampleAndEveryEventIsDecidedOn(t *testing.T) {
	models, events := described(t)
	if len(events) < 40 {
		t.Fatalf("only %d events are described", len(events))
	}
	for _, name := range models {
		for _, suffix := range []string{".json", ".min.json"} {
			if _, err := os.Stat(filepath.Join(samples, name+suffix)); err != nil {
				t.Errorf("no sample: %v; run go generate", err)
			}
		}
	}
	for _, name := range events {
		_, err := decode(readSample(t, name+".min.json"))
		var skip errSkip
		if errors.As(err, &skip) && skip.reason == skipUnknown {
			t.Errorf("%s: nobody decided whether it is used", name)
		} else if err != nil && !errors.As(err, &skip) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAgreesWithTheLibrary holds our decoder against the library's wherever that knows the event.
func TestAgreesWithTheLibrary(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(samples, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, file := range files {
		data := readSample(t, filepath.Base(file))
		ours, err := decode(data)
		if err != nil || ours.Kind == Replaced {
			continue
		}
		if ours.Kind == CallBroadcast || ours.Kind == CallClaimed {
			continue // newer than the library
		}
		theirs, err := lib.DecodeEvent(data)
		if err != nil {
			t.Errorf("%s: the library: %v", file, err)
			continue
		}
		compared++
		if theirs.GetType() != string(ours.Kind) || theirs.GetApplication() != ours.App {
			t.Errorf("%s: %s of %s, the library says %s of %s", file, ours.Kind, ours.App, theirs.GetType(), theirs.GetApplication())
		}
		for _, pair := range sameFields(ours, theirs) {
			if pair[0] != pair[1] {
				t.Errorf("%s: we say %q, the library %q", file, pair[0], pair[1])
			}
		}
	}
	if compared < 30 {
		t.Errorf("only %d samples were compared", compared)
	}
}

func sameFields(e Event, theirs lib.Event) [][2]string {
	channel := func(d lib.ChannelData) [][2]string {
		return [][2]string{
			{e.Channel.ID, d.ID}, {e.Channel.Name, d.Name}, {e.Channel.State, d.State},
			{e.Channel.CallerNumber, d.Caller.Number}, {e.Channel.ConnectedNumber, d.Connected.Number},
			{e.Channel.Context, d.Dialplan.Context}, {e.Channel.Exten, d.Dialplan.Exten},
			{e.Channel.Vars["HOTLINE"], d.ChannelVars["HOTLINE"]},
			{e.Channel.Created.Format(time.RFC3339), time.Unix(d.Creationtime.Seconds, 0).UTC().Format(time.RFC3339)},
		}
	}
	switch l := theirs.(type) {
	case *lib.StasisStart:
		return append(channel(l.Channel), [2]string{strings.Join(e.Args, ","), strings.Join(l.Args, ",")},
			[2]string{e.Replaces, l.ReplaceChannel.ID})
	case *lib.StasisEnd:
		return channel(l.Channel)
	case *lib.ChannelDestroyed:
		return append(channel(l.Channel), [2]string{e.CauseText, l.CauseTxt})
	case *lib.ChannelDtmfReceived:
		return append(channel(l.Channel), [2]string{e.Digit, l.Digit})
	case *lib.ChannelEnteredBridge:
		if l.Channel.ID == "" {
			return [][2]string{{e.Bridge, l.Bridge.ID}}
		}
		return append(channel(l.Channel), [2]string{e.Bridge, l.Bridge.ID})
	case *lib.ChannelLeftBridge:
		return append(channel(l.Channel), [2]string{e.Bridge, l.Bridge.ID})
	case *lib.PlaybackFinished:
		return [][2]string{{e.Playback, l.Playback.ID}, {e.PlaybackState, l.Playback.State}, {e.Media, l.Playback.MediaURI}}
	case *lib.RecordingFailed:
		return [][2]string{{e.Recording, l.Recording.Name}, {e.CauseText, l.Recording.Cause}}
	case *lib.Dial:
		return append(channel(l.Peer), [2]string{e.DialStatus, l.Dialstatus})
	}
	return nil
}

func TestWhatTheLibraryDoesNotKnow(t *testing.T) {
	e, err := decode(readSample(t, "CallClaimed.json"))
	if err != nil || e.Kind != CallClaimed || e.Winner != "sample winner_app" || e.Channel.ID != "sample id" {
		t.Errorf("%+v, %v", e, err)
	}
	e, err = decode(readSample(t, "CallBroadcast.json"))
	if err != nil || e.Kind != CallBroadcast || e.Channel.ProtocolID != "sample protocol_id" {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestNoEventIsLostForADetail: an event whose id is readable is handed on, whatever else is odd in it.
func TestNoEventIsLostForADetail(t *testing.T) {
	for name, text := range map[string]string{
		"no date":             `{"type":"StasisEnd","timestamp":"yesterday","channel":{"id":"c1"}}`,
		"date is null":        `{"type":"StasisEnd","timestamp":null,"channel":{"id":"c1","creationtime":null}}`,
		"date is a number":    `{"type":"StasisEnd","timestamp":7,"channel":{"id":"c1","creationtime":{}}}`,
		"variables of a list": `{"type":"StasisEnd","channel":{"id":"c1","channelvars":["x"]}}`,
		"variable is null":    `{"type":"StasisEnd","channel":{"id":"c1","channelvars":{"HOTLINE":null}}}`,
		"cause is a word":     `{"type":"ChannelDestroyed","cause":"sixteen","cause_txt":5,"channel":{"id":"c1"}}`,
		"caller is a string":  `{"type":"StasisEnd","channel":{"caller":"x","id":"c1"}}`,
		"args is a string":    `{"type":"StasisStart","args":"a","channel":{"id":"c1"}}`,
	} {
		if e, err := decode([]byte(text)); err != nil || e.Channel.ID != "c1" {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":               ``,
		"not JSON":              `{"type":`,
		"a list":                `[1,2]`,
		"no type":               `{"channel":{"id":"c1"}}`,
		"no channel":            `{"type":"StasisEnd"}`,
		"no digit":              `{"type":"ChannelDtmfReceived","channel":{"id":"c1"}}`,
		"no playback":           `{"type":"PlaybackFinished"}`,
		"no bridge":             `{"type":"BridgeDestroyed"}`,
		"no recording":          `{"type":"RecordingFailed"}`,
		"type is our own word":  `{"type":"Gap"}`,
		"type is our own word2": `{"type":"Replaced"}`,
	} {
		var skip errSkip
		if e, err := decode([]byte(text)); err == nil {
			t.Errorf("%s: became %+v", name, e)
		} else if errors.As(err, &skip) != strings.HasPrefix(name, "type is") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(samples, "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatal("no samples", err)
	}
	for _, file := range files {
		f.Add(readSample(f, filepath.Base(file)))
	}
	own := []Kind{Connected, Gap}
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := decode(data)
		switch {
		case err != nil && !(e.Kind == ""):
			t.Errorf("an error with an event: %+v", e)
		case err == nil && (!wanted(e.Kind) || slices.Contains(own, e.Kind)):
			t.Errorf("kind %q came from outside", e.Kind)
		case err == nil && e.missing() != "":
			t.Errorf("%s without %s", e.Kind, e.missing())
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data := readSample(b, "StasisStart.min.json")
	for b.Loop() {
		if _, err := decode(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLibraryDecode(b *testing.B) {
	data := readSample(b, "StasisStart.min.json")
	for b.Loop() {
		if _, err := lib.DecodeEvent(data); err != nil {
			b.Fatal(err)
		}
	}
}
