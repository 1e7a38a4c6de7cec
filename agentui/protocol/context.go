package protocol

// CallContext is what is known of a caller, for the person whom the call is offered to or who takes part in it.
type CallContext struct {
	Call     string            `json:"call"`
	Withheld bool              `json:"withheld"` // the caller shows no number: nothing can be known of before
	Number   string            `json:"number"`   // masked
	Country  string            `json:"country"`  // of the number, ISO 3166; empty: no telephone number
	Places   map[string]string `json:"places"`   // where the number belongs, by language ("zh", "en")
	Relayed  bool              `json:"relayed"`  // another site passed the call on
	AtRisk   bool              `json:"at_risk"`  // one of the contacts shown was at risk
	Contacts []EarlierCall     `json:"contacts"` // newest first
	Tasks    []Task            `json:"tasks"`    // of this caller, not closed
	Plan     Plan              `json:"plan"`     // version 0: none
}

// EarlierCall is one earlier contact of a caller.
type EarlierCall struct {
	Call      string `json:"call"`
	At        int64  `json:"at"`
	Line      string `json:"line"`
	LineName  string `json:"line_name"`
	TalkMs    int64  `json:"talk_ms"`
	Outcome   string `json:"outcome"`
	AtRisk    bool   `json:"at_risk"`
	Yours     bool   `json:"yours"`      // this person answered it
	AgentName string `json:"agent_name"` // who answered, for those who may see it
}

// Plan is what all counsellors keep to with a caller who calls again and again.
type Plan struct {
	Version  int64  `json:"version"`
	At       int64  `json:"at"`
	By       string `json:"by"`
	ByName   string `json:"by_name"`
	Restored int64  `json:"restored"` // the version whose text this is again; 0: none
	Text     string `json:"text"`     // empty: taken back
}

// PlanSave is the body of PUT /api/calls/{id}/plan.
type PlanSave struct {
	Base int64  `json:"base"` // the version that was seen, 0: none
	Text string `json:"text"`
}

// PlanRestore is the body of POST /api/calls/{id}/plan/restore.
type PlanRestore struct {
	Base    int64 `json:"base"`
	Version int64 `json:"version"`
}

// PlanHistory is the answer of GET /api/calls/{id}/plan, newest first.
type PlanHistory struct {
	Versions []Plan `json:"versions"`
}

// RevealedNumber is the answer of POST /api/calls/{id}/number.
type RevealedNumber struct {
	Number string `json:"number"`
	Until  int64  `json:"until"` // the page takes it from the screen then
}

// Form is what is asked after a call.
type Form struct {
	Version   int64      `json:"version"`
	Questions []Question `json:"questions"`
}

// Question is one field of it.
type Question struct {
	ID       string            `json:"id"`
	Names    map[string]string `json:"names"`
	Kind     string            `json:"kind"` // one, many, text
	Choices  []Choice          `json:"choices"`
	Required bool              `json:"required"`
	When     *When             `json:"when"` // asked only then; null: always
}

// Choice is one answer to choose.
type Choice struct {
	ID    string            `json:"id"`
	Names map[string]string `json:"names"`
}

// When says that a question before this one was answered by a choice.
type When struct {
	Question string `json:"question"`
	Choice   string `json:"choice"`
}

// Disposition is the answer of GET and PUT /api/calls/{id}/disposition.
type Disposition struct {
	Call    string              `json:"call"`
	Form    Form                `json:"form"`   // that is to be filled in now
	Filled  int64               `json:"filled"` // version of the form that was filled in; -1: none was
	At      int64               `json:"at"`     // 0: none was
	ByName  string              `json:"by_name"`
	Answers map[string][]string `json:"answers"`
}

// DispositionSave is the body of PUT /api/calls/{id}/disposition.
type DispositionSave struct {
	Form    int64               `json:"form"`    // version that was filled in
	Answers map[string][]string `json:"answers"` // ids of choices, or one text
}

// FormKept is the result of form_keep.
type FormKept struct {
	Sealed string `json:"sealed"` // only this site can open it
	At     int64  `json:"at"`
}

// KeptForm is the body of PUT /api/calls/{id}/disposition/kept.
type KeptForm struct {
	Sealed string `json:"sealed"`
}

// Shift is the answer of GET /api/shift: the person's own.
type Shift struct {
	From     int64       `json:"from"` // 0: no shift goes on
	Now      int64       `json:"now"`
	Spans    []ShiftSpan `json:"spans"`   // in order
	Calls    []ShiftCall `json:"calls"`   // newest first
	Overdue  []ShiftCall `json:"overdue"` // calls at risk of before whose form is missing
	Tasks    []Task      `json:"tasks"`   // that wait for this person
	Debriefs []Debrief   `json:"debriefs"`
}

// ShiftSpan says in which state the person was.
type ShiftSpan struct {
	State  string `json:"state"`
	Reason string `json:"reason"`
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	Until  int64  `json:"until"` // planned end of a break; 0: none
	Call   string `json:"call"`
}

// ShiftCall is a call in which the person talked.
type ShiftCall struct {
	Call     string `json:"call"`
	At       int64  `json:"at"`
	Line     string `json:"line"`
	LineName string `json:"line_name"`
	TalkMs   int64  `json:"talk_ms"`
	Outcome  string `json:"outcome"`
	AtRisk   bool   `json:"at_risk"`
	Missing  bool   `json:"missing"` // the form is not filled in
}

// Debrief is the wish to talk about a call with a supervisor.
type Debrief struct {
	Debrief    string `json:"debrief"`
	User       string `json:"user"`
	Name       string `json:"name"`
	Call       string `json:"call"` // empty: no call in particular
	At         int64  `json:"at"`
	Words      string `json:"words"`
	DoneAt     int64  `json:"done_at"` // 0: it waits
	DoneByName string `json:"done_by_name"`
}

// Debriefs is the answer of GET /api/debriefs: those that wait, oldest first, then those of the last week.
type Debriefs struct {
	Debriefs []Debrief `json:"debriefs"`
}

// DebriefAsk is the body of POST /api/debriefs.
type DebriefAsk struct {
	Call  string `json:"call"`
	Words string `json:"words"` // at most 1000 characters; may be empty
}
