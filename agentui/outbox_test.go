package agentui

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"hotline/agentui/protocol"
)

func TestOutboxMergesRows(t *testing.T) {
	overruns := 0
	o := newOutbox(4, 10, func() { overruns++ })
	now := time.UnixMilli(1700000000000)
	call := func(id, state string) {
		o.change(func(p *pending) { p.calls.put(id, protocol.Call{Call: id, State: state}) })
	}
	gone := func(id string) {
		o.change(func(p *pending) { p.calls.remove(id); p.goneCalls.put(id, struct{}{}) })
	}
	call("a", "waiting")
	call("b", "waiting")
	call("a", "talking")
	gone("b")
	o.send(protocol.NewAck(1, nil))
	frames, code, err := o.take(now)
	if err != nil || code != 0 || len(frames) != 2 {
		t.Fatalf("%d frames, code %d, %v", len(frames), code, err)
	}
	var c protocol.Change
	if err := json.Unmarshal(frames[1], &c); err != nil {
		t.Fatal(err)
	}
	if c.Seq != 1 || len(c.Calls) != 1 || c.Calls[0].State != "talking" || len(c.GoneCalls) != 1 || c.GoneCalls[0] != "b" {
		t.Errorf("change %+v", c)
	}
	call("c", "waiting")
	o.snapshot(protocol.NewSnapshot(1, protocol.Self{}, nil))
	call("d", "waiting")
	frames, _, _ = o.take(now)
	if len(frames) != 2 || !strings.Contains(string(frames[0]), `"snapshot"`) || !strings.Contains(string(frames[1]), `"seq":1,`) ||
		strings.Contains(string(frames[1]), `"c"`) {
		t.Errorf("after a snapshot: %s", frames)
	}
	for i := range 1000 { // rows that come and go keep no trace
		call("e", "waiting")
		gone("e")
		if n := len(o.pending.calls.order); n > 100 {
			t.Fatalf("%d ids after %d rounds", n, i)
		}
		o.change(func(p *pending) { p.goneCalls.remove("e") })
	}
	for i := range 11 {
		call(fmt.Sprint("f", i), "waiting")
	}
	if frames, code, _ = o.take(now); code != protocol.CloseTooSlow || len(frames) != 0 {
		t.Errorf("over the bound: %d frames, code %d", len(frames), code)
	}
	full := newOutbox(2, 10, func() { overruns++ })
	for range 3 {
		full.send(protocol.NewAck(1, nil))
	}
	if _, code, _ = full.take(now); code != protocol.CloseTooSlow {
		t.Errorf("too many answers: code %d", code)
	}
	full.close(protocol.CloseDraining)
	if _, code, _ = full.take(now); code != protocol.CloseTooSlow {
		t.Errorf("the first code does not stay: %d", code)
	}
	if overruns != 2 {
		t.Errorf("%d overruns were told", overruns)
	}
}
