package tapes

import (
	"slices"
	"time"

	"hotline/agentui/protocol"
	"hotline/casework/comments"
	"hotline/casework/exports"
)

// Names puts ids into words for one reader.
type Names interface {
	Person(user string) string
	Line(id string) string
	Contact(id string) string // of the phonebook; empty: not known any more
}

// Listed is a recording as a list shows it.
func Listed(r Row, n Names) protocol.Recording {
	out := protocol.Recording{
		Recording: r.ID, Call: r.Call, Line: r.Line, LineName: n.Line(r.Line), Agents: []protocol.RecordedBy{}, StartedAt: protocol.Millis(r.Started),
		DurationMs: r.Length.Milliseconds(), Complete: r.Complete(), Level: r.Level, Class: r.Class, Erased: r.Erased,
	}
	for i, p := range r.Parts {
		if i == 0 {
			out.Kind = p.Kind
		}
		if p.Agent != "" && !slices.ContainsFunc(out.Agents, func(b protocol.RecordedBy) bool { return b.Agent == p.Agent }) {
			out.Agents = append(out.Agents, protocol.RecordedBy{Agent: p.Agent, Name: n.Person(p.Agent)})
		}
	}
	return out
}

// Opened is a recording as a player shows it.
func Opened(r Row, marks []Mark, n Names) protocol.Tape {
	out := protocol.Tape{
		Recording: Listed(r, n), Parts: []protocol.TapePart{}, Marks: []protocol.TapeMark{}, Comments: []protocol.TapeComment{},
	}
	for _, p := range r.Parts {
		out.Parts = append(out.Parts, protocol.TapePart{
			Part: p.ID, Kind: p.Kind, Agent: p.Agent, Name: n.Person(p.Agent), FromMs: p.From.Milliseconds(), ToMs: p.To.Milliseconds(), Complete: p.Complete,
		})
	}
	for _, m := range marks {
		if m.Kind == MarkThird {
			m.Code = n.Contact(m.Code) // people know it by its name
		}
		out.Marks = append(out.Marks, protocol.TapeMark{Kind: m.Kind, FromMs: m.From.Milliseconds(), ToMs: m.To.Milliseconds(), Who: m.Who, Name: n.Person(m.Who), Code: m.Code})
	}
	return out
}

// Comments are comments as one reader gets them.
func Comments(said []comments.Comment, reader string, n Names) []protocol.TapeComment {
	out := []protocol.TapeComment{}
	for _, c := range said {
		out = append(out, protocol.TapeComment{
			Comment: c.ID, AtMs: c.At.Milliseconds(), By: c.By, Name: n.Person(c.By), MadeAt: protocol.Millis(c.Made), Text: c.Text, Mine: c.By == reader,
		})
	}
	return out
}

// Export is a wish for a copy as one reader gets it.
func Export(e exports.Export, reader string, now time.Time, n Names) protocol.TapeExport {
	out := protocol.TapeExport{
		Export: e.ID, Recording: e.Recording, FromMs: e.From.Milliseconds(), ToMs: e.To.Milliseconds(), State: string(e.State(now)), By: e.By, ByName: n.Person(e.By),
		AskedAt: protocol.Millis(e.At), Reason: e.Reason, DecidedBy: n.Person(e.DecidedBy), DecidedAt: protocol.Millis(e.Decided), Why: e.Why, FetchedAt: protocol.Millis(e.Fetched), Mine: e.By == reader,
	}
	if s := e.State(now); s == exports.Asked || s == exports.Granted {
		out.ExpiresAt = protocol.Millis(e.Until)
	}
	return out
}
