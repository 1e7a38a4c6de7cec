package telephony

import (
	"testing"

	"github.com/oklog/ulid/v2"
)

func TestCallID(t *testing.T) {
	const channel = "node-1-1764108532.12"
	id := CallID(channel)
	if id != CallID(channel) || id == CallID("node-2-1764108532.12") || id == CallID("node-1-1764108532.13") {
		t.Errorf("%s is not the id of one channel only", id)
	}
	u, err := ulid.ParseStrict(string(id))
	if err != nil || u.Time() != 1764108532000 {
		t.Errorf("%s: %v, time %d", id, err, u.Time())
	}
	for _, odd := range []string{"", "-", "channel", "node-1-99999999999999999999.1", "node--5.1", "node-1-1099511627775.1"} {
		if _, err := ulid.ParseStrict(string(CallID(odd))); err != nil {
			t.Errorf("%q: %v", odd, err)
		}
	}
}
