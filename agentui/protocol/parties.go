package protocol

// Party is somebody who takes part in a call beside its caller and its agent, or is asked to.
type Party struct {
	User        string `json:"user"`         // empty for role outside
	Name        string `json:"name"`         // of the person, or of the entry in the phonebook
	Role        string `json:"role"`         // consult, monitor, whisper, barge, outside
	State       string `json:"state"`        // invited, in, failed
	By          string `json:"by"`           // who asked for it
	ByName      string `json:"by_name"`      //
	Since       int64  `json:"since"`        //
	Note        string `json:"note"`         // id of the written summary; empty: none
	Contact     string `json:"contact"`      // outside: id in the phonebook, never a number
	ContactName string `json:"contact_name"` //
	Why         string `json:"why"`          // of failed: busy, no_answer, declined, unreachable, not_allowed, gone
}

// SOS is an agent's silent call for help.
type SOS struct {
	At        int64  `json:"at"`
	Call      string `json:"call"`        // in which; empty: outside a call
	AckBy     string `json:"ack_by"`      // who has seen it; empty: nobody yet
	AckByName string `json:"ack_by_name"` //
	AckAt     int64  `json:"ack_at"`      //
}

// Beside is a call in which somebody takes part, or is asked to, without being its agent.
type Beside struct {
	Party Party `json:"party"` // they themselves
	Call  Call  `json:"call"`
}

// Colleague is one person whom an agent may ask into a call.
type Colleague struct {
	User   string         `json:"user"`
	Name   string         `json:"name"`
	Role   string         `json:"role"`
	State  string         `json:"state"` // as an agent's; a supervisor at the console who takes no calls: not_ready
	Reason string         `json:"reason"`
	Skills map[string]int `json:"skills"` // level by skill; never nil
	Media  Media          `json:"media"`
	Free   bool           `json:"free"` // can be asked now: has a console open and neither talks nor takes part elsewhere
}

// Colleagues is the answer of GET /api/colleagues.
type Colleagues struct {
	Colleagues []Colleague `json:"colleagues"`
}

// WriteHandover is the body of POST /api/calls/{id}/handover.
type WriteHandover struct {
	To   string `json:"to"`   // user
	Text string `json:"text"` // 1 to 2000 characters
}

// Handover is a written summary for who takes a call over, as its readers see it.
type Handover struct {
	ID       string `json:"id"`
	Call     string `json:"call"`
	From     string `json:"from"`
	FromName string `json:"from_name"`
	To       string `json:"to"`
	ToName   string `json:"to_name"`
	At       int64  `json:"at"`
	Text     string `json:"text"`
}
