package retention

import (
	"context"
	"net/http"
	"strings"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/casework/retention"
	"hotline/recordings"
)

// planTapes bounds how many recordings one look judges: each asks every package what keeps its contact.
const planTapes = 200

// Tapes tells what of the recordings was kept long enough, and what went.
type Tapes interface {
	// Due are the rules in force and at most limit recordings that were kept longer, oldest first; more: there are others.
	Due(ctx context.Context, limit int) (rules recordings.Rules, due []recordings.Due, more bool, err error)
	Stones(ctx context.Context, limit int) ([]recordings.Stone, error)
}

// showRetentionPlan answers what would go, one by one.
func (p *Pages) showRetentionPlan(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out := protocol.RetentionPlan{Contacts: []protocol.KeptContact{}, Recordings: []protocol.KeptRecording{}}
	done := p.keeps(w, r, v, ActionRetentionView, "plan", "", func(ctx context.Context) error {
		rules, err := p.contactRules(ctx)
		if err != nil {
			return err
		}
		plan, err := p.Store.Due(ctx, rules, shown)
		if err != nil {
			return err
		}
		out.More = plan.More
		for _, c := range plan.Contacts {
			out.Contacts = append(out.Contacts, protocol.KeptContact{Call: c.Call, Class: string(c.Class), EndedAt: protocol.Millis(c.Ended), Stays: stays(c.Held, c.Live)})
		}
		kept, due, more, err := p.Tapes.Due(ctx, planTapes)
		if err != nil {
			return err
		}
		out.Ordinary, out.HighRisk, out.MoreRecorded = int(kept.Ordinary.Hours()/24), int(kept.HighRisk.Hours()/24), more
		for _, d := range due {
			class := retention.Ordinary
			if d.HighRisk {
				class = retention.HighRisk
			}
			out.Recordings = append(out.Recordings, protocol.KeptRecording{
				Recording: d.ID, Class: string(class), EndedAt: protocol.Millis(d.Ended), Parts: len(d.Parts), Bytes: d.Bytes, Stays: stays(d.Held, d.Open),
			})
		}
		return nil
	})
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

// stays says why something does not go.
func stays(held, open bool) string {
	switch {
	case held:
		return "hold"
	case open:
		return "open"
	}
	return ""
}

// listRecordingStones answers what stands over recordings whose keys were destroyed.
func (p *Pages) listRecordingStones(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	out := protocol.RecordingStones{Stones: []protocol.RecordingStone{}}
	done := p.keeps(w, r, v, ActionRetentionView, "recordings", "", func(ctx context.Context) error {
		all, err := p.Tapes.Stones(ctx, shown)
		for _, st := range all {
			out.Stones = append(out.Stones, protocol.RecordingStone{
				Part: st.Part, Call: st.Call, Why: st.Why, By: st.By, ByName: p.personOnly(st.By), At: protocol.Millis(st.At), Head: st.Head, Audited: st.Audited, GoneAt: protocol.Millis(st.Gone),
			})
		}
		return err
	})
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

// personOnly is the name of a person of the house; empty for the program and the command line.
func (p *Pages) personOnly(by string) string {
	if !strings.HasPrefix(by, "u-") {
		return ""
	}
	return p.Person(by)
}
