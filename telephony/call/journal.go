package call

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
)

// Entry is one line of a journal: what happened to which call. It holds ids and times, nothing that was said or dialled; of keys only the
// danger key is kept.
type Entry struct {
	Call  ID
	Event Event
}

// kinds are the events that can stand in a journal, by name.
var kinds = sync.OnceValue(func() map[string]reflect.Type {
	m := map[string]reflect.Type{}
	for _, e := range []Event{
		Claimed{}, Adopted{}, Recognized{}, TermsChanged{}, PromptDone{}, Digit{}, Chosen{}, ChoiceExpired{}, AnnounceDue{}, Estimated{}, CallbackWanted{}, Promised{}, Queued{}, Indexed{}, IndexLost{}, LegReady{}, LegLost{}, JoinFailed{}, Leaving{}, Found{},
		LeftBridge{}, ReturnExpired{}, HangupWanted{}, PlaceExpired{}, Unservable{}, StasisEnded{}, LeftStasis{}, CallerGone{},
		OverflowDue{}, Relayed{}, CallbackDue{}, OutAnswered{}, OutFound{}, OutGone{}, ClaimLost{}, Draining{}, JoinOutFailed{},
		HoldWanted{}, ResumeWanted{}, TransferWanted{}, TakeWanted{}, ReleaseWanted{}, DigitsWanted{}, Reassigned{},
		OutsideWanted{}, OutsideDropWanted{}, OutsideLeaveWanted{}, OutsideFailed{}, OutsideFound{}, OutsideShown{},
		Invited{}, InviteAnswered{}, InviteCancelled{}, JoinWanted{}, LeaveWanted{}, PartyHere{}, PartyReady{}, PartyLost{}, PartiesDue{}, RiskWanted{},
		PauseWanted{}, RecordWanted{}, PauseDue{}, PauseTaken{},
	} {
		t := reflect.TypeOf(e)
		m[t.Name()] = t
	}
	return m
})

// entryJSON is a line's form.
type entryJSON struct {
	Call  ID              `json:"call"`
	Type  string          `json:"type"`
	Event json.RawMessage `json:"event"`
}

// MarshalJSON writes the line.
func (e Entry) MarshalJSON() ([]byte, error) {
	if d, ok := e.Event.(Digit); ok && d.Digit != DangerKey {
		d.Digit = ""
		e.Event = d
	}
	raw, err := json.Marshal(e.Event)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return json.Marshal(entryJSON{Call: e.Call, Type: reflect.TypeOf(e.Event).Name(), Event: raw})
}

// UnmarshalJSON reads the line. An event that is not known here is an error.
func (e *Entry) UnmarshalJSON(raw []byte) error {
	var j entryJSON
	if err := json.Unmarshal(raw, &j); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	t, ok := kinds()[j.Type]
	if !ok {
		return fmt.Errorf("journal: event %q is not known", j.Type)
	}
	v := reflect.New(t)
	if err := json.Unmarshal(j.Event, v.Interface()); err != nil {
		return fmt.Errorf("journal: %s: %w", j.Type, err)
	}
	e.Call, e.Event = j.Call, v.Elem().Interface().(Event)
	return nil
}
