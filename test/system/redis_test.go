package system_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/test/browser"
	"hotline/test/stage"
)

// Redis is an index: when it dies and comes back empty, the talk goes on, those who wait stay in their order - it stands in their channels -
// and routing works again.
func TestRedisDiesAndForgets(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	talking := s.talk(d, toneFirst)
	id := s.awaitCalls(2*time.Second, "talking")[0].ID
	waiting := s.queue(3)
	talking.calm(toneFirst)
	was, err := s.PID("redis")
	must(t, err)
	// Its memory and its file go at one stroke: what it would read at its return is not there.
	files, err := filepath.Glob(filepath.Join(s.Dir, "redis", "*"))
	must(t, err)
	killed := time.Now()
	_, err = s.Kill("redis")
	must(t, err)
	for _, file := range files {
		must(t, os.RemoveAll(file))
	}
	must(t, s.AwaitRestart(t.Context(), "redis", was, 5*time.Second))
	s.awaitOrder(10*time.Second, waiting.ids)
	t.Logf("the order was back %v after the fault", time.Since(killed).Round(10*time.Millisecond))
	talking.awaitSound(killed.Add(3*time.Second), 4*time.Second, "the counsellor", stage.Tones(toneFirst))
	talking.steady(killed, killed.Add(3*time.Second), 500*time.Millisecond, "the counsellor's voice", stage.Tones(toneFirst))
	for _, c := range waiting.callers {
		c.present()
		c.steady(killed, time.Now(), time.Second, "the hold audio", stage.Comfort())
	}
	if c, ok := s.live(func(c stage.Call) bool { return c.ID == id }); !ok || c.State != "talking" {
		t.Errorf("the talk is %+v in the index", c)
	}
	must(t, d.Click("call-hangup"))
	talking.awaitEnd(2 * time.Second)
	must(t, d.AwaitState(3*time.Second, browser.WrapUp), d.Done())
	s.serveInOrder(d, waiting)
}
