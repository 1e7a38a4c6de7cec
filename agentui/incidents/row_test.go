package incidents

import (
	"testing"

	"hotline/crisis"
)

// Who has a part in an incident sees it: the counsellor, who took the counsellor's part over, who leads, who has the checklist, and who is to do the next step.
func TestWhoHasAPart(t *testing.T) {
	in := crisis.Incident{Counsellor: "u-1", Carer: "u-2", Supervisor: "u-3", Second: "u-4", NextStep: &crisis.NextStep{Who: "u-5"}}
	for who, want := range map[string]string{"u-1": "counsellor", "u-2": "counsellor", "u-3": "supervisor", "u-4": "second", "u-5": "", "u-6": "", "": ""} {
		if got := part(in, who); got != want {
			t.Errorf("%q is %q", who, got)
		}
		if got := HasPart(in, who); got != (who != "" && who != "u-6") {
			t.Errorf("%q has a part: %v", who, got)
		}
	}
	if HasPart(crisis.Incident{}, "") {
		t.Error("nobody has a part")
	}
}
