package crisis_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hotline/crisis"
	"hotline/crisis/policy"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// world is one incident to which anything may happen, in any order and by anybody.
type world struct {
	r      *rand.Rand
	p      crisis.Policy
	in     crisis.Incident
	now    time.Time
	events []crisis.Event
	calls  int
	forms  map[string]bool // that are missing for long, and nobody answered for them
}

func newWorld(seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 1))
	w := &world{r: r, p: policy.First(), now: noon, forms: map[string]bool{}}
	if r.IntN(3) == 0 {
		w.p.Closure.Needs = pick(r, nil, []crisis.Precondition{crisis.NeedChecklist, crisis.NeedFile}, crisis.OptionalNeeds())
	}
	if r.IntN(4) == 0 { // the shortest spans that can be saved
		w.p.Deadlines = crisis.Deadlines{
			Acknowledge: 10, Phone: 20, Round: 10, Join: 10, Reach: 60, Second: 30, Facts: 60, Consent: 60, Measures: 60, Authorise: 60, Service: 30, Disclose: 60,
			Confirm: 300, Close: 300, Plan: 60, Report: 3600, Debrief: 3600, Again: 30, Remind: 600, MinorAsk: 3600, MinorReport: 600,
		}
		if err := policy.Validate(w.p); err != nil {
			panic(err)
		}
	}
	return w
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func (w *world) who() string { return pick(w.r, "u-agent", "u-a", "u-b", "u-c", "system") }

func (w *world) tree() ([]crisis.Rung, bool) {
	var tree []crisis.Rung
	for _, u := range []string{"u-a", "u-b", "u-c", "u-agent"} {
		for _, via := range []crisis.Via{crisis.ViaConsole, crisis.ViaPhone} {
			if w.r.IntN(3) > 0 {
				tree = append(tree, crisis.Rung{User: u, Via: via})
			}
		}
	}
	return tree, w.r.IntN(5) > 0
}

// event is anything that could be told, sensible or not.
func (w *world) event() crisis.Event {
	kinds := []crisis.EventKind{
		crisis.EventOpened, crisis.EventTriggered, crisis.EventLevel, crisis.EventAcked, crisis.EventAcked, crisis.EventDeclined, crisis.EventLead, crisis.EventJoined,
		crisis.EventCall, crisis.EventCallEnded, crisis.EventCallEnded, crisis.EventReached, crisis.EventFile, crisis.EventSecond, crisis.EventCare, crisis.EventFact, crisis.EventFact,
		crisis.EventConsent, crisis.EventMeasure, crisis.EventAuthorised, crisis.EventAsked, crisis.EventService, crisis.EventNoService, crisis.EventDisclosed,
		crisis.EventChecked, crisis.EventSkipped, crisis.EventNote, crisis.EventArrived, crisis.EventNextStep, crisis.EventNextDone, crisis.EventProposed,
		crisis.EventProposed, crisis.EventProposed, crisis.EventRefused, crisis.EventClosed, crisis.EventClosed, crisis.EventClosed, crisis.EventReopened,
		crisis.EventReported, crisis.EventPlanned, crisis.EventDebriefed, crisis.EventFormLate, crisis.EventFormIn,
	}
	r := w.r
	e := crisis.Event{Kind: pick(r, kinds...), At: w.now, By: w.who()}
	e.Level = pick(r, crisis.Levels()...)
	e.Trigger = pick(r, crisis.TriggerKinds()...)
	e.Via = pick(r, crisis.ViaConsole, crisis.ViaPhone, "")
	e.Other = pick(r, "", "u-agent", "u-a", "u-b")
	e.Call = w.in.Call()
	if r.IntN(3) == 0 {
		w.calls++
		e.Call = fmt.Sprint("c", w.calls)
	}
	e.Cut, e.Known = r.IntN(2) == 0, r.IntN(2) == 0
	e.Contact = pick(r, "110", "120", "")
	e.Step = pick(r, crisis.StepNames()...)
	e.Until = w.now.Add(time.Duration(r.IntN(48)-4) * time.Hour)
	e.Text, e.Who, e.How = pick(r, "", "words"), pick(r, "", "120"), pick(r, "", "by telephone")
	e.Fields = map[string]string{pick(r, "location", "danger", "diary"): pick(r, "", "Long Street 5")}
	e.Outcome = pick(r, string(crisis.MeasureHelped), "nonsense")
	switch e.Kind {
	case crisis.EventFact:
		e.Code = string(pick(r, append(crisis.FactKinds(), "shoe size")...))
	case crisis.EventFormLate:
		e.Step = pick(r, crisis.StepForm, "")
	case crisis.EventConsent:
		e.Code = string(pick(r, crisis.ConsentGiven, crisis.ConsentRefused, crisis.ConsentNotPossible, "perhaps"))
	case crisis.EventMeasure:
		e.Code = pick(r, "talk", "means_away", "magic")
	case crisis.EventAuthorised:
		e.Code = string(pick(r, append(crisis.Grounds(), "because")...))
	case crisis.EventProposed:
		e.Code = pick(r, "safe", "next_step", "unfounded", "died", "tired")
	case crisis.EventChecked:
		e.Code = pick(r, "address", "landmark", "police", "ambulance", "means", "contacts", "arrival")
	}
	e.Tree, e.Treed = w.tree()
	return e
}

