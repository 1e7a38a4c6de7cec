package crisis_test

import (
	"testing"
	"time"

	"hotline/crisis"
	"hotline/crisis/policy"
)

// A form that is missing for long rings through the tree, who leads first, also when the incident is over, until somebody answers or it is there. One that was told before forms
// rang stays what it was.
func TestAMissingFormRings(t *testing.T) {
	w := newWorld(1)
	w.p = policy.First()
	w.p.Closure.Needs = nil
	tree := []crisis.Rung{{User: "u-a", Via: crisis.ViaConsole}, {User: "u-b", Via: crisis.ViaConsole}}
	tell := func(kind crisis.EventKind, by string, more func(*crisis.Event)) []crisis.Effect {
		t.Helper()
		w.now = w.now.Add(time.Second)
		e := crisis.Event{Kind: kind, At: w.now, By: by, Data: crisis.Data{Tree: tree, Treed: true}, Words: crisis.Words{Text: "words", Who: "120", How: "by telephone"}}
		if more != nil {
			more(&e)
		}
		return w.tell(t, e)
	}
	late := func(step crisis.StepName) func(*crisis.Event) {
		return func(e *crisis.Event) { e.Call, e.Other, e.Step = "c", "u-agent", step }
	}
	tell(crisis.EventOpened, "u-agent", func(e *crisis.Event) {
		e.Trigger, e.Level, e.Call, e.Other = crisis.TriggerLevel, crisis.LevelModerate, "c", "u-agent"
	})
	tell(crisis.EventAcked, "u-b", nil)
	if tell(crisis.EventFormLate, crisis.BySystem, late("")); w.in.Alarm.On {
		t.Fatal("what was told before rings now")
	}
	rang := tell(crisis.EventFormLate, crisis.BySystem, late(crisis.StepForm))
	if len(rang) != 1 || rang[0].Kind != crisis.EffectAlert || rang[0].User != "u-b" || rang[0].Step != crisis.StepForm {
		t.Fatalf("%+v", rang)
	}
	if tell(crisis.EventFormIn, crisis.BySystem, nil); w.in.Alarm.On || w.in.Supervisor != "u-b" {
		t.Fatalf("%+v", w.in.Alarm)
	}
	tell(crisis.EventCallEnded, "u-agent", func(e *crisis.Event) { e.Call = "c" })
	tell(crisis.EventArrived, "u-b", nil)
	tell(crisis.EventProposed, "u-b", func(e *crisis.Event) { e.Code = "in_care" })
	tell(crisis.EventClosed, "u-a", nil)
	tell(crisis.EventReported, "u-a", nil)
	tell(crisis.EventPlanned, crisis.BySystem, nil)
	if tell(crisis.EventDebriefed, "u-a", nil); !w.in.Over() {
		t.Fatalf("not over: %+v", w.in)
	}
	if tell(crisis.EventFormLate, crisis.BySystem, late(crisis.StepForm)); !w.in.Alarm.On || w.in.Over() {
		t.Fatalf("%+v", w.in.Alarm)
	}
	if tell(crisis.EventAcked, "u-a", nil); w.in.Alarm.On || !w.in.Over() {
		t.Fatalf("%+v", w.in)
	}
}
