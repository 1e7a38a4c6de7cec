package system_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/test/browser"
	"hotline/test/stage"
)

// site is the configuration of one of two sites on this machine, each the other's trunk by address and port.
const site = `site: %[1]s
trunks:
  - {name: %[2]s, kind: ip_match, host: 127.0.0.1, port: %[3]d, match: ["127.0.0.1:%[3]d"], site: true}
partners:
  - {name: %[2]s, kind: site, number: "12355", trunk: %[2]s}
outbound: {retry: 4s, partner: 20s}
lines:
  - id: "12355"
    numbers: ["12355"]
    name: {zh-CN: 青少年服务热线, en: Youth line}
    overflow: [{after: %[4]s, when: wait, to: %[2]s}]
  - id: "12356"
    numbers: ["12356"]
    name: {zh-CN: 心理援助热线, en: Psychological assistance line}
`

// sites are two whole instances. The second one would pass its callers on at once: back to where they came from, if it were let.
func sites(t *testing.T) (north, south *stage.Stage) {
	t.Helper()
	open := func(name string) (*stage.Stage, string) {
		config := filepath.Join(theHouse.dir, name+".yaml")
		s, err := theHouse.open(name, "--config", config)
		must(t, err)
		t.Cleanup(func() { must(t, s.Stop()) })
		return s, config
	}
	north, a := open("north")
	south, b := open("south")
	must(t, os.WriteFile(a, fmt.Appendf(nil, site, "north", "south", south.Base, "2s"), 0o600))
	must(t, os.WriteFile(b, fmt.Appendf(nil, site, "south", "north", north.Base, "1s"), 0o600))
	for _, s := range []*stage.Stage{north, south} {
		if err := s.Start(t.Context()); err != nil {
			t.Fatalf("%v\n%s", err, s.Story(30))
		}
	}
	return north, south
}

// TestOverflow: a caller whom nobody here serves is also tried at another site, keeps the place and the hold audio here meanwhile, and is let go only
// when a counsellor there has answered.
func TestOverflow(t *testing.T) {
	north, south := sites(t)
	t.Run("nobody there either: the caller stays here, is passed round in no circle, and is answered here", func(t *testing.T) {
		here, there := playOn(t, north), playOn(t, south)
		c := here.dial("12355")
		held := c.awaitTone(10*time.Second, stage.ToneHold)
		there.awaitCalls(10*time.Second, "waiting")
		// There it would be passed on after a second, to here: that is refused.
		err := stage.Poll(t.Context(), 10*time.Second, func() bool {
			n, err := there.Metric(t.Context(), there.Admin("controller")+"/metrics", "hotline_controller_attempts_total", `kind="overflow"`)
			return err == nil && n >= 1
		})
		must(t, err)
		here.awaitCalls(time.Second, "waiting")
		c.steady(held, time.Now(), time.Second, "the hold audio", stage.Comfort())
		d := here.desk(0)
		must(t, d.Click("set-available"), d.AwaitOffer(5*time.Second), d.Accept())
		c.awaitTone(3*time.Second, toneFirst)
		there.awaitCalls(3 * time.Second)
		if tasks := there.tasks(); len(tasks) > 0 {
			t.Errorf("there somebody is to call back who was answered here: %v", tasks)
		}
		must(t, d.Click("call-hangup"))
		c.awaitEnd(2 * time.Second)
	})
	t.Run("a counsellor there answers", func(t *testing.T) {
		here, there := playOn(t, north), playOn(t, south)
		c := here.dial("12355")
		held := c.awaitTone(10*time.Second, stage.ToneHold)
		id := here.awaitCalls(5*time.Second, "waiting")[0].ID
		d := there.signIn("agent", 0, toneSecond)
		must(t, d.NotReady(), d.Click("set-available"), d.AwaitOffer(10*time.Second))
		theirs := there.awaitCalls(2*time.Second, "offered")[0].ID
		here.awaitCalls(time.Second, "waiting")
		accepted := time.Now()
		must(t, d.Accept())
		joined := c.awaitSound(accepted, 3*time.Second, "the counsellor there", stage.Tones(toneSecond))
		t.Logf("heard %v after the click", joined.Sub(accepted).Round(time.Millisecond))
		must(t, d.AwaitHeard(3*time.Second, toneCaller))
		c.steady(held, joined, 500*time.Millisecond, "hold audio until then", stage.Comfort())
		here.awaitCalls(2 * time.Second) // no place any more
		must(t, d.Click("call-hangup"))
		c.awaitEnd(3 * time.Second)
		if row := here.ended(id); row.Outcome != "overflowed" || row.Cause != "agent" {
			t.Errorf("the ledger here says %+v", row)
		}
		if row := there.ended(theirs); row.Outcome != "answered" {
			t.Errorf("the ledger there says %+v", row)
		}
	})
	t.Run("the other site dies in the talk: the caller is back at the head of the queue here", func(t *testing.T) {
		here, there := playOn(t, north), playOn(t, south)
		c := here.dial("12355")
		id := here.awaitCalls(10*time.Second, "waiting")[0].ID
		d := there.signIn("agent", 0, toneSecond)
		must(t, d.NotReady(), d.Click("set-available"), d.AwaitOffer(10*time.Second), d.Accept())
		c.awaitTone(3*time.Second, toneSecond)
		c.silence = 7 * time.Second // 5 s to notice that the other site is dead, 1 s and what a busy machine needs
		at, restarted := there.kill("asterisk")
		back := c.awaitSound(at.Add(time.Second), 9*time.Second, "hold audio", stage.Comfort())
		t.Logf("on hold audio %v after the other site's Asterisk was killed", back.Sub(at).Round(10*time.Millisecond))
		restarted(20 * time.Second)
		if call, _ := here.live(func(call stage.Call) bool { return call.State == "waiting" }); call.ID != id {
			t.Errorf("waiting here is %+v, not %s", call, id)
		}
		must(t, d.AwaitState(10*time.Second, browser.WrapUp), d.NotReady())
		mine := here.desk(0)
		must(t, mine.Click("set-available"), mine.AwaitOffer(10*time.Second), mine.Accept())
		c.awaitTone(3*time.Second, toneFirst)
		must(t, mine.Click("call-hangup"))
		c.awaitEnd(2 * time.Second)
	})
}
