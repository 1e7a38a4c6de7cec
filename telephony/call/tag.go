package call

import (
	"encoding/json"
	"fmt"
	"time"
)

// Variable is the channel variable that carries the tag.
const Variable = "HOTLINE"

const maxTag = 4096 // bytes; a longer variable is not ours

// Tag is what a caller's channel carries, so that a controller that knows nothing can take the call over. docs/protocol.md, section 1.
type Tag struct {
	V       int    `json:"v"`
	Call    ID     `json:"call"`
	Line    string `json:"line"`
	At      int64  `json:"at"` // ms
	Tier    Tier   `json:"tier"`
	State   State  `json:"state"`
	Agent   string `json:"agent,omitempty"`
	Leg     string `json:"leg,omitempty"`
	Front   int64  `json:"front_ms,omitempty"`
	Danger  bool   `json:"danger,omitempty"`
	Level   Level  `json:"level,omitempty"`
	LevelBy string `json:"level_by,omitempty"`
	LevelAt int64  `json:"level_ms,omitempty"`
	Queued  int64  `json:"queued_ms,omitempty"`
	Talked  int64  `json:"talked_ms,omitempty"`
	Joined  int64  `json:"joined_ms,omitempty"`
	Spoken  int64  `json:"spoken_ms,omitempty"`
	Out     int    `json:"out,omitempty"`
	OutTo   string `json:"out_to,omitempty"`
	OutOn   bool   `json:"out_on,omitempty"`
	Passed  int64  `json:"passed_ms,omitempty"`
	Hops    string `json:"hops,omitempty"`
	Task    string `json:"task,omitempty"`
	Silent  bool   `json:"unanswered,omitempty"`
	Owner   string `json:"owner"`
	Epoch   int64  `json:"epoch"`

	Language  string   `json:"lang,omitempty"`
	Audio     bool     `json:"lang_audio,omitempty"`
	Callback  Callback `json:"callback,omitempty"`
	Preferred string   `json:"preferred,omitempty"`
	Prefer    int64    `json:"prefer_ms,omitempty"`
	Blocked   bool     `json:"blocked,omitempty"`
	History   int      `json:"history,omitempty"`
	Again     string   `json:"again,omitempty"`
	Lost      string   `json:"lost,omitempty"`
	Place     int      `json:"told_place,omitempty"`
	Wait      int      `json:"told_min,omitempty"` // minutes

	Hold    string     `json:"hold,omitempty"` // "agent"; else the agent is away
	Third   *tagThird  `json:"third,omitempty"`
	Heeded  string     `json:"heeded,omitempty"`
	Indexed int64      `json:"indexed_ms,omitempty"`
	Parties []tagParty `json:"parties,omitempty"`
	Shares  []tagShare `json:"shares,omitempty"`
	Pause   *tagPause  `json:"pause,omitempty"` // of the recording
}

// Encode is the value of the channel variable.
func (c Call) Encode(owner string, epoch int64) string {
	b, err := json.Marshal(Tag{
		V: 1, Call: c.ID, Line: c.Line, At: ms(c.Arrived), Tier: c.Tier, State: c.State, Agent: c.Agent, Leg: c.Leg,
		Front: ms(c.Front), Danger: c.Danger, Level: c.Level, LevelBy: c.LevelBy, LevelAt: ms(c.LevelAt), Queued: ms(c.Queued), Talked: ms(c.Talked), Joined: ms(c.Joined),
		Spoken: c.Spoken.Milliseconds(), Out: c.Out.N, OutTo: c.Out.To, OutOn: c.Out.Live, Passed: ms(c.Passed), Hops: c.Hops, Task: c.Task,
		Silent: c.Unanswered, Owner: owner, Epoch: epoch,
		Language: c.Language, Audio: c.Audio, Callback: c.Callback, Preferred: c.Known.Preferred, Prefer: ms(c.Known.PreferUntil), Blocked: c.Known.Blocked,
		History: c.Known.History, Again: c.Known.Again, Lost: c.Lost, Place: c.Told.Position, Wait: int(c.Told.High / time.Minute),
		Hold: tagHold(c), Third: thirdTag(c.Third), Heeded: c.Heeded, Indexed: ms(c.Indexed), Parties: tagParties(c.Parties),
		Shares: tagShares(c.Shares), Pause: pauseTag(c.Pause),
	})
	if err != nil {
		panic("call: a tag of strings and numbers did not encode: " + err.Error())
	}
	return string(b)
}

