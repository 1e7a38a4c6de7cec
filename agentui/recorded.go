package agentui

import (
	"context"

	"hotline/agentui/tapes"
	"hotline/casework/retention"
	"hotline/crisis"
)

// knownCalls is what the site knows of calls besides their sound.
type knownCalls struct{ s *Server }

func (k knownCalls) Levels(ctx context.Context, calls []string) (map[string]string, error) {
	all, err := k.s.deps.Risk.Kept.Levels(ctx, calls)
	out := make(map[string]string, len(calls))
	for _, c := range all {
		if crisis.Level(c.Level).Rank() > crisis.Level(out[c.Call]).Rank() {
			out[c.Call] = c.Level
		}
	}
	return out, err
}

func (k knownCalls) Classes(ctx context.Context, calls []string) (map[string]string, error) {
	all, err := k.s.deps.Retention.Standings(ctx, calls)
	out := make(map[string]string, len(calls))
	for call, st := range all {
		switch {
		case st.Held:
			out[call] = tapes.ClassHold
		case st.Class == retention.HighRisk:
			out[call] = tapes.ClassHighRisk
		default:
			out[call] = tapes.ClassOrdinary
		}
	}
	return out, err
}
