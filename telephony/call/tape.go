package call

import (
	"slices"
	"time"
)

// What the recording of a call says: which leg is on the tape, what happens on it, and when nothing is. It follows from the call, so that the next life of
// a controller, and the recording on another leg or gateway, say the same. See docs/decisions/0031.

// Pause is a stretch that is to be left out of the recording by the agent's wish, and what the gateway that records has confirmed of it.
type Pause struct {
	By, Code string    // the agent, and the reason by its code
	Since    time.Time // when it was wished; zero: nothing is left out, and the gateway has confirmed that
	Until    time.Time // it ends by itself then
	AtRisk   bool      // the site lets it go on also when the caller is at risk
	Over     time.Time // it is not wanted any more since then, and no gateway has confirmed yet that it records again; zero: it is wanted
	Asked    time.Time // since when the leg on the tape is asked for it, or, with Over, to record again
	Leg      string    // whose recording has confirmed it; "": none
	Taken    time.Time // the end that was confirmed; zero: none. The gateway goes on recording then, whatever is wanted here
}

// longestPause bounds what a wish may ask for; the site's settings are stricter.
const longestPause = time.Hour

type (
	// PauseWanted is the agent's wish that nothing is recorded for a while. AtRisk: the site allows that of a caller at risk, too.
	PauseWanted struct {
		Wish
		Code   string
		For    time.Duration
		AtRisk bool
	}
	// RecordWanted is the agent's wish that the recording goes on.
	RecordWanted struct{ Wish }
	// PauseDue says that it is time to look whether a pause is over.
	PauseDue struct{ At }
	// PauseTaken says that the recording of a leg does what it was told of the pause that began Since: it leaves out what is said Until then or, if Over is
	// not zero, records again. What was told of another pause, or on another leg, says nothing.
	PauseTaken struct {
		At
		Leg                string
		Since, Until, Over time.Time
	}
)

// ArmPause starts the time to the next PauseDue, in place of the one before.
type ArmPause struct{ After time.Duration }

func (ArmPause) command() {}

// Paused says that nothing is to be recorded by the agent's wish. Whether that is so the gateway tells: see PauseTaken.
func (c Call) Paused() bool { return !c.Pause.Since.IsZero() && c.Pause.Over.IsZero() }

// PauseTaken says that the recording of the leg on the tape leaves out what is said: its gateway has confirmed that, and not only been asked.
func (c Call) PauseTaken() bool {
	return !c.Pause.Since.IsZero() && c.Pause.Leg != "" && c.Pause.Leg == c.Taped() && !c.Pause.Taken.IsZero()
}

// PauseOwed says that the gateway has yet to confirm the pause as it is wanted, or its end.
func (c Call) PauseOwed() bool {
	p := c.Pause
	return c.Taped() != "" && !p.Since.IsZero() && (!p.Over.IsZero() || !c.PauseTaken() || !p.Taken.Equal(p.Until))
}

// resumed makes the recording go on. The pause stays on the call until a gateway confirms that: a tape that may still be paused is no tape.
func (c Call) resumed(now time.Time) Call {
	if c.Paused() {
		c.Pause.Over, c.Pause.Asked = now, now
	}
	return c
}

// Taped is the leg that is recorded, or "": while the agent and the caller talk, and while the agent has the caller on hold, consults or rings
// somebody. What a caller says to a person elsewhere is not ours to record.
func (c Call) Taped() string {
	if c.State == Talking || c.onHold() {
		return c.Leg
	}
	return ""
}

// SpanKind is what happens on the tape for a while; the names are those of the recordings' marks.
type SpanKind string

// The kinds. A consultation and the supervisors have the names of their roles.
const (
	SpanTalk  SpanKind = "talk"
	SpanHold  SpanKind = "hold"
	SpanThird SpanKind = "third"
)

// Span is one thing that happens on the tape now.
type Span struct {
	Kind SpanKind
	Who  string // agent id
	Code string // of a third party: its id in the phonebook
}

// Spans are what happens on the tape now, in a fixed order.
func (c Call) Spans() []Span {
	if c.Taped() == "" {
		return nil
	}
	spans := []Span{{Kind: SpanTalk, Who: c.Agent}}
	if c.onHold() {
		spans[0].Kind = SpanHold
	}
	for _, p := range c.Parties {
		if p.State == PartyIn {
			spans = append(spans, Span{Kind: SpanKind(p.Role), Who: p.Agent})
		}
	}
	if c.Third.State == PartyIn && c.OutsidePlace().Leg != "" {
		spans = append(spans, Span{SpanThird, c.Third.By, c.Third.Contact})
	}
	return spans
}

// RiskByKey is the risk of a caller who pressed the danger key, and of whom no person has said more.
const RiskByKey = "danger_key"

// Risk is how much danger the tape is to say there is: a level, RiskByKey, or "" when nobody has said anything. Who said it; "": the caller, or what
// is known of the number.
func (c Call) Risk() (code, who string) {
	switch {
	case c.Level == LevelHigh || c.Level != "" && !c.AtRisk():
		return string(c.Level), c.LevelBy
	case c.Danger:
		return RiskByKey, ""
	case c.AtRisk():
		return string(LevelHigh), ""
	}
	return "", ""
}