// sense makes of an event what somebody would do who wants to bring the incident to its end.
func (w *world) sense(e crisis.Event) crisis.Event {
	r := w.r
	e.By, e.Text, e.Who, e.How, e.Call = pick(r, "u-a", "u-b", "u-agent"), "words", "120", "by telephone", w.in.Call()
	e.Kind = pick(r, crisis.EventAcked, crisis.EventLevel, crisis.EventCallEnded, crisis.EventArrived, crisis.EventNextStep, crisis.EventNextDone, crisis.EventFact,
		crisis.EventConsent, crisis.EventMeasure, crisis.EventAuthorised, crisis.EventDisclosed, crisis.EventProposed, crisis.EventClosed, crisis.EventReported,
		crisis.EventPlanned, crisis.EventDebriefed, crisis.EventFile, crisis.EventChecked)
	switch e.Kind {
	case crisis.EventLevel:
		e.Other = pick(r, "u-c", "")
	case crisis.EventFact:
		e.Code = string(pick(r, crisis.FactKinds()...))
	case crisis.EventConsent:
		e.Code = string(crisis.ConsentGiven)
	case crisis.EventMeasure:
		e.Code, e.Outcome = "talk", string(crisis.MeasureHelped)
	case crisis.EventAuthorised:
		e.Code = string(crisis.GroundImminent)
	case crisis.EventDisclosed:
		e.Contact, e.Fields = pick(r, "110", "120"), map[string]string{"location": "Long Street 5"}
	case crisis.EventNextStep:
		e.Other, e.Until = "u-a", w.now.Add(3*time.Hour)
	case crisis.EventProposed:
		e.Code = pick(r, "safe", "in_care", "unfounded")
	case crisis.EventFile:
		e.File = "f-1"
	case crisis.EventChecked:
		e.Code = pick(r, "address", "landmark", "police", "ambulance", "means", "contacts", "arrival")
	}
	return e
}

func (w *world) tell(t *testing.T, e crisis.Event) []crisis.Effect {
	t.Helper()
	before := w.in
	facts, checked, skips := len(before.Facts), len(before.Checked), len(before.Skipped)
	after, effects := crisis.Next(before, e, w.p)
	if len(before.Facts) != facts || len(before.Checked) != checked || len(before.Skipped) != skips {
		t.Fatalf("%s changed what was before", e.Kind)
	}
	if after.Seq == before.Seq {
		if len(effects) > 0 {
			t.Fatalf("an event that changed nothing has effects: %+v", e)
		}
		return nil
	}
	w.in = after
	w.events = append(w.events, e)
	form := e.Call + " of " + e.Other
	switch answered := e.Kind == crisis.EventAcked || e.Kind == crisis.EventLead; {
	case e.Kind == crisis.EventFormLate && e.Step == crisis.StepForm:
		w.forms[form] = true
	case e.Kind == crisis.EventFormIn && e.Call != "":
		delete(w.forms, form)
	case e.Kind == crisis.EventFormIn, answered && before.Alarm.On && before.Alarm.Reason == crisis.StepForm:
		clear(w.forms)
	}
	w.check(t, before, e, effects)
	return effects
}

