package protocol

import "encoding/json"

// PersonFile is a person as others see them: one file, under a code that is no number and no name.
type PersonFile struct {
	File         string `json:"file"`
	Code         string `json:"code"`      // letters only, such as "BKX-RDM"
	CalledAs     string `json:"called_as"` // how the person wants to be called
	BirthYear    int    `json:"birth_year"`
	AgeBand      string `json:"age_band"` // under_14, 14_17, 18_24, 25_34, 35_44, 45_59, 60_up; empty: not known
	Sex          string `json:"sex"`      // female, male, other; empty: not known
	Region       string `json:"region"`
	Minor        bool   `json:"minor"` // under 18, or may be
	Child        bool   `json:"child"` // under 14, or may be
	Level        string `json:"level"` // none, low, moderate, high; empty: not assessed
	LevelAt      int64  `json:"level_at"`
	LevelByName  string `json:"level_by_name"`
	LevelVersion int64  `json:"level_version"` // of the definition of high risk
	CreatedAt    int64  `json:"created_at"`
}

// CallPerson is a person of a call.
type CallPerson struct {
	Role   string     `json:"role"` // caller, reporter, at_risk
	Person PersonFile `json:"person"`
	Calls  int        `json:"calls"`  // of this person, at most 100
	Phrase bool       `json:"phrase"` // the person chose a passphrase
}

// CallPeople is the answer of GET /api/calls/{id}/people: who is on the line, and about whom the call is.
type CallPeople struct {
	Call      string        `json:"call"`
	Withheld  bool          `json:"withheld"`
	People    []CallPerson  `json:"people"`    // who is on the line first; empty: nobody took the call yet
	Others    []PersonFile  `json:"others"`    // who else calls from this number, who called last first
	Returning *PersonFile   `json:"returning"` // the open file at high risk to which the number leads
	Reports   []MinorReport `json:"reports"`   // about the minors of this call
	Safety    SafetyPlan    `json:"safety"`    // of whom the call is about; version 0: none
}

// PersonLink is the body of POST /api/calls/{id}/people: the person on the line is another than the console took them for.
type PersonLink struct {
	Code string `json:"code"` // empty: a new person
}

// ThirdParty is the body of POST /api/calls/{id}/third.
type ThirdParty struct {
	On   bool   `json:"on"`   // the call is about somebody else
	Code string `json:"code"` // of that person; empty: a new one
}

// PersonSeek is the body of POST /api/files/open: which file, by one of these, and why for whom it is none of their calls.
type PersonSeek struct {
	File   string `json:"file"`
	Code   string `json:"code"`
	Phrase string `json:"phrase"`
	Call   string `json:"call"`
	Reason string `json:"reason"`
}

// FilePage is the answer of POST /api/files/open: everything about a person on one page.
type FilePage struct {
	Person    PersonFile     `json:"person"`
	Phrase    bool           `json:"phrase"`
	Parts     []PersonFile   `json:"parts"`    // what was merged into it
	Contacts  []FileContact  `json:"contacts"` // newest first
	Acts      []FileAct      `json:"acts"`     // newest first
	Safety    SafetyPlan     `json:"safety"`
	Plan      Plan           `json:"plan"` // of who calls again and again; version 0: none
	Reports   []MinorReport  `json:"reports"`
	Incidents []FileIncident `json:"incidents"` // newest first
	FollowUps []FileFollowUp `json:"follow_ups"`
	MayMerge  bool           `json:"may_merge"` // this person may merge, split and undo
	Grant     string         `json:"grant"`     // for what is done on the page, when the file was opened for a reason
}

// FileContact is a call of a person.
type FileContact struct {
	Call      string       `json:"call"`
	At        int64        `json:"at"`
	Line      string       `json:"line"`
	LineName  string       `json:"line_name"`
	Role      string       `json:"role"`
	Part      string       `json:"part"` // the file in which it is kept
	TalkMs    int64        `json:"talk_ms"`
	Outcome   string       `json:"outcome"` // empty: the books do not have it yet
	AtRisk    bool         `json:"at_risk"`
	Level     string       `json:"level"` // that was said last of the call
	Yours     bool         `json:"yours"`
	AgentName string       `json:"agent_name"` // for those who may see it
	Records   []RecordHead `json:"records"`
	Filed     bool         `json:"filed"` // the closing form is filled in
}

