package settings

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"hotline/storage/documents"
)

// Recording is what a counsellor may leave out of the recording of a talk, and what they may hear of it. Settings that say nothing of it allow nothing.
type Recording struct {
	Own     bool    `json:"own"`     // a counsellor may listen to calls of their own, with a reason as everybody
	Pause   bool    `json:"pause"`   // a counsellor may
	Seconds int     `json:"seconds"` // at most that long at a time; 5 to 1800
	AtRisk  bool    `json:"at_risk"` // also while the caller is at risk
	Reasons []Named `json:"reasons"` // one of them must be given
}

// MarshalJSON writes a list also where older settings have none.
func (r Recording) MarshalJSON() ([]byte, error) {
	type plain Recording
	if r.Reasons == nil {
		r.Reasons = []Named{}
	}
	return json.Marshal(plain(r))
}

// Allows says for how long the recording may be left out for that reason; 0: not at all.
func (r Recording) Allows(code string, atRisk bool) time.Duration {
	known := slices.ContainsFunc(r.Reasons, func(n Named) bool { return n.ID == code })
	if !r.Pause || !known || atRisk && !r.AtRisk {
		return 0
	}
	return time.Duration(r.Seconds) * time.Second
}

func (s Settings) checkRecording(fs *documents.Faults) {
	r := s.Recording
	if r.Pause {
		fs.Range("recording.seconds", r.Seconds, 5, 1800)
		if len(r.Reasons) == 0 {
			fs.Add("recording.reasons", documents.TooFew, "min", 1)
		}
	}
	named(fs, "recording.reasons", r.Reasons, 8)
	for i, n := range r.Reasons {
		// Codes stand in recordings and in the audit, in clear.
		if len(n.ID) > 32 {
			fs.Add(fmt.Sprintf("recording.reasons[%d].id", i), documents.TooLong, "max", 32)
		}
	}
}

// recording lets a counsellor leave out what the caller does not want kept, for two minutes at most, and never in danger.
func recording() Recording {
	return Recording{Pause: true, Seconds: 120, Reasons: []Named{
		{"secret", documents.Both("密码、卡号等", "A password, a card number")}, {"wish", documents.Both("来电者要求", "The caller asks for it")},
		{"other_person", documents.Both("涉及第三人隐私", "Another person's privacy")},
	}}
}