// check are the laws of an incident.
func (w *world) check(t *testing.T, before crisis.Incident, e crisis.Event, effects []crisis.Effect) {
	t.Helper()
	in := w.in
	fail := func(format string, args ...any) {
		t.Helper()
		t.Fatalf("%s\nafter %s by %s at %s\nbefore %+v\nnow    %+v", fmt.Sprintf(format, args...), e.Kind, e.By, e.At, before, in)
	}
	if !in.Over() && in.Due().IsZero() {
		fail("not over, and no deadline")
	}
	if in.Over() {
		owed := func(d crisis.Duty) bool { return d.Owed && d.Done.IsZero() }
		n := in.NextStep
		switch {
		case in.State != crisis.StateClosed:
			fail("over, and not closed")
		case owed(in.Report) || owed(in.Planned) && !skipped(in, crisis.StepFollowUps) || owed(in.Debrief) && !skipped(in, crisis.StepDebrief):
			fail("over, and something is owed")
		case in.Arrival == nil && n != nil && n.Done.IsZero():
			fail("over, and the named next step is not done")
		}
	}
	for _, s := range in.Steps {
		live := s.State == crisis.StepActive || s.State == crisis.StepLate
		switch {
		case live && s.Due.IsZero():
			fail("%s has no deadline", s.Name)
		case live && s.Due.After(in.Changed.Add(crisis.FarthestStep)):
			fail("%s is due in another season: %s", s.Name, s.Due)
		case live && s.Owner == "" && !in.Alarm.On && s.Name != crisis.StepClose && in.Supervisor != "":
			fail("%s is nobody's", s.Name)
		case !live && !s.Due.IsZero():
			fail("%s is not to be done and has a deadline", s.Name)
		}
	}
	if in.State != crisis.StateClosed && in.Supervisor == "" && !in.Alarm.On {
		fail("no supervisor, and nobody is alerted")
	}
	missing := len(w.forms) > 0
	if missing != (len(in.Alarm.Forms) > 0) || missing && !in.Alarm.On || !missing && in.Alarm.On && in.Alarm.Reason == crisis.StepForm {
		fail("missing forms: %v; what rings for them: %+v", w.forms, in.Alarm)
	}
	if in.State != crisis.StateClosed && in.Step(crisis.StepConfirm).State == crisis.StepSkipped || in.Step(crisis.StepAcknowledge).State == crisis.StepSkipped {
		fail("what must not be left out was")
	}
	if before.Level.Over(in.Level) && before.Seq > 0 && (e.Kind != crisis.EventLevel || e.Other == "" || e.Other == e.By) {
		fail("the level was lowered by one")
	}
	if e.Kind == crisis.EventAcked && e.By == before.Counsellor {
		fail("the counsellor acknowledged")
	}
	if in.State == crisis.StateClosed && before.State != crisis.StateClosed {
		w.checkClosed(before, e, fail)
	}
	for _, f := range effects {
		if f.Kind == crisis.EffectAlert && (f.User == "" || !f.Until.After(e.At)) {
			fail("alert %+v", f)
		}
		if (f.Kind == crisis.EffectAlert || f.Kind == crisis.EffectPhone) && f.User == in.Counsellor && (in.OnLine || f.Step == crisis.StepForm) {
			fail("the counsellor, who talks, or talked and owes the form, is alerted")
		}
	}
}

func skipped(in crisis.Incident, step crisis.StepName) bool {
	_, ok := in.Skipped[step]
	return ok
}

// checkClosed says in its own words what must be there before an incident is closed.
func (w *world) checkClosed(before crisis.Incident, e crisis.Event, fail func(string, ...any)) {
	p := before.Proposal
	switch {
	case e.Kind != crisis.EventClosed || p == nil:
		fail("closed without a proposal")
	case p.By == "" || p.By == e.By:
		fail("closed by one person")
	case before.Supervisor == "":
		fail("closed, and nobody ever acknowledged")
	case before.OnLine:
		fail("closed while the person is on the line")
	case before.Assessed.IsZero():
		fail("closed, and no person said the level")
	}
	o, _ := w.p.Outcome(p.Outcome)
	switch {
	case o.ID == "":
		fail("closed with an outcome that there is not")
	case o.Confirmed && before.Arrival == nil && before.NextStep == nil:
		fail("closed without a confirmation or a named next step")
	case !o.Confirmed && before.Level == crisis.LevelHigh:
		fail("closed as a false alarm at level %s", before.Level)
	case len(before.Services) > 0 && before.Consent.Answer != crisis.ConsentGiven && before.Authorisation == nil:
		fail("closed, and nobody answers for what was done without consent")
	}
}

// deadlines lets every deadline pass that is over by now.
func (w *world) deadlines(t *testing.T) {
	for i := 0; !w.in.Due().IsZero() && !w.in.Due().After(w.now); i++ {
		e := crisis.Event{Kind: crisis.EventDue, At: w.now, By: crisis.BySystem}
		e.Tree, e.Treed = w.tree()
		w.tell(t, e)
		if i > 2 {
			t.Fatalf("deadlines that come again at once: %+v", w.in.Steps)
		}
	}
}