// FileAct is something that was done to a file.
type FileAct struct {
	Act      string `json:"act"`
	Kind     string `json:"kind"` // link, profile, phrase, third_party, merge, move, split, risk
	File     string `json:"file"`
	Code     string `json:"code"`
	Other    string `json:"other"`
	OtherTo  string `json:"other_code"`
	Call     string `json:"call"`
	At       int64  `json:"at"`
	ByName   string `json:"by_name"`
	Detail   string `json:"detail"`
	Reason   string `json:"reason"`
	UndoneAt int64  `json:"undone_at"`
	UndoneBy string `json:"undone_by_name"`
	Undoable bool   `json:"undoable"`
}

// FileIncident is an incident in which the person was in danger, or reported it.
type FileIncident struct {
	Incident string `json:"incident"`
	Level    string `json:"level"`
	State    string `json:"state"`
	At       int64  `json:"at"`
	ClosedAt int64  `json:"closed_at"`
	Outcome  string `json:"outcome"`
}

// FileFollowUp is a call that is owed to the person, or was.
type FileFollowUp struct {
	FollowUp string `json:"follow_up"`
	Rule     string `json:"rule"`
	State    string `json:"state"`
	DueAt    int64  `json:"due_at"`
	EndedAt  int64  `json:"ended_at"`
	Outcome  string `json:"outcome"`
}

// ProfileSave is the body of PUT /api/files/{id}/profile.
type ProfileSave struct {
	Grant     string `json:"grant"`
	Call      string `json:"call"` // in which it was said; empty: outside a call
	CalledAs  string `json:"called_as"`
	BirthYear int    `json:"birth_year"`
	AgeBand   string `json:"age_band"`
	Sex       string `json:"sex"`
	Region    string `json:"region"`
}

// PhraseSave is the body of PUT /api/files/{id}/phrase; an empty one takes it back.
type PhraseSave struct {
	Grant  string `json:"grant"`
	Phrase string `json:"phrase"`
}

// FileMerge is the body of POST /api/files/{id}/merge and of …/merge/preview: this file is the person of that code.
type FileMerge struct {
	Code   string `json:"code"`
	Reason string `json:"reason"` // 3 to 500 characters; not for a preview
}

// MergePreview is the answer of POST /api/files/{id}/merge/preview.
type MergePreview struct {
	From      PersonFile `json:"from"`
	Into      PersonFile `json:"into"`
	FromCalls int        `json:"from_calls"` // at most 1000
	IntoCalls int        `json:"into_calls"`
	Level     string     `json:"level"`    // that holds for both together
	Together  []string   `json:"together"` // calls in which both take part: they cannot be one person
}

// FileSplit is the body of POST /api/files/{id}/split: these calls are another person's, a new one's or that of a code.
type FileSplit struct {
	Calls  []string `json:"calls"`
	Code   string   `json:"code"`   // empty: a new person
	Reason string   `json:"reason"` // 3 to 500 characters
}

// FileList is the answer of GET /api/files: the open files at high risk, longest first.
type FileList struct {
	Files []PersonFile `json:"files"`
}

// SafetyPlan is one version of what a person in danger and a counsellor agreed on.
type SafetyPlan struct {
	Version  int64       `json:"version"` // 0: there is none
	At       int64       `json:"at"`
	ByName   string      `json:"by_name"`
	Call     string      `json:"call"`
	Restored int64       `json:"restored"` // the version whose content this is again; 0: none
	Steps    SafetySteps `json:"steps"`
}

// SafetySteps are its parts, in the order in which they are gone through. None is null.
type SafetySteps struct {
	Signs         []string `json:"signs"`
	Coping        []string `json:"coping"`
	People        []string `json:"people"`
	Places        []string `json:"places"`
	Professionals []string `json:"professionals"`
	Means         []string `json:"means"`
}

