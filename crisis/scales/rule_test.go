package scales_test

import (
	"encoding/json"
	"strings"
	"testing"

	"hotline/crisis/scales"
)

// TestARuleThatCouldNotScoreIsRefused: each spoiled in one place.
func TestARuleThatCouldNotScoreIsRefused(t *testing.T) {
	const sum = `{"id":"x","version":1,"kind":"sum","raise":"propose","opens":[],"items":[{"name":"a","least":0,"most":3},{"name":"b","least":0,"most":3}],
		"bands":[{"from":0,"to":2,"band":"low","names":{"zh-CN":"低"},"level":"low"},{"from":3,"to":6,"band":"high","names":{"zh-CN":"高"},"level":""}]}`
	const findings = `{"id":"x","version":1,"kind":"findings","raise":"at_once","opens":[],"items":[{"name":"a","values":["no","yes"]},{"name":"b","values":["no","yes"]}],
		"skips":[{"when":{"item":"a","is":["no"]},"items":["b"]}],
		"findings":[{"band":"high","names":{"zh-CN":"高"},"level":"high","any":[{"item":"b","is":["yes"]}]},{"band":"none","names":{"zh-CN":"无"},"level":"none","any":[]}]}`
	for _, whole := range []string{sum, findings} {
		if err := scales.Check(json.RawMessage(whole), []string{"a", "b", "c"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ whole, old, by, want string }{
		{sum, `"id":"x"`, `"id":""`, "id"},
		{sum, `"version":1`, `"version":0`, "version"},
		{sum, `"kind":"sum"`, `"kind":"guess"`, "kind"},
		{sum, `"propose"`, `"never"`, "raise"},
		{sum, `"opens":[]`, `"opens":[{"item":"z","least":1,"form":"y"}]`, "no field"},
		{sum, `"opens":[]`, `"opens":[{"item":"a","least":1,"form":""}]`, "opens"},
		{sum, `"opens":[]`, `"opens":[],"weights":[]`, "unknown field"},
		{sum, `"name":"b"`, `"name":"a"`, "twice"},
		{sum, `"name":"b"`, `"name":"z"`, "no field"},
		{sum, `"name":"b","least":0`, `"name":"b","least":4`, "least"},
		{sum, `"name":"b","least":0`, `"name":"b","values":["x"],"least":0`, "points"},
		{sum, `"name":"b","least":0`, `"name":"b","values":["x"],"points":[1,2],"least":0`, "points"},
		{sum, `"from":3`, `"from":4`, "gap"},
		{sum, `"from":3`, `"from":2`, "gap"},
		{sum, `"to":6`, `"to":7`, "highest total"},
		{sum, `"to":6`, `"to":5`, "highest total"},
		{sum, `"level":"low"`, `"level":"grave"`, "no level"},
		{sum, `"names":{"zh-CN":"低"}`, `"names":{}`, "no name"},
		{sum, `"opens":[]`, `"opens":[],"skips":[{"when":{"item":"a","is":["0"]},"items":["b"]}]`, "neither"},
		{findings, `"any":[]`, `"any":[{"item":"a","is":["no"]}]`, "last one"},
		{findings, `"any":[{"item":"b","is":["yes"]}]`, `"any":[]`, "only the last"},
		{findings, `"level":"high"`, `"level":""`, "worst comes first"},
		{findings, `{"item":"b","is":["yes"]}`, `{"item":"b","is":["ja"]}`, "no answer"},
		{findings, `{"item":"b","is":["yes"]}`, `{"item":"z","is":["yes"]}`, "no item"},
		{findings, `"items":["b"]`, `"items":["a"]`, "skips"},
		{findings, `"items":["b"]`, `"items":["z"]`, "skips"},
		{findings, `{"item":"a","is":["no"]}`, `{"item":"a","is":[]}`, "skips"},
	} {
		spoiled := strings.Replace(c.whole, c.old, c.by, 1)
		if spoiled == c.whole {
			t.Fatalf("%s is not in the rule", c.old)
		}
		if err := scales.Check(json.RawMessage(spoiled), []string{"a", "b"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.by, err, c.want)
		}
	}
	for _, raw := range []string{``, `{`, sum + `{}`, `[]`} {
		if err := scales.Check(json.RawMessage(raw), nil); err == nil {
			t.Errorf("%q was taken", raw)
		}
	}
}
