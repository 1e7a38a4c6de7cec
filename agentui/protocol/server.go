package protocol

// Messages from the server.
const (
	TypeAck       Type = "ack"
	TypeError     Type = "error"
	TypeChange    Type = "change"
	TypeLegLost   Type = "leg_lost"
	TypeDisplaced Type = "displaced"
	TypeSignedOut Type = "signed_out"
	TypeLocked    Type = "locked"
)

// Ack answers a request that was done.
type Ack struct {
	Type   Type  `json:"type"`
	ID     int64 `json:"id"`
	Result any   `json:"result,omitempty"`
}

// NewAck answers request id; result is nil where the request has none.
func NewAck(id int64, result any) Ack { return Ack{Type: TypeAck, ID: id, Result: result} }

// LegResult is the result of leg and leg_restart.
type LegResult struct {
	Leg    string `json:"leg"`
	Answer string `json:"answer"` // SDP
}

// Error answers a request that was not done; ID is 0 when the frame had none.
type Error struct {
	Type   Type   `json:"type"`
	ID     int64  `json:"id"`
	Code   Code   `json:"code"`
	Params Params `json:"params"`
}

// NewError refuses request id. Params may be nil.
func NewError(id int64, code Code, params Params) Error {
	if params == nil {
		params = Params{}
	}
	return Error{Type: TypeError, ID: id, Code: code, Params: params}
}

// Snapshot is all that the person may see. The numbering of changes starts again after it.
type Snapshot struct {
	Type  Type   `json:"type"`
	Seq   int64  `json:"seq"` // 0
	Now   int64  `json:"now"`
	Self  Self   `json:"self"`
	Board *Board `json:"board"` // nil when the role has no board

	Trouble   []Trouble `json:"trouble"` // what the page needs and is away; never nil
	Duties    Duties    `json:"duties"`  // zero for who takes no calls
	Emergency Emergency `json:"emergency"`
	Settings  int       `json:"settings"` // version in force: GET /api/settings has them

	Broadcasts []Broadcast `json:"broadcasts"` // what the person has yet to read; never nil
}

// NewSnapshot makes a snapshot as of now (milliseconds), without trouble.
func NewSnapshot(now int64, self Self, board *Board) Snapshot {
	return Snapshot{Type: TypeSnapshot, Now: now, Self: self, Board: board, Trouble: []Trouble{}, Broadcasts: []Broadcast{}}
}

// Change carries whole rows, to be put in the place of those with the same id. An empty list of trouble or of broadcasts is written, a nil one is not.
type Change struct {
	Type       Type     `json:"type"`
	Seq        int64    `json:"seq"` // from 1 after each snapshot
	Now        int64    `json:"now"`
	Self       *Self    `json:"self,omitempty"`
	Calls      []Call   `json:"calls,omitempty"`
	GoneCalls  []string `json:"gone_calls,omitempty"`
	Agents     []Agent  `json:"agents,omitempty"`
	GoneAgents []string `json:"gone_agents,omitempty"`

	Trouble   []Trouble  `json:"trouble,omitzero"` // the whole list; nil: as before
	Duties    *Duties    `json:"duties,omitempty"`
	Emergency *Emergency `json:"emergency,omitempty"` // nil: as before
	Settings  *int       `json:"settings,omitempty"`  // nil: as before

	Broadcasts []Broadcast `json:"broadcasts,omitzero"` // the whole list; nil: as before
}

// LegLost tells the browser to make a new leg.
type LegLost struct {
	Type   Type   `json:"type"`
	Leg    string `json:"leg"`
	Reason string `json:"reason"` // closed, replaced, no_media, suspect, shutdown, gateway_lost, unknown
}

// NewLegLost makes the message.
func NewLegLost(leg, reason string) LegLost {
	return LegLost{Type: TypeLegLost, Leg: leg, Reason: reason}
}

// Notice is a message without fields: displaced or signed_out.
type Notice struct {
	Type Type `json:"type"`
}