// SafetySave is the body of PUT /api/files/{id}/safety.
type SafetySave struct {
	Grant string      `json:"grant"`
	Call  string      `json:"call"` // in which it is made; empty: outside a call
	Base  int64       `json:"base"` // the version that was seen, 0: none
	Steps SafetySteps `json:"steps"`
}

// SafetyRestore is the body of POST /api/files/{id}/safety/restore.
type SafetyRestore struct {
	Grant   string `json:"grant"`
	Base    int64  `json:"base"`
	Version int64  `json:"version"`
}

// SafetyHistory is the answer of GET /api/files/{id}/safety, newest first.
type SafetyHistory struct {
	Versions []SafetyPlan `json:"versions"`
}

// RecordHead says that a record was filled in.
type RecordHead struct {
	Form   string `json:"form"`
	At     int64  `json:"at"`
	ByName string `json:"by_name"`
}

// ContactRecord is a record, or what somebody is writing of one.
type ContactRecord struct {
	Form    string          `json:"form"`
	Version int             `json:"version"` // of the forms
	At      int64           `json:"at"`
	ByName  string          `json:"by_name"`
	Rev     int64           `json:"rev"`     // of a draft; 0: saved
	Answers json.RawMessage `json:"answers"` // an object
}

// CallRecords is the answer of GET /api/calls/{id}/records.
type CallRecords struct {
	Call     string          `json:"call"`
	Version  int             `json:"version"`   // of the forms in force
	Forms    []RecordForm    `json:"forms"`     // in force, in order
	Records  []ContactRecord `json:"records"`   // the newest of each form
	Drafts   []ContactRecord `json:"drafts"`    // of this person
	Filed    bool            `json:"filed"`     // the closing form is filled in
	MayWrite bool            `json:"may_write"` // this person may write records of the call
}

// RecordForm is a form as it is filled in or read.
type RecordForm struct {
	ID      string            `json:"id"`
	Version int               `json:"version"`
	Kind    string            `json:"kind"`
	Names   map[string]string `json:"names"`
	Schema  json.RawMessage   `json:"schema"`
	Order   []string          `json:"order"`
	Scoring json.RawMessage   `json:"scoring"`
}

// RecordSave is the body of PUT /api/calls/{id}/records/{form} and of …/draft.
type RecordSave struct {
	Version int             `json:"version"`
	Rev     int64           `json:"rev"` // of a draft, rising
	Answers json.RawMessage `json:"answers"`
}

// RecordHistory is the answer of GET /api/calls/{id}/records/{form}, newest first, with the forms by which they were filled in.
type RecordHistory struct {
	Records []ContactRecord `json:"records"`
	Forms   []RecordForm    `json:"forms"`
}

// Unfinished is the answer of GET /api/drafts: what this person began to write and did not save.
type Unfinished struct {
	Drafts []UnfinishedDraft `json:"drafts"`
}

// UnfinishedDraft is one of them: about a call, or about a person.
type UnfinishedDraft struct {
	Call string `json:"call"`
	File string `json:"file"`
	Form string `json:"form"` // of a person: safety or profile
	At   int64  `json:"at"`
}

// FileDraft is what this person is writing about somebody. It is also the answer of PUT /api/files/{id}/drafts/{kind}.
type FileDraft struct {
	Kind    string          `json:"kind"` // safety, profile
	Base    int64           `json:"base"` // version of the safety plan that it was begun from
	Rev     int64           `json:"rev"`  // rising
	At      int64           `json:"at"`
	Answers json.RawMessage `json:"answers"`
}

// FileDrafts is the answer of GET /api/files/{id}/drafts.
type FileDrafts struct {
	Drafts []FileDraft `json:"drafts"`
}

// FileDraftSave is the body of PUT /api/files/{id}/drafts/{kind}; without answers the draft is given up.
type FileDraftSave struct {
	Grant   string          `json:"grant"`
	Base    int64           `json:"base"`
	Rev     int64           `json:"rev"`
	Answers json.RawMessage `json:"answers"` // null: given up
}
