package call

// tagParty is a party as a channel's tag carries it.
type tagParty struct {
	Agent string     `json:"agent"`
	Role  Role       `json:"role"`
	State PartyState `json:"state"`
	By    string     `json:"by,omitempty"`
	Since int64      `json:"since_ms,omitempty"`
	Note  string     `json:"note,omitempty"`
	Leg   string     `json:"leg,omitempty"`
}

// tagParties leaves out who failed: that is shown for a moment only.
func tagParties(parties []Party) []tagParty {
	var list []tagParty
	for _, p := range parties {
		if p.State != PartyFailed {
			list = append(list, tagParty{p.Agent, p.Role, p.State, p.By, ms(p.Since), p.Note, p.Leg})
		}
	}
	return list
}

func partiesOf(list []tagParty) []Party {
	var parties []Party
	for _, p := range list {
		parties = append(parties, Party{Agent: p.Agent, Role: p.Role, State: p.State, By: p.By, Since: when(p.Since), Note: p.Note, Leg: p.Leg})
	}
	return parties
}