// pausing decides for wishes about the recording. ok: it did.
func pausing(c Call, e Event) (next Call, cmds []Command, ok bool) {
	switch e := e.(type) {
	case PauseWanted:
		if e.By == c.Agent && c.Taped() != "" && !c.leaving() && (!c.AtRisk() || e.AtRisk) && e.Code != "" && e.For > 0 && e.For <= longestPause {
			p := Pause{By: e.By, Code: e.Code, Since: e.when(), Until: e.when().Add(e.For), AtRisk: e.AtRisk, Asked: e.when()}
			if was := c.Pause; c.Paused() {
				p.Since, p.Leg, p.Taken = was.Since, was.Leg, was.Taken
			}
			c.Pause = p
		}
	case RecordWanted:
		if e.By == c.Agent {
			c = c.resumed(e.when())
		}
	case PauseDue:
		if c.Paused() && !e.when().Before(c.Pause.Until) {
			c = c.resumed(e.when())
		}
	case PauseTaken:
		c.Pause = c.Pause.confirmed(e, c.Taped())
	default:
		return c, nil, false
	}
	return c, nil, true
}

// confirmed is the pause after a gateway said what its recording of a leg does.
func (p Pause) confirmed(e PauseTaken, taped string) Pause {
	if e.Leg == "" || e.Leg != taped || !e.Since.Equal(p.Since) || !e.Over.Equal(p.Over) {
		return p
	}
	if !p.Over.IsZero() {
		return Pause{}
	}
	p.Leg, p.Taken = e.Leg, e.Until
	return p
}

// unconfirmed takes back what was confirmed when another recording is on the tape, also one of the same leg: it must confirm anew.
func unconfirmed(was, c Call, now time.Time) Pause {
	if p := c.Pause; !p.Since.IsZero() && (was.Taped() != c.Taped() || was.Agent != c.Agent) {
		p.Leg, p.Taken, p.Asked = "", time.Time{}, now
		return p
	}
	return c.Pause
}

// onTape makes the recording follow what an event made of the call, whichever part of the machine decided: it goes on over a hold, and a pause ends with
// the agent who wished it, with the talk, and with the first word of a danger.
func onTape(was Call, e Event, c Call, cmds []Command) (Call, []Command) {
	cmds = sealed(was, e, c, cmds)
	switch {
	case c.State.Final() || !c.attended():
		c.Pause = Pause{} // and its recording with it
	case c.Paused() && (c.Agent != c.Pause.By || c.AtRisk() && !c.Pause.AtRisk):
		c = c.resumed(e.when())
	}
	c.Pause = unconfirmed(was, c, e.when())
	_, adopted := e.(Adopted)
	if c.State.Final() || was.Pause == c.Pause && !adopted {
		return c, cmds
	}
	if was.Pause != c.Pause && !slices.Contains(cmds, Command(Save{})) {
		cmds = append(cmds, Save{})
	}
	if c.Paused() {
		cmds = append(cmds, ArmPause{max(c.Pause.Until.Sub(e.when()), 0)})
	}
	return c, cmds
}

// sealed adds the beginning and the end of recordings that the parts of the machine left out, and takes out those that would cut one in two.
func sealed(was Call, e Event, c Call, cmds []Command) []Command {
	from, to := was.Taped(), c.Taped()
	_, adopted := e.(Adopted)
	begins := func(cmd Command) bool {
		switch cmd := cmd.(type) {
		case StartRecording:
			return cmd.Leg == to
		case KeepRecording:
			return cmd.Leg == to
		}
		return false
	}
	ends := func(cmd Command) bool { return cmd == Command(StopRecording{from}) }
	switch {
	case adopted && to != "":
		if !slices.ContainsFunc(cmds, begins) {
			cmds = append(cmds, KeepRecording{to, c.Agent})
		}
		return cmds
	case from == to && was.Agent == c.Agent:
		return slices.DeleteFunc(slices.Clone(cmds), func(cmd Command) bool { return from != "" && (begins(cmd) || ends(cmd)) })
	}
	if from != "" && !slices.ContainsFunc(cmds, ends) {
		if from == to {
			cmds = slices.Insert(slices.Clone(cmds), 0, Command(StopRecording{from}))
		} else {
			cmds = beforeClose(cmds, StopRecording{from})
		}
	}
	if to != "" && !slices.ContainsFunc(cmds, begins) {
		cmds = append(cmds, StartRecording{to, c.Agent})
	}
	return cmds
}

// tagPause is a pause as a channel's tag carries it.
type tagPause struct {
	By     string `json:"by"`
	Code   string `json:"code"`
	Since  int64  `json:"since_ms"`
	Until  int64  `json:"until_ms"`
	AtRisk bool   `json:"at_risk,omitempty"`
	Over   int64  `json:"over_ms,omitempty"`
	Asked  int64  `json:"asked_ms,omitempty"`
	Leg    string `json:"leg,omitempty"`
	Taken  int64  `json:"taken_ms,omitempty"`
}

func pauseTag(p Pause) *tagPause {
	if p.Since.IsZero() {
		return nil
	}
	return &tagPause{p.By, p.Code, ms(p.Since), ms(p.Until), p.AtRisk, ms(p.Over), ms(p.Asked), p.Leg, ms(p.Taken)}
}

func (t *tagPause) restore() Pause {
	if t == nil || t.Since <= 0 {
		return Pause{}
	}
	return Pause{
		By: t.By, Code: t.Code, Since: when(t.Since), Until: when(t.Until), AtRisk: t.AtRisk,
		Over: when(t.Over), Asked: when(t.Asked), Leg: t.Leg, Taken: when(t.Taken),
	}
}