// Whatever is told, in whatever order: no incident is forgotten, and none is closed too early.
func TestNoIncidentIsForgottenOrClosedEarly(t *testing.T) {
	worlds, closed, over, reopened := 2000, 0, 0, 0
	if testing.Short() {
		worlds = 400
	}
	for seed := range worlds {
		w := newWorld(uint64(seed))
		w.tell(t, crisis.Event{Kind: crisis.EventOpened, At: w.now, By: "u-agent", Data: crisis.Data{Trigger: pick(w.r, crisis.TriggerKinds()...),
			Level: pick(w.r, crisis.LevelLow, crisis.LevelModerate, crisis.LevelHigh), Call: pick(w.r, "c0", ""), Other: pick(w.r, "u-agent", "")}})
		if w.in.Seq == 0 {
			t.Fatal("not opened")
		}
		for range 80 {
			w.now = w.now.Add(time.Duration(w.r.IntN(300)) * time.Second)
			if w.r.IntN(50) == 0 {
				w.now = w.now.Add(time.Duration(w.r.IntN(72)) * time.Hour) // nobody, and no worker, for a time
			}
			if w.r.IntN(4) > 0 {
				w.deadlines(t)
			}
			was := w.in.State
			e := w.event()
			if w.r.IntN(2) == 0 {
				e = w.sense(e)
			}
			w.tell(t, e)
			if was == crisis.StateClosed && w.in.State == crisis.StateOpen {
				reopened++
			}
		}
		if w.in.State == crisis.StateClosed {
			closed++
		}
		if w.in.Over() {
			over++
		}
		var again crisis.Incident
		for _, e := range w.events {
			again, _ = crisis.Next(again, e, w.p)
		}
		if !reflect.DeepEqual(again, w.in) {
			t.Fatalf("seed %d: the same events gave another incident\n%+v\n%+v", seed, again, w.in)
		}
	}
	t.Logf("%d worlds: %d closed at the end, %d over, %d opened again", worlds, closed, over, reopened)
	if closed < worlds/10 || over < worlds/50 || reopened < worlds/100 {
		t.Error("the worlds do not get far enough to prove anything")
	}
}

// Nobody answers for two days: everybody is alerted in every round, without a longer pause than the policy's, and it never stops.
func TestAnAlarmNeverStops(t *testing.T) {
	tree := []crisis.Rung{
		{User: "u-a", Via: crisis.ViaConsole}, {User: "u-b", Via: crisis.ViaConsole}, {User: "u-a", Via: crisis.ViaPhone}, {User: "u-b", Via: crisis.ViaPhone},
		{User: "u-agent", Via: crisis.ViaConsole},
	}
	w := newWorld(2)
	w.p = policy.First()
	e := crisis.Event{Kind: crisis.EventOpened, At: noon, By: "u-agent", Data: crisis.Data{
		Trigger: crisis.TriggerLevel, Level: crisis.LevelHigh, Call: "c", Other: "u-agent", Tree: tree, Treed: true,
	}}
	var rang []string
	last, rounds := noon, map[int]map[string]bool{}
	for effects := w.tell(t, e); w.now.Before(noon.Add(48 * time.Hour)); effects = w.tell(t, crisis.Event{
		Kind: crisis.EventDue, At: w.now, By: crisis.BySystem, Data: crisis.Data{Tree: tree, Treed: true},
	}) {
		for _, f := range effects {
			if f.Kind != crisis.EffectAlert && f.Kind != crisis.EffectPhone {
				continue
			}
			if gap := w.now.Sub(last); gap > time.Duration(w.p.Deadlines.Round+w.p.Deadlines.Phone)*time.Second {
				t.Fatalf("silence for %s", gap)
			}
			last = w.now
			if rounds[f.Round] == nil {
				rounds[f.Round] = map[string]bool{}
			}
			name := string(f.Kind) + " " + f.User
			if rounds[f.Round][name] {
				t.Fatalf("%s twice in round %d", name, f.Round)
			}
			rounds[f.Round][name] = true
			if f.Round == 1 {
				rang = append(rang, name)
			}
		}
		if !w.in.Due().After(w.now) {
			t.Fatalf("a deadline that comes again at once: %+v", w.in.Steps)
		}
		w.now = w.in.Due()
	}
	if got := strings.Join(rang, ", "); got != "alert u-a, alert u-b, phone u-a, phone u-b" {
		t.Errorf("first round: %s", got)
	}
	if len(rounds) < 500 {
		t.Errorf("only %d rounds in two days", len(rounds))
	}
	for n := 1; n < len(rounds); n++ {
		if len(rounds[n]) != 4 {
			t.Errorf("round %d: %v", n, rounds[n])
		}
	}
	w.tell(t, crisis.Event{Kind: crisis.EventAcked, At: w.now, By: "u-b", Data: crisis.Data{Via: crisis.ViaPhone}})
	if w.in.Alarm.On || w.in.Supervisor != "u-b" || w.in.AckVia != crisis.ViaPhone {
		t.Errorf("%+v", w.in)
	}
	if !slices.Contains([]crisis.StepName{crisis.StepJoin, crisis.StepSecond}, mustNext(w.in).Name) {
		t.Errorf("next is %+v", mustNext(w.in))
	}
}

func mustNext(in crisis.Incident) crisis.Step {
	s, _ := in.Next()
	return s
}
