package crisis

import (
	"context"
	"time"

	"github.com/oklog/ulid/v2"
)

// Act is who does something to an incident. The same Request again on the same incident changes nothing and returns the incident as it is by now; an
// empty one is given an id of its own, for callers that never tell twice.
type Act struct {
	By      string
	Request string
}

func (a Act) event(kind EventKind, d Data, w Words) Event {
	if a.Request == "" {
		a.Request = ulid.Make().String()
	}
	return Event{Kind: kind, By: a.By, Request: a.Request, Data: d, Words: w}
}

// Errors of every act: ErrNotFound, ErrClosed, ErrInvalid, and those that it names. What changes nothing is no error.

// Acknowledge says that a supervisor answers the alarm. ErrSamePerson for the counsellor of the call.
func (s *Store) Acknowledge(ctx context.Context, id string, a Act, via Via) (Incident, error) {
	return s.change(ctx, id, a.event(EventAcked, Data{Via: via}, Words{}))
}

// Heard says that a supervisor answered at a time at which the database was away, so that nobody is asked again. ErrSamePerson for the counsellor of the call.
func (s *Store) Heard(ctx context.Context, id string, a Act, at time.Time) (Incident, error) {
	return s.change(ctx, id, a.event(EventAcked, Data{Via: ViaConsole, Until: at}, Words{}))
}

// Decline says that who is alerted cannot: the next one is alerted at once.
func (s *Store) Decline(ctx context.Context, id string, a Act, via Via) (Incident, error) {
	return s.change(ctx, id, a.event(EventDeclined, Data{Via: via}, Words{}))
}

// Lead says that a supervisor takes an incident over by name, from another or at a change of shift. ErrSamePerson for the counsellor of the call.
func (s *Store) Lead(ctx context.Context, id string, a Act) (Incident, error) {
	return s.change(ctx, id, a.event(EventLead, Data{}, Words{}))
}

// Joined says that a supervisor listens to the call.
func (s *Store) Joined(ctx context.Context, id string, a Act) (Incident, error) {
	return s.change(ctx, id, a.event(EventJoined, Data{}, Words{}))
}

// Assess says the level. A lower one needs another person's name besides: ErrSamePerson.
func (s *Store) Assess(ctx context.Context, id string, a Act, level Level, confirmedBy, reason string) (Incident, error) {
	return s.change(ctx, id, a.event(EventLevel, Data{Level: level, Other: confirmedBy}, Words{Text: reason}))
}

// SetFile says whose incident it is: the file of the person at risk and, when somebody else called, the reporter's.
func (s *Store) SetFile(ctx context.Context, id string, a Act, atRisk, reporter string) (Incident, error) {
	return s.change(ctx, id, a.event(EventFile, Data{File: atRisk, Other: reporter}, Words{}))
}

// OnLine says that a call of the person is on the line, and who talks with them (empty: nobody yet).
func (s *Store) OnLine(ctx context.Context, id string, a Act, call, counsellor string) (Incident, error) {
	return s.change(ctx, id, a.event(EventCall, Data{Call: call, Other: counsellor}, Words{}))
}

// CallEnded says that a call is over; cut: not by its counsellor, so that the person must be reached again.
func (s *Store) CallEnded(ctx context.Context, id string, a Act, call string, cut bool) (Incident, error) {
	return s.change(ctx, id, a.event(EventCallEnded, Data{Call: call, Cut: cut}, Words{}))
}

// Reached says that somebody spoke with the person by other ways than a call of the hotline.
func (s *Store) Reached(ctx context.Context, id string, a Act, how string) (Incident, error) {
	return s.change(ctx, id, a.event(EventReached, Data{}, Words{Text: how}))
}

// Take gives the dispatch checklist of a region to a second person. ErrSamePerson for the counsellor of the call.
func (s *Store) Take(ctx context.Context, id string, a Act, region string) (Incident, error) {
	return s.change(ctx, id, a.event(EventSecond, Data{Code: region}, Words{}))
}

// Fact keeps what was found out; known false: it was asked, and is not known.
func (s *Store) Fact(ctx context.Context, id string, a Act, kind FactKind, known bool, text string) (Incident, error) {
	return s.change(ctx, id, a.event(EventFact, Data{Code: string(kind), Known: known}, Words{Text: text}))
}

// Consent keeps what came of asking for it.
func (s *Store) Consent(ctx context.Context, id string, a Act, answer ConsentAnswer, note string) (Incident, error) {
	return s.change(ctx, id, a.event(EventConsent, Data{Code: string(answer)}, Words{Text: note}))
}

// Measure keeps one of the policy's measures that was tried.
func (s *Store) Measure(ctx context.Context, id string, a Act, kind string, outcome MeasureOutcome, note string) (Incident, error) {
	return s.change(ctx, id, a.event(EventMeasure, Data{Code: kind, Outcome: string(outcome)}, Words{Text: note}))
}

// Authorise says who answers for sending help, or for telling others, and on what ground.
func (s *Store) Authorise(ctx context.Context, id string, a Act, ground Ground, note string) (Incident, error) {
	return s.change(ctx, id, a.event(EventAuthorised, Data{Code: string(ground)}, Words{Text: note}))
}

// ServiceAsked says that a service of the phonebook is being called.
func (s *Store) ServiceAsked(ctx context.Context, id string, a Act, contact string) (Incident, error) {
	return s.change(ctx, id, a.event(EventAsked, Data{Contact: contact}, Words{}))
}

// ServiceJoined says that it is on the telephone.
func (s *Store) ServiceJoined(ctx context.Context, id string, a Act, contact string) (Incident, error) {
	return s.change(ctx, id, a.event(EventService, Data{Contact: contact}, Words{}))
}

