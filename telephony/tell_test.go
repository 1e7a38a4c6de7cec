package telephony

import (
	"testing"

	"hotline/telephony/call"
)

// The index learns who takes part when that changes, and from each controller that adopts a call.
func TestWhoTakesPartIsTold(t *testing.T) {
	alone := call.Call{State: call.Talking, Agent: "a1"}
	two := alone
	two.Parties = []call.Party{{Agent: "s1", Role: call.Monitor, State: call.PartyIn}}
	ended := two
	ended.State = call.Ended
	for name, tt := range map[string]struct {
		was, c call.Call
		event  call.Event
		want   bool
	}{
		"nothing changed":    {two, two, call.Found{}, false},
		"somebody came":      {alone, two, call.PartyReady{}, true},
		"somebody left":      {two, alone, call.LeaveWanted{}, true},
		"adopted, with some": {two, two, call.Adopted{}, true},
		"adopted, alone":     {alone, alone, call.Adopted{}, true},
		"over":               {two, ended, call.CallerGone{}, false},
	} {
		if got := untold(tt.was, tt.c, tt.event); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
