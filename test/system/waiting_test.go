package system_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hotline/queue/lines"
	"hotline/storage"
	"hotline/test/browser"
	"hotline/test/stage"
)

// waitingLines is a line with everything that a caller can press. Nobody is called back while the test runs: the hours for that are elsewhere in the
// day.
const waitingLines = `callbacks: {from: "%02d:00", to: "%02d:30"}
lines:
  - id: "12355"
    numbers: ["12355"]
    name: {zh-CN: 青少年服务热线, en: Youth line}
    menu: [{key: "1", language: en, needs: {english: 3}}]
    menu_wait: 1s
    announce_every: 10s
    callback: {key: "9"}
`

// waiting opens an instance with that line; its second agent speaks no English.
func waiting(t *testing.T) *stage.Stage {
	t.Helper()
	config := filepath.Join(theHouse.dir, "waiting.yaml")
	zone, err := time.LoadLocation(lines.DefaultZone)
	must(t, err)
	hour := time.Now().In(zone).Add(12 * time.Hour).Hour()
	must(t, os.WriteFile(config, fmt.Appendf(nil, waitingLines, hour, hour), 0o600))
	on, err := theHouse.open("waiting", "--config", config)
	must(t, err)
	t.Cleanup(func() { must(t, on.Stop()) })
	if err := on.Start(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, on.Story(30))
	}
	db, err := storage.Open(t.Context(), storage.Config{URL: "sqlite:" + filepath.Join(on.Dir, "data", "hotline.db")})
	must(t, err)
	defer db.Close()
	second, err := on.User("agent", 1)
	must(t, err)
	_, err = db.Exec(t.Context(), `UPDATE users SET skills = '{"mandarin":5,"youth":5,"crisis":5}' WHERE username = ?`, second.Name)
	must(t, err)
	return on
}

// TestWaiting: what a caller hears and can press between the answer and the counsellor.
func TestWaiting(t *testing.T) {
	on := waiting(t)
	t.Run("place and time, again and again, until a counsellor is there", func(t *testing.T) {
		s := playOn(t, on)
		c := s.dial("12355")
		first := c.awaitSound(c.answered, 15*time.Second, "place and time", stage.Tones(stage.ToneNews))
		c.awaitTone(3*time.Second, stage.ToneReassure)
		c.awaitTone(3*time.Second, stage.ToneOffer)
		c.awaitTone(3*time.Second, stage.ToneHold)
		second := c.awaitTone(12*time.Second, stage.ToneNews)
		if every := second.Sub(first); every < 8*time.Second || every > 13*time.Second {
			t.Errorf("the second announcement came %v after the first, want 10 s", every)
		}
		// The counsellor comes in the middle of it, and it is over at once.
		d := s.desk(0)
		must(t, d.Click("set-available"), d.AwaitOffer(5*time.Second), d.Accept())
		joined := c.awaitTone(3*time.Second, toneFirst)
		c.steady(joined.Add(200*time.Millisecond), time.Now(), time.Second, "the counsellor", stage.Tones(toneFirst))
	})
	t.Run("one key chooses the language, and who speaks it", func(t *testing.T) {
		s := playOn(t, on)
		without, with := s.desk(1), s.desk(0)
		must(t, without.Ready())
		c := s.dial("12355")
		c.awaitTone(2*time.Second, stage.ToneMenu)
		must(t, c.SendDTMF("1"))
		c.awaitTone(2*time.Second, stage.ToneGreeting) // the line's, in the chosen language
		s.awaitCalls(3*time.Second, "waiting")
		if offered, err := without.Shown("offer"); err != nil || offered {
			t.Errorf("offered to somebody who does not speak the language (%v)", err)
		}
		must(t, with.Click("set-available"), with.AwaitOffer(5*time.Second), with.Accept())
		c.awaitTone(3*time.Second, toneFirst)
		must(t, without.AwaitState(time.Second, browser.Available))
	})
	t.Run("no key: a human", func(t *testing.T) {
		s := playOn(t, on)
		d := s.ready(1)
		c := s.dial("12355")
		must(t, d.AwaitOffer(10*time.Second), d.Accept())
		c.awaitTone(3*time.Second, toneSecond)
	})
	t.Run("the danger key during an announcement", func(t *testing.T) {
		s := playOn(t, on)
		c := s.dial("12355")
		c.awaitSound(c.answered, 15*time.Second, "place and time", stage.Tones(stage.ToneNews))
		pressed := time.Now()
		must(t, c.SendDTMF("0"))
		told := c.awaitTone(2*time.Second, stage.ToneDanger)
		if took := told.Sub(pressed); took > time.Second {
			t.Errorf("heard %v after the key", took)
		}
		if calls := s.awaitCalls(time.Second, "waiting"); calls[0].Tier != "red" || !calls[0].Danger {
			t.Errorf("the caller is %+v", calls[0])
		}
		c.awaitTone(12*time.Second, stage.ToneStay)
		if at, heard := c.first(told, stage.Tones(stage.ToneNews)); heard {
			t.Errorf("a caller in danger was told figures %v after the key", at.Sub(pressed))
		}
		d := s.desk(0) // a caller in danger who leaves unserved is called back at once, and would be in the next scene
		must(t, d.Click("set-available"), d.AwaitOffer(5*time.Second), d.Accept())
		c.awaitTone(3*time.Second, toneFirst)
		must(t, d.Click("call-hangup"))
		c.awaitEnd(3 * time.Second)
	})
	t.Run("a callback: kept, told, let go", func(t *testing.T) {
		s := playOn(t, on)
		c := s.dial("12355")
		c.awaitTone(10*time.Second, stage.ToneHold)
		id := s.awaitCalls(5*time.Second, "waiting")[0].ID
		must(t, c.SendDTMF("9"))
		c.awaitTone(4*time.Second, stage.TonePromised)
		if !s.callbackOf(id) {
			t.Error("told of a callback that nobody keeps")
		}
		must(t, c.SendDTMF("9"))
		c.awaitTone(2*time.Second, stage.ToneWithdrawn)
		if err := stage.Poll(t.Context(), 2*time.Second, func() bool { return !s.callbackOf(id) }); err != nil {
			t.Error("who stays is called all the same")
		}
		c.awaitTone(3*time.Second, stage.ToneHold)
		must(t, c.SendDTMF("9"))
		c.awaitTone(4*time.Second, stage.TonePromised)
		c.awaitEnd(5 * time.Second)
		if row := s.ended(id); row.Outcome != "callback" {
			t.Errorf("the ledger says %+v", row)
		}
		if !s.callbackOf(id) {
			t.Error("nobody keeps the callback")
		}
		s.closeTasks()
	})
}

// callbackOf says whether somebody is to call back for a call.
func (s *scene) callbackOf(id string) bool {
	s.t.Helper()
	task := s.taskOf(id)
	return task != nil && task["kind"] == "callback"
}
