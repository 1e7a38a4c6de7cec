// Package protocol is the console's vocabulary: the bodies of its HTTP interface and the messages of its websocket, as docs/protocol.md
// (sections 5 and 6) and the files in golden/ give them. It holds types and a strict decoder, no behaviour.
package protocol

// Media says how an agent's headset is.
type Media string

// The states of a headset.
const (
	MediaNone       Media = "none"
	MediaConnecting Media = "connecting"
	MediaReady      Media = "ready"
	MediaLost       Media = "lost"
)

// Quality is the measured quality of a leg.
type Quality struct {
	RTTms       float64 `json:"rtt_ms"`       // round trip, milliseconds
	LossPercent float64 `json:"loss_percent"` // 0 to 100
	JitterMs    float64 `json:"jitter_ms"`    // milliseconds
	MOS         float64 `json:"mos"`          // 1 to 4.5, estimated (ITU-T G.107)
}

// Offer is a ringing call as its agent sees it.
type Offer struct {
	Offer          string `json:"offer"`
	Call           string `json:"call"`
	Line           string `json:"line"`
	LineName       string `json:"line_name"`
	Tier           string `json:"tier"`
	WaitedMs       int64  `json:"waited_ms"` // from arrival to the offer
	At             int64  `json:"at"`
	ExpiresAt      int64  `json:"expires_at"`
	History        int    `json:"history"` // earlier contacts known for this caller
	ReturningToYou bool   `json:"returning_to_you"`
	Callback       bool   `json:"callback"` // nobody is on the line: the caller is dialled after the acceptance
}

// Call is one caller in the index.
type Call struct {
	Call       string   `json:"call"`
	Line       string   `json:"line"`
	LineName   string   `json:"line_name"`
	State      string   `json:"state"`
	Tier       string   `json:"tier"`
	Agent      string   `json:"agent"`
	AgentName  string   `json:"agent_name"`
	ArrivedAt  int64    `json:"arrived_at"`
	Since      int64    `json:"since"`
	TalkSince  int64    `json:"talk_since"` // 0 until an agent accepted
	Danger     bool     `json:"danger"`
	History    int      `json:"history"`
	HoldReason string   `json:"hold_reason"` // agent: on hold by the agent's wish; agent_away, dialling
	Callback   bool     `json:"callback"`    // a call of ours to somebody who waits for one
	Quality    *Quality `json:"quality"`
	Parties    []Party  `json:"parties"` // who takes part beside the caller and the agent; never nil

	Needs        map[string]int `json:"needs"`         // skills that are asked for now, a language too; never nil
	Assigned     string         `json:"assigned"`      // kept for that person by a supervisor
	AssignedName string         `json:"assigned_name"` //

	Level       string `json:"level"` // what a person said last of the danger: none, low, moderate, high; empty: nobody yet
	LevelByName string `json:"level_by_name"`
	LevelAt     int64  `json:"level_at"`
	AgentLostAt int64  `json:"agent_lost_at"` // a caller at risk whose agent vanished then, and whom nobody has now; else 0

	Pause *RecordingPause `json:"pause,omitempty"` // what is left out of the recording now

	text []byte // see Written
}

// RecordingPause is a stretch that the agent of a call wishes to leave out of its recording, and what is confirmed of it.
type RecordingPause struct {
	Reason string `json:"reason"` // a code of the settings
	Since  int64  `json:"since"`
	Until  int64  `json:"until"` // it ends by itself then
	Asked  int64  `json:"asked"` // since when the recording that runs is asked for it or, with Over, to go on; 0: not known
	Taken  int64  `json:"taken"` // until then nothing is recorded, as confirmed; 0: not confirmed, all may be recorded
	Over   int64  `json:"over"`  // not wanted any more since then, and not confirmed that it is recorded again; 0: wanted
}

// Agent is one row of the board's agents.
type Agent struct {
	User   string `json:"user"`
	Name   string `json:"name"`
	State  string `json:"state"`
	Reason string `json:"reason"`
	Since  int64  `json:"since"`
	Call   string `json:"call"`
	Media  Media  `json:"media"`
	Muted  bool   `json:"muted"`
	Assist string `json:"assist"` // the call in which they take part beside its agent
	SOS    *SOS   `json:"sos"`    // asked silently for help

	Skills map[string]int `json:"skills"` // level by skill; never nil
	Group  int            `json:"group"`  // 0: the own centre
	Reds   int            `json:"reds"`   // red calls within the window of the exposure
	Until  int64          `json:"until"`  // end of wrap-up, of a forced break, or of being kept; 0 when none

	FormDue    string `json:"form_due"`     // the call at risk without whose form the wrap-up does not end
	FormLateAt int64  `json:"form_late_at"` // since when a supervisor is told that it is missing; else 0
	KeptFor    string `json:"kept_for"`     // the call, cut off, for whose caller they are kept

	text []byte // see Written
}

// Self is the signed-in person's own row.
type Self struct {
	User       string `json:"user"`
	Name       string `json:"name"`
	Role       string `json:"role"`
	State      string `json:"state"`
	Reason     string `json:"reason"`
	Since      int64  `json:"since"`
	Until      int64  `json:"until"`       // end of wrap-up, or of a break after red calls; 0 when none
	WantsReady bool   `json:"wants_ready"` // Available was pressed; kept until the leg is ready and the queue takes it
	Media      Media  `json:"media"`
	Leg        string `json:"leg"`
	Offer      *Offer `json:"offer"`
	Call       *Call  `json:"call"`
	Muted      bool   `json:"muted"`

	Assist     *Beside  `json:"assist"`     // takes part in a call beside its agent
	Invite     *Beside  `json:"invite"`     // is asked to
	SOS        *SOS     `json:"sos"`        // has asked for help
	Supervised []string `json:"supervised"` // names of who listens, where the site shows it; never nil
	FormDue    string   `json:"form_due"`   // as of Agent
	FormLateAt int64    `json:"form_late_at"`
	KeptFor    string   `json:"kept_for"` // until Until

	Lines []LineStanding `json:"lines,omitempty"` // lines whose requirements lapsed for the person, or soon will; absent: there is nothing to say

	Incidents []IncidentRow `json:"incidents"` // open ones: for who leads all, for others those in which they have a part; never nil
}

// Board is what a supervisor sees of the whole site.
type Board struct {
	Waiting []Call  `json:"waiting"` // in order of service
	Talking []Call  `json:"talking"`
	Agents  []Agent `json:"agents"`
}

// Login is the body of POST /api/login.
type Login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// Me is the signed-in person.
type Me struct {
	User     string `json:"user"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Locale   string `json:"locale"`
	Next     Next   `json:"next"` // what must come before anything else; empty: nothing
}

// ICEServer is one STUN or TURN server as RTCPeerConnection takes it.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// PublicConfig is what the web app must know before anyone signs in.
type PublicConfig struct {
	Locale     string      `json:"locale"`
	Locales    []string    `json:"locales"`
	Reasons    []string    `json:"reasons"`
	ICEServers []ICEServer `json:"ice_servers"`
	Codec      string      `json:"codec"`
	Demo       bool        `json:"demo"`
	Provider   string      `json:"provider"`     // by which people may also sign in, as a button says it; empty: none
	IdleLockMs int64       `json:"idle_lock_ms"` // after so long without input the console locks
}

// Params are the values that a message's words need. Never nil on the wire.
type Params map[string]any

// HTTPError is the body of every HTTP refusal.
type HTTPError struct {
	Error  Code   `json:"error"`
	Params Params `json:"params"`
}

// Health is the answer of GET /healthz and GET /readyz.
type Health struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}
