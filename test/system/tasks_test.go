package system_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/telephony/phone"
	"hotline/test/browser"
	"hotline/test/stage"
)

// press clicks what a selector finds; a page may show several rows with the same hooks.
func press(d *browser.Desk, selector string) error {
	if err := d.Await(5*time.Second, fmt.Sprintf("(() => { const e = document.querySelector(%q); return !!e && !e.disabled; })()", selector)); err != nil {
		return err
	}
	_, err := browser.Eval[bool](d.Page, fmt.Sprintf("document.querySelector(%q).click() === undefined", selector))
	return err
}

// A caller hangs up in the queue: within seconds counsellors see whom to call back, without a number, and close it with a reason.
func TestCallerWhoLeftIsToBeCalledBack(t *testing.T) {
	s := play(t)
	d := s.desk(0)
	must(t, d.Turn("tasks"), d.AwaitShown(5*time.Second, "tasks"))
	from := newNumber()
	c := s.dialFrom(from, "12355")
	id := s.awaitCalls(5*time.Second, "waiting")[0].ID
	c.leave()
	row := fmt.Sprintf(`[data-testid="task"][data-call="%s"]`, id)
	must(t, d.Await(6*time.Second, fmt.Sprintf("document.querySelector(%q) !== null", row)))
	t.Logf("on the screen %v after the caller left", time.Since(c.left).Round(10*time.Millisecond))
	text, err := browser.Eval[string](d.Page, fmt.Sprintf("document.querySelector(%q).innerText", row))
	must(t, err)
	if strings.Contains(text, from[3:9]) || !strings.Contains(text, from[:3]) {
		t.Errorf("the row says %q", text)
	}
	task := s.taskOf(id)
	due, err := time.Parse(time.RFC3339, fmt.Sprint(task["due"]))
	if err != nil || due.Sub(c.left) > 15*time.Minute+2*time.Second || task["reason"] != "abandoned" || task["state"] != "open" {
		t.Errorf("task %v, %v", task, err)
	}
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	g.show(d.Page, "7-tasks", "task-call", "set-available")

	// Somebody in danger who leaves is due at once.
	red := s.dial("12356")
	red.awaitTone(2*time.Second, stage.ToneGreeting)
	must(t, red.SendDTMF("0"))
	red.awaitTone(2*time.Second, stage.ToneDanger)
	redID := s.awaitCalls(5*time.Second, "waiting")[0].ID
	red.leave()
	must(t, d.Await(6*time.Second, fmt.Sprintf(`document.querySelector('[data-testid="task"]')?.dataset.call === %q`, redID)))
	must(t, d.AwaitShown(3*time.Second, "badge-tasks"))
	g.show(d.Page, "8-tasks-red", "task-call", "badge-tasks")

	close := func(call string) {
		t.Helper()
		at := fmt.Sprintf(`[data-testid="task"][data-call="%s"]`, call)
		must(t, press(d, at+` [data-testid="task-close"]`), d.Type("task-close-form-reason", "已由家属联系上本人"))
		if call == id {
			g.show(d.Page, "9-tasks-close", "task-close-form-confirm")
		}
		must(t, d.Click("task-close-form-confirm"))
		must(t, d.Await(5*time.Second, fmt.Sprintf("document.querySelector(%q) === null", at)))
	}
	close(id)
	close(redID)
	if s.taskOf(id) != nil || s.taskOf(redID) != nil {
		t.Error("closed, and still listed")
	}
}

// A counsellor presses "call now": it rings for that counsellor, who sees what it is, and the caller's telephone rings after the acceptance.
func TestCallNowIsForWhoPressed(t *testing.T) {
	s := play(t)
	from := newNumber()
	h := atHome(t, s.Stage, func(in *phone.Incoming) bool { return in.Number == from })

	first := s.desk(0)
	c := s.dialFrom(from, "12355")
	id := s.awaitCalls(5*time.Second, "waiting")[0].ID
	c.leave()
	other := s.ready(1)
	must(t, first.Ready(), first.Turn("tasks"))
	row := fmt.Sprintf(`[data-testid="task"][data-call="%s"]`, id)
	must(t, press(first, row+` [data-testid="task-call"]`), first.AwaitOffer(10*time.Second), first.AwaitShown(2*time.Second, "offer-callback"))
	if ringing, err := other.Shown("offer"); err != nil || ringing {
		t.Errorf("another counsellor rings: %v", err)
	}
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	must(t, first.AwaitShown(3*time.Second, "callback-note"))
	g.show(first.Page, "14-callback-offer", "offer-accept", "callback-note")
	must(t, first.Click("offer-accept"))
	h.rung(t, 10*time.Second)
	called := s.answered(h)
	called.awaitTone(3*time.Second, toneFirst)
	must(t, first.AwaitAttribute(5*time.Second, "call", "data-state", "talking"), first.AwaitHeard(3*time.Second, toneCaller))
	g.show(first.Page, "15-callback-talking", "call-hangup", "callback-note")
	must(t, first.Click("call-hangup"))
	called.awaitEnd(2 * time.Second)
	must(t, first.AwaitState(5*time.Second, browser.WrapUp), first.AwaitShown(3*time.Second, "note-wrong_person"))
	g.show(first.Page, "16-callback-wrap-up", "note-wrong_person", "wrapup-done")
	// Somebody else answered: the caller is to be called again.
	must(t, first.Click("note-wrong_person"))
	must(t, first.Await(5*time.Second, fmt.Sprintf("document.querySelector(%q) !== null", row)))
	task := s.taskOf(id)
	if task["state"] != "open" || task["attempts"] != 1.0 || task["last"] != "wrong_person" {
		t.Errorf("task %v", task)
	}
	s.closeTasks()
}

