package webrtc

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Every message of docs/protocol.md section 3 is read and written exactly as its golden file has it.
func TestGolden(t *testing.T) {
	const legA, legB, rec = "01J0000000000000000000000A", "01J0000000000000000000000B", "01J0000000000000000000000R"
	a := Leg{ID: legA, Agent: "u-1", State: Connected, Nodes: []string{"node-1"}, Recording: rec, Codec: PCMA, Since: 1700000000000}
	b := Leg{ID: legB, Agent: "u-2", State: Connecting, Nodes: []string{}, Codec: PCMA, Since: 1700000000000}
	silent, gone := a, a
	silent.State, silent.Nodes, silent.Recording = Silent, []string{"node-1", "node-2"}, ""
	gone.Nodes, gone.Recording = []string{}, ""
	cases := map[string]any{
		"snapshot":       Event{Type: EventSnapshot, Gateway: "gateway-1", RTP: "127.0.0.1:5066", Legs: []Leg{a, b}},
		"snapshot_empty": Event{Type: EventSnapshot, Gateway: "gateway-1", RTP: "127.0.0.1:5066", Legs: []Leg{}},
		"leg":            Event{Type: EventLeg, Leg: silent},
		"gone":           Event{Type: EventGone, Leg: gone, Reason: Replaced},
		"quality":        Event{Type: EventQuality, Leg: Leg{ID: legA}, Quality: Quality{RTT: 12, Loss: 0.4, Jitter: 3.1, MOS: 4.3}},
		"post_leg":       legRequest{Leg: legA, Agent: "u-1", Offer: "v=0\r\n"},
		"answer":         legAnswer{Leg: legA, Answer: "v=0\r\n"},
		"restart":        restartRequest{Offer: "v=0\r\n"},
		"put_asterisk":   asteriskRequest{Node: "node-1", RTP: "127.0.0.1:18022"},
		"put_recording":  recordingRequest{Recording: rec, Call: "01J0000000000000000000000C", Line: "12355"},
		"recording":      recordingAnswer{Recording: rec, Duration: 8123},
		"error":          Error{Code: BadOffer, Detail: "2 media sections; exactly one is allowed, audio"},
	}
	files, err := filepath.Glob("golden/*.json")
	if err != nil || len(files) != len(cases) {
		t.Fatalf("%d golden files for %d messages, %v", len(files), len(cases), err)
	}
	for name, want := range cases {
		data, err := os.ReadFile("golden/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		got := reflect.New(reflect.TypeOf(want))
		if err := json.Unmarshal(data, got.Interface()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(got.Elem().Interface(), want) {
			t.Errorf("%s: read as %+v", name, got.Elem().Interface())
		}
		written, err := json.Marshal(want)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(written, bytes.TrimSpace(data)) {
			t.Errorf("%s: written as %s", name, written)
		}
	}
}

func TestEventRefusals(t *testing.T) {
	for _, text := range []string{
		`{"type":"snapshot"}`, `{"type":"leg"}`, `{"type":"leg","leg":"x"}`, `{"type":"gone"}`, `{"type":"quality","leg":"x"}`,
		`{"type":"quality","quality":{}}`, `{"type":"lost"}`, `[]`, `{"type":1}`,
	} {
		if err := json.Unmarshal([]byte(text), &Event{}); err == nil {
			t.Errorf("%s was read", text)
		}
	}
	var later Event
	if err := json.Unmarshal([]byte(`{"type":"later","leg":7}`), &later); err != nil || later.Type != "later" {
		t.Errorf("an event of a later version: %+v, %v", later, err)
	}
	if _, err := json.Marshal(Event{Type: Lost}); err == nil || !strings.Contains(err.Error(), "never written") {
		t.Errorf("lost was written: %v", err)
	}
}

func TestReady(t *testing.T) {
	l := Leg{State: Connected, Nodes: []string{"node-1"}}
	if !l.Ready("node-1") || l.Ready("node-2") {
		t.Error("a leg is ready for its nodes only")
	}
	l.State = Silent
	if l.Ready("node-1") {
		t.Error("a silent leg is not ready")
	}
}
