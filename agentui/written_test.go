package agentui

import (
	"encoding/json"
	"strings"
	"testing"

	"hotline/agentui/protocol"
	"hotline/queue"
)

// TestRowsAreWrittenOnce: a row is made once for all who see it in one language, and anew when it is another.
func TestRowsAreWrittenOnce(t *testing.T) {
	var m memo[protocol.Call]
	made := 0
	row := func(state string) func() protocol.Call {
		return func() protocol.Call { made++; return protocol.Call{Call: "c", State: state}.Written() }
	}
	key := memoKey{"c", "en"}
	for range 3 {
		m.get(key, 1, row("waiting"))
	}
	text, err := json.Marshal(m.get(key, 2, row("talking")))
	if made != 2 || err != nil || !strings.Contains(string(text), `"state":"talking"`) {
		t.Errorf("made %d times, %s, %v", made, text, err)
	}
	if m.get(memoKey{"c", "zh-CN"}, 2, row("talking")); made != 3 {
		t.Error("a row of another language")
	}
}

// TestWrittenSaysTheSame: what is kept is what is sent otherwise.
func TestWrittenSaysTheSame(t *testing.T) {
	c := protocol.Call{Call: "c", Parties: []protocol.Party{{User: "u-1"}}, Needs: map[string]int{"x<y": 1}, Quality: &protocol.Quality{MOS: 4}}
	a := protocol.Agent{User: "u-1", Skills: map[string]int{"x": 1}, SOS: &protocol.SOS{At: 5}}
	for _, pair := range [][2]any{{c, c.Written()}, {a, a.Written()}} {
		plain, err := json.Marshal(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		written, err := json.Marshal(pair[1])
		if err != nil || string(plain) != string(written) {
			t.Errorf("%s\n%s, %v", plain, written, err)
		}
	}
}

// TestTheOwnViewIsNotThatOfTheBoard: what is kept for the boards tells a counsellor nothing of who listens.
func TestTheOwnViewIsNotThatOfTheBoard(t *testing.T) {
	s := newSite(t, nil)
	p, boss := s.login("agent1"), s.login("supervisor1")
	g, b := p.enter(""), boss.enter("")
	g.available()
	id := s.call(queue.TierNormal)
	g.until("the offer", func() bool { return g.self.Offer != nil })
	g.must("accept", map[string]any{"offer": g.snap().Offer.Offer})
	listens := []queue.Party{{Agent: queue.AgentID(boss.me.User), Role: queue.PartyMonitor, State: queue.PartyIn}}
	if err := s.queue.SetParties(t.Context(), "listens", id, listens, queue.Pause{}); err != nil {
		t.Fatal(err)
	}
	b.until("the board shows who listens", func() bool { return len(b.calls[string(id)].Parties) == 1 })
	if c := g.snap().Call; c == nil || len(c.Parties) != 0 {
		t.Errorf("%+v", c)
	}
}