// taskOf is the open task of a call; nil when there is none.
func (s *scene) taskOf(call string) map[string]any {
	s.t.Helper()
	tasks := s.tasks()
	if i := slices.IndexFunc(tasks, func(task map[string]any) bool { return task["call"] == call }); i >= 0 {
		return tasks[i]
	}
	return nil
}

// A counsellor proposes to block who abuses the line, a supervisor approves: the next call comes last, and the danger key still comes first.
func TestBlockedCallerMayStillBeInDanger(t *testing.T) {
	s := play(t)
	d := s.ready(0)
	from := newNumber()
	c := s.dialFrom(from, "12355")
	must(t, d.AwaitOffer(10*time.Second), d.Accept())
	c.awaitTone(3*time.Second, toneFirst)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	must(t, d.Click("block-propose"), d.Type("block-proposal-reason", "反复言语骚扰，已警告两次"))
	g.show(d.Page, "10-block-propose", "block-proposal-confirm", "call-hangup")
	must(t, d.Click("block-proposal-confirm"), d.AwaitShown(3*time.Second, "block-proposed"))
	must(t, d.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)

	boss := s.signIn("supervisor", 0, toneSupervisor)
	must(t, boss.AwaitPage(5*time.Second, "blocks"), boss.Turn("blocks"), boss.AwaitShown(5*time.Second, "block-approve"))
	g.show(boss.Page, "11-blocks", "block-approve", "block-refuse")
	must(t, boss.Click("block-approve"), boss.AwaitShown(3*time.Second, "block-decision"))
	g.show(boss.Page, "12-block-approve", "block-decision-confirm")
	must(t, boss.Click("block-decision-confirm"), boss.AwaitShown(5*time.Second, "block-lift"))
	g.show(boss.Page, "13-block-in-force", "block-lift")

	must(t, d.AwaitState(5*time.Second, browser.WrapUp), d.NotReady())
	again := s.dialFrom(from, "12355")
	must(t, s.awaitTier(from, "nuisance"))
	must(t, again.SendDTMF("0"))
	must(t, s.awaitTier(from, "red"))
	again.leave()
	s.closeTasks()

	must(t, boss.Click("block-lift"), boss.Type("block-decision-reason", "测试结束，解除限制"), boss.Click("block-decision-confirm"))
	must(t, boss.AwaitGone(5*time.Second, "block-lift"))
}

// awaitTier waits until the only live call has the tier.
func (s *scene) awaitTier(_, tier string) error {
	var calls []stage.Call
	err := stage.Poll(s.t.Context(), 10*time.Second, func() bool {
		var err error
		calls, err = s.Calls(s.t.Context())
		return err == nil && len(calls) == 1 && calls[0].Tier == tier
	})
	if err != nil {
		return fmt.Errorf("no call of tier %s: %+v: %w", tier, calls, err)
	}
	return nil
}

// closeTasks closes what the callers of a scenario left behind, so that nobody calls them in the next.
func (s *scene) closeTasks() {
	s.t.Helper()
	v := s.visit("supervisor")
	err := stage.Poll(s.t.Context(), 10*time.Second, func() bool {
		tasks := s.tasks()
		for _, task := range tasks {
			v.post("/api/tasks/"+fmt.Sprint(task["task"])+"/close", map[string]any{"reason": "测试结束", "done": true})
		}
		return len(tasks) > 0
	})
	if err != nil {
		s.t.Errorf("nobody was to be called back: %v", err)
	}
}

// A caller at risk is cut off in a talk and calls again: the counsellor is kept for them, and has them again though another has waited longer.
func TestCutOffCallerReturnsToTheSameCounsellor(t *testing.T) {
	s := play(t)
	first := s.ready(0)
	from := newNumber()
	c := s.dialFrom(from, "12356")
	must(t, c.SendDTMF("0"))
	must(t, first.AwaitOffer(10*time.Second), first.Accept())
	c.awaitTone(3*time.Second, toneFirst)
	second := s.ready(1)
	c.leave()
	must(t, first.AwaitShown(5*time.Second, "kept"))
	again := s.dialFrom(from, "12356")
	must(t, first.AwaitOffer(10*time.Second))
	if ringing, err := second.Shown("offer"); err != nil || ringing {
		t.Errorf("another counsellor rings: %v", err)
	}
	call, _ := s.live(func(c stage.Call) bool { return c.State == "offered" })
	if call.Tier != "red" { // nobody has said that the danger is over
		t.Errorf("the call is %+v", call)
	}
	must(t, first.Accept())
	again.awaitTone(3*time.Second, toneFirst)
	out, err := s.Command(t.Context(), "ledger", "--json")
	must(t, err)
	if !json.Valid(out) || strings.Contains(string(out), from) {
		t.Error("the ledger shows a number")
	}
	must(t, first.Click("call-hangup"))
	again.awaitEnd(2 * time.Second)
}