// ServiceFailed says that it could not be reached.
func (s *Store) ServiceFailed(ctx context.Context, id string, a Act, contact string) (Incident, error) {
	return s.change(ctx, id, a.event(EventNoService, Data{Contact: contact}, Words{}))
}

// Disclose keeps what was given to a contact, field by field as it was shown before. ErrInvalid for a field that is not in the policy's packet.
func (s *Store) Disclose(ctx context.Context, id string, a Act, contact string, given map[string]string) (Incident, error) {
	return s.change(ctx, id, a.event(EventDisclosed, Data{Contact: contact}, Words{Fields: given}))
}

// Check ticks an item of the checklist.
func (s *Store) Check(ctx context.Context, id string, a Act, item, note string) (Incident, error) {
	return s.change(ctx, id, a.event(EventChecked, Data{Code: item}, Words{Text: note}))
}

// Skip says why a step is left out. ErrInvalid for one that must not be, or without a reason.
func (s *Store) Skip(ctx context.Context, id string, a Act, step StepName, reason string) (Incident, error) {
	return s.change(ctx, id, a.event(EventSkipped, Data{Step: step}, Words{Text: reason}))
}

// Note adds a line to the timeline, at any time.
func (s *Store) Note(ctx context.Context, id string, a Act, text string) (Incident, error) {
	return s.change(ctx, id, a.event(EventNote, Data{}, Words{Text: text}))
}

// Confirm says that somebody is with the person: who of the responders, and how it was confirmed.
func (s *Store) Confirm(ctx context.Context, id string, a Act, who, how, note string) (Incident, error) {
	return s.change(ctx, id, a.event(EventArrived, Data{}, Words{Text: note, Who: who, How: how}))
}

// NextStep names what is done next, by whom and until when (at most FarthestStep ahead), where no arrival can be confirmed.
func (s *Store) NextStep(ctx context.Context, id string, a Act, what, who string, until time.Time) (Incident, error) {
	return s.change(ctx, id, a.event(EventNextStep, Data{Other: who, Until: until}, Words{Text: what}))
}

// NextStepDone says that it was done, and what came of it.
func (s *Store) NextStepDone(ctx context.Context, id string, a Act, result string) (Incident, error) {
	return s.change(ctx, id, a.event(EventNextDone, Data{}, Words{Text: result}))
}

// ProposeClosure is one person's word that it can be closed with an outcome. *NotReadyError says what is missing.
func (s *Store) ProposeClosure(ctx context.Context, id string, a Act, outcome, note string) (Incident, error) {
	return s.change(ctx, id, a.event(EventProposed, Data{Code: outcome}, Words{Text: note}))
}

// ConfirmClosure is another person's agreement: the incident is closed. ErrSamePerson, *NotReadyError.
func (s *Store) ConfirmClosure(ctx context.Context, id string, a Act, note string) (Incident, error) {
	return s.change(ctx, id, a.event(EventClosed, Data{}, Words{Text: note}))
}

// RefuseClosure takes a proposal back, by its author or by another person.
func (s *Store) RefuseClosure(ctx context.Context, id string, a Act, reason string) (Incident, error) {
	return s.change(ctx, id, a.event(EventRefused, Data{}, Words{Text: reason}))
}

// Reopen opens a closed incident again, with a reason: what was believed did not hold.
func (s *Store) Reopen(ctx context.Context, id string, a Act, reason string) (Incident, error) {
	return s.change(ctx, id, a.event(EventReopened, Data{}, Words{Text: reason}))
}

// ReportFiled says that the authority has the report; ref is its number or the version that was exported.
func (s *Store) ReportFiled(ctx context.Context, id string, a Act, ref string) (Incident, error) {
	return s.change(ctx, id, a.event(EventReported, Data{Code: ref}, Words{}))
}

// Debriefed says that somebody talked with the counsellor. ErrSamePerson for the counsellor.
func (s *Store) Debriefed(ctx context.Context, id string, a Act, ref string) (Incident, error) {
	return s.change(ctx, id, a.event(EventDebriefed, Data{Code: ref}, Words{}))
}

// Care says that somebody looks after the person in the counsellor's place, such as after a change of shift, until the person talks with a counsellor
// again. Who talked with the person stays who it was. ErrSamePerson for who leads the incident or works its checklist.
func (s *Store) Care(ctx context.Context, id string, a Act) (Incident, error) {
	return s.change(ctx, id, a.event(EventCare, Data{}, Words{}))
}

// FormLate says that the form about a call of the incident is missing for long, so that who owes it takes no other call. It rings through the call tree, who
// leads first, also when the incident is closed: a counsellor who cannot write down what was heard may need somebody. Who answers lets that person go, or helps.
// While something else rings it waits for the answer to that, which is not an answer to it.
func (s *Store) FormLate(ctx context.Context, id string, a Act, call, owes string) (Incident, error) {
	return s.change(ctx, id, a.event(EventFormLate, Data{Call: call, Other: owes, Step: StepForm}, Words{}))
}

// FormIn says that a form of which FormLate was told is there, or waited for no more. When it was the last, what rings for them is quiet. One that nobody
// told of, or for which somebody answered, changes nothing.
func (s *Store) FormIn(ctx context.Context, id string, a Act, call, owes string) (Incident, error) {
	return s.change(ctx, id, a.event(EventFormIn, Data{Call: call, Other: owes}, Words{}))
}

// FormKept says that the form about a call of the incident came late: its counsellor filled it in at a time at which the database was away.
func (s *Store) FormKept(ctx context.Context, id string, a Act, call string, filled time.Time) (Incident, error) {
	return s.change(ctx, id, a.event(EventFormKept, Data{Call: call, Until: filled}, Words{}))
}
