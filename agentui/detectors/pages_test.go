package detectors

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
)

func TestCheckDetection(t *testing.T) {
	now := time.Now()
	good := protocol.Detection{Call: "01J0000000000000000000000D", Kind: "speech", Level: "high", Score: 0.5, At: now.UnixMilli(), Source: "1"}
	if !checkDetection(good, now) {
		t.Error("a good one is refused")
	}
	for what, spoil := range map[string]func(*protocol.Detection){
		"call": func(d *protocol.Detection) { d.Call = "1" }, "kind": func(d *protocol.Detection) { d.Kind = "Speech!" }, "long kind": func(d *protocol.Detection) { d.Kind = strings.Repeat("a", 33) },
		"level": func(d *protocol.Detection) { d.Level = "none" }, "score": func(d *protocol.Detection) { d.Score = 1.01 }, "no score": func(d *protocol.Detection) { d.Score = math.NaN() },
		"old": func(d *protocol.Detection) { d.At -= detectionPast.Milliseconds() + 1000 }, "ahead": func(d *protocol.Detection) { d.At += 2 * detectionAhead.Milliseconds() },
		"no source": func(d *protocol.Detection) { d.Source = "" }, "long source": func(d *protocol.Detection) { d.Source = strings.Repeat("x", 65) }, "odd source": func(d *protocol.Detection) { d.Source = "a\nb" },
	} {
		bad := good
		if spoil(&bad); checkDetection(bad, now) {
			t.Errorf("%s: taken", what)
		}
	}
}

// FuzzDetection: whatever a detector sends is refused, or is within the bounds.
func FuzzDetection(f *testing.F) {
	now := time.UnixMilli(1700000000000)
	for _, seed := range []string{
		`{"call":"01J0000000000000000000000D","kind":"speech","level":"high","score":0.93,"at":1700000000000,"source":"f-17"}`, `{}`, `[]`, `{"score":1e400}`, `{"at":9223372036854775807}`,
		`{"call":"01J0000000000000000000000D","kind":"a","level":"low","score":0,"at":1700000000000,"source":"\u0000"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d protocol.Detection
		if json.Unmarshal(b, &d) != nil || !checkDetection(d, now) {
			return
		}
		if d.Score < 0 || d.Score > 1 || len(d.Call) != 26 || len(d.Kind) > 32 || len(d.Source) > 4*sourceMost || !slices.Contains([]string{"low", "moderate", "high"}, d.Level) {
			t.Errorf("%+v", d)
		}
	})
}
