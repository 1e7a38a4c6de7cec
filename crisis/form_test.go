package crisis_test

import (
	"slices"
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
	if tell(crisis.EventFormIn, crisis.BySystem, late("")); w.in.Alarm.On || w.in.Supervisor != "u-b" {
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

// While something else rings, a missing form waits, and rings when that ends, however it ends; only an answer to its own alarm, or the form, is the end of
// it. Whoever owes it, and who talked last, are not rung for it: one is who it is about, the other would be refused.
func TestAMissingFormRingsAfterAnotherAlarm(t *testing.T) {
	late := crisis.Event{Kind: crisis.EventFormLate, By: crisis.BySystem, Data: crisis.Data{Call: "c", Other: "u-owes", Step: crisis.StepForm}}
	other := late // of another call, whose counsellor owes it
	other.Call = "c2"
	in := crisis.Event{Kind: crisis.EventFormIn, By: crisis.BySystem, Data: crisis.Data{Call: "c", Other: "u-owes"}}
	again := crisis.Event{Kind: crisis.EventCall, By: crisis.BySystem, Data: crisis.Data{Call: "c2", Other: "u-agent"}}
	ack := crisis.Event{Kind: crisis.EventAcked, By: "u-b"}
	lead := crisis.Event{Kind: crisis.EventLead, By: "u-b"}
	worse := crisis.Event{Kind: crisis.EventLevel, By: "u-agent", Data: crisis.Data{Level: crisis.LevelHigh}}
	shut := crisis.Event{Kind: crisis.EventClosed, By: "u-a"}
	toClose := []crisis.Event{
		{Kind: crisis.EventCallEnded, By: "u-agent", Data: crisis.Data{Call: "c"}},
		{Kind: crisis.EventArrived, By: "u-b", Words: crisis.Words{Who: "120", How: "by telephone"}},
		{Kind: crisis.EventProposed, By: "u-b", Data: crisis.Data{Code: "in_care"}},
	}
	for name, c := range map[string]struct {
		events []crisis.Event
		rings  crisis.StepName
	}{
		"the other one goes on":                  {[]crisis.Event{late}, crisis.StepAcknowledge},
		"the other one is answered":              {[]crisis.Event{late, ack}, crisis.StepForm},
		"somebody takes the incident over":       {[]crisis.Event{late, lead}, crisis.StepForm},
		"it was answered too":                    {[]crisis.Event{late, ack, ack}, ""},
		"the form came meanwhile":                {[]crisis.Event{late, in, ack}, ""},
		"the form came then":                     {[]crisis.Event{late, ack, in}, ""},
		"one of two is there":                    {[]crisis.Event{ack, again, late, other, in}, crisis.StepForm},
		"the danger grows while it rings":        {[]crisis.Event{ack, late, worse}, crisis.StepAcknowledge},
		"the danger is answered for, not it":     {[]crisis.Event{ack, late, worse, ack}, crisis.StepForm},
		"the incident is closed while it rings":  {slices.Concat([]crisis.Event{ack, late}, toClose, []crisis.Event{shut}), crisis.StepForm},
		"the incident is closed, it is answered": {slices.Concat([]crisis.Event{ack, late}, toClose, []crisis.Event{shut, ack}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(1)
			w.p = policy.First()
			w.p.Closure.Needs = nil
			var tree []crisis.Rung
			for _, user := range []string{"u-owes", "u-agent", "u-a", "u-b"} {
				tree = append(tree, crisis.Rung{User: user, Via: crisis.ViaConsole})
			}
			rung := map[string]bool{}
			tell := func(e crisis.Event) {
				w.now = w.now.Add(time.Second)
				e.At, e.Tree, e.Treed = w.now, tree, true
				for _, f := range w.tell(t, e) {
					rung[f.User] = rung[f.User] || f.Kind == crisis.EffectAlert && f.Step == crisis.StepForm
				}
			}
			tell(crisis.Event{Kind: crisis.EventOpened, By: "u-agent", Data: crisis.Data{Trigger: crisis.TriggerLevel, Level: crisis.LevelModerate, Call: "c", Other: "u-agent"}})
			for _, e := range c.events {
				tell(e)
			}
			if w.in.Alarm.On != (c.rings != "") || w.in.Alarm.On && w.in.Alarm.Reason != c.rings {
				t.Fatalf("%+v", w.in.Alarm)
			}
			for range 4 {
				w.now = w.now.Add(time.Minute)
				tell(crisis.Event{Kind: crisis.EventDue, By: crisis.BySystem})
			}
			if c.rings == crisis.StepForm && !(rung["u-a"] && rung["u-b"]) || rung["u-owes"] || rung["u-agent"] {
				t.Errorf("rung for the form: %v", rung)
			}
		})
	}
}