// DecodeTag reads the channel variable. A variable that is not a tag of this version is an error: the channel is not ours to act on.
func DecodeTag(s string) (Tag, error) {
	if len(s) > maxTag {
		return Tag{}, fmt.Errorf("decode tag: %d bytes, at most %d", len(s), maxTag)
	}
	var t Tag
	if err := json.Unmarshal([]byte(s), &t); err != nil {
		return Tag{}, fmt.Errorf("decode tag: %w", err)
	}
	if t.V != 1 {
		return Tag{}, fmt.Errorf("decode tag: version %d is not known here", t.V)
	}
	if t.Call == "" || t.Line == "" || t.At <= 0 || !known(t.State) {
		return Tag{}, fmt.Errorf("decode tag: call, line, arrival or state is missing")
	}
	return t, nil
}

func known(s State) bool {
	switch s {
	case Arrived, Greeting, Waiting, Offered, Talking, Held, Overflowed, Degraded, Ended:
		return true
	}
	return false
}

// Call is the call that the tag describes.
func (t Tag) Restore() Call {
	c := Call{
		ID: t.Call, Line: t.Line, Arrived: when(t.At), Tier: t.Tier, State: t.State, Agent: t.Agent, Leg: t.Leg, Front: when(t.Front),
		Danger: t.Danger, Level: t.Level, LevelBy: t.LevelBy, LevelAt: when(t.LevelAt), Queued: when(t.Queued), Talked: when(t.Talked), Joined: when(t.Joined),
		Spoken: time.Duration(t.Spoken) * time.Millisecond,
		Out:    Attempt{N: t.Out, To: t.OutTo, Live: t.OutOn}, Passed: when(t.Passed), Hops: t.Hops, Task: t.Task, Unanswered: t.Silent,
		Language: t.Language, Audio: t.Audio, Callback: t.Callback,
		Known: Known{Blocked: t.Blocked, Preferred: t.Preferred, PreferUntil: when(t.Prefer), History: t.History, Again: t.Again}, Lost: t.Lost,
		Told:  Outlook{Position: t.Place, High: time.Duration(t.Wait) * time.Minute},
		Third: t.Third.restore(), Heeded: t.Heeded, Indexed: when(t.Indexed),
		Parties: partiesOf(t.Parties), Shares: sharesOf(t.Shares), Pause: t.Pause.restore(),
	}
	if c.State == Held {
		c.Hold = HoldAgentAway
		if t.Hold == HoldByAgent && c.Leg != "" {
			c.Hold = HoldByAgent
		}
	}
	return c
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func when(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// tagThird is a third party as the tag carries it. A failure is shown for a moment only, and left out; the number counts on.
type tagThird struct {
	N       int        `json:"n"`
	Contact string     `json:"contact,omitempty"`
	By      string     `json:"by,omitempty"`
	State   PartyState `json:"state,omitempty"`
	Since   int64      `json:"since_ms,omitempty"`
	Apart   bool       `json:"apart,omitempty"`
}

func thirdTag(t Third) *tagThird {
	switch {
	case t.N == 0:
		return nil
	case !t.alive():
		return &tagThird{N: t.N}
	}
	return &tagThird{t.N, t.Contact, t.By, t.State, ms(t.Since), t.Apart}
}

func (t *tagThird) restore() Third {
	if t == nil {
		return Third{}
	}
	return Third{N: t.N, Contact: t.Contact, By: t.By, State: t.State, Since: when(t.Since), Apart: t.Apart}
}

func tagHold(c Call) string {
	if c.onHold() {
		return HoldByAgent
	}
	return ""
}
