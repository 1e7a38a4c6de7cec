package protocol

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Messages from the browser that act on a call or on another person.
const (
	TypeHold         Type = "hold"
	TypeResume       Type = "resume"
	TypeInvite       Type = "invite"
	TypeInviteAccept Type = "invite_accept"
	TypeInviteRefuse Type = "invite_refuse"
	TypeInviteCancel Type = "invite_cancel"
	TypeTransfer     Type = "transfer"
	TypeRelease      Type = "release"
	TypeOutside      Type = "outside"
	TypeOutsideDrop  Type = "outside_drop"
	TypeOutsideLeave Type = "outside_leave"
	TypeDTMF         Type = "dtmf"
	TypeSOS          Type = "sos"
	TypeWrapUpExtend Type = "wrapup_extend"
	TypeRecordPause  Type = "record_pause"
	TypeRecordResume Type = "record_resume"

	TypeJoin       Type = "join"
	TypeKeepEnd    Type = "keep_end"
	TypeFormKeep   Type = "form_keep"
	TypeFormStored Type = "form_stored"
	TypeLeave      Type = "leave"
	TypeTake       Type = "take"
	TypeForce      Type = "force"
	TypeAssign     Type = "assign"
	TypeMoveUp     Type = "move_up"
	TypeSOSAck     Type = "sos_ack"
	TypeSOSEnd     Type = "sos_end"
)

const (
	maxDigits = 32
	maxReason = 500 // characters
)

// ControlTypes lists the messages of this file, in the order of docs/protocol.md.
func ControlTypes() []Type {
	return []Type{
		TypeHold, TypeResume, TypeInvite, TypeInviteAccept, TypeInviteRefuse, TypeInviteCancel, TypeTransfer, TypeRelease, TypeOutside,
		TypeOutsideDrop, TypeOutsideLeave, TypeDTMF, TypeSOS, TypeWrapUpExtend, TypeJoin, TypeLeave, TypeTake, TypeForce, TypeAssign,
		TypeMoveUp, TypeSOSAck, TypeSOSEnd, TypeIncidentAck, TypeRisk, TypeRiskConfirm, TypeKeepEnd, TypeFormKeep, TypeFormStored,
		TypeRecordPause, TypeRecordResume,
	}
}

// OfCall starts the messages about a call.
type OfCall struct {
	Head
	Call string `json:"call"`
}

// OfPerson starts the messages about another person.
type OfPerson struct {
	Head
	User string `json:"user"`
}

// OfCallAndPerson starts the messages about a call and another person.
type OfCallAndPerson struct {
	Head
	Call string `json:"call"`
	User string `json:"user"`
}

// The messages of a call's own agent, and of who is asked to take part.
type (
	// Hold gives the caller hold audio.
	Hold struct{ OfCall }
	// Resume ends it.
	Resume struct{ OfCall }
	// Invite asks a person to take part.
	Invite struct {
		OfCallAndPerson
		Role string `json:"role"` // consult
		Note string `json:"note"` // id of a written summary, or empty
	}
	// InviteAccept takes part, by who was asked.
	InviteAccept struct{ OfCall }
	// InviteRefuse does not.
	InviteRefuse struct{ OfCall }
	// InviteCancel takes an invitation back, or ends the part of who came by it.
	InviteCancel struct{ OfCallAndPerson }
	// Transfer gives the call to somebody who is in by consult.
	Transfer struct{ OfCallAndPerson }
	// Release gives the call back to the head of the queue, for one person or, with an empty user, for anybody.
	Release struct{ OfCallAndPerson }
	// Outside calls somebody of the phonebook into the talk.
	Outside struct {
		OfCall
		Contact string `json:"contact"`
	}
	// OutsideDrop ends the outside party.
	OutsideDrop struct{ OfCall }
	// OutsideLeave lets the caller and the outside party go on alone.
	OutsideLeave struct{ OfCall }
	// DTMF presses keys.
	DTMF struct {
		OfCall
		Digits string `json:"digits"` // 1 to 32 of 0-9 * # A-D
		To     string `json:"to"`     // caller, outside
	}
	// RecordPause leaves out of the recording what is said from now on.
	RecordPause struct {
		OfCall
		Reason string `json:"reason"` // a code of the settings
	}
	// RecordResume ends that.
	RecordResume struct{ OfCall }
	// AskHelp asks silently for help.
	AskHelp struct{ Head }
	// WrapUpExtend asks for more time after a call.
	WrapUpExtend struct{ Head }
)

// The messages of who leads.
type (
	// Join takes part in a call, or changes how.
	Join struct {
		OfCall
		Role string `json:"role"` // monitor, whisper, barge
	}
	// Leave ends one's own part in a call.
	Leave struct{ OfCall }
	// Take takes the talk over.
	Take struct{ OfCall }
	// FormKeep asks to keep the form of a call in the browser, because the database is away.
	FormKeep struct {
		Head
		Call    string              `json:"call"`
		Form    int64               `json:"form"` // version that was filled in
		Answers map[string][]string `json:"answers"`
	}
	// FormStored says that the browser has what FormKeep gave it.
	FormStored struct{ OfCall }
	// KeepEnd ends that the person is kept for a caller who was cut off while at risk.
	KeepEnd struct {
		Head
		Reason string `json:"reason_text"` // at most 500 characters
	}
	// Force changes whether another person is offered calls.
	Force struct {
		OfPerson
		State  string `json:"state"`       // available, not_ready
		Reason string `json:"reason_text"` // at most 500 characters
	}
	// Assign keeps a waiting caller for one person; an empty user takes that back.
	Assign struct {
		OfCallAndPerson
		Reason string `json:"reason_text"`
	}
	// MoveUp puts a waiting caller at the head of the tier.
	MoveUp struct {
		OfCall
		Reason string `json:"reason_text"`
	}
	// SOSAck says that one has seen a person's call for help.
	SOSAck struct{ OfPerson }
	// SOSEnd ends it.
	SOSEnd struct{ OfPerson }
)

// blankControl returns a message to be filled, nil for a type that is not of this file.
func blankControl(t Type) any {
	switch t {
	case TypeHold:
		return new(Hold)
	case TypeResume:
		return new(Resume)
	case TypeInvite:
		return new(Invite)
	case TypeInviteAccept:
		return new(InviteAccept)
	case TypeInviteRefuse:
		return new(InviteRefuse)
	case TypeInviteCancel:
		return new(InviteCancel)
	case TypeTransfer:
		return new(Transfer)
	case TypeRelease:
		return new(Release)
	case TypeOutside:
		return new(Outside)
	case TypeOutsideDrop:
		return new(OutsideDrop)
	case TypeOutsideLeave:
		return new(OutsideLeave)
	case TypeDTMF:
		return new(DTMF)
	case TypeRecordPause:
		return new(RecordPause)
	case TypeRecordResume:
		return new(RecordResume)
	case TypeSOS:
		return new(AskHelp)
	case TypeWrapUpExtend:
		return new(WrapUpExtend)
	case TypeJoin:
		return new(Join)
	case TypeLeave:
		return new(Leave)
	case TypeTake:
		return new(Take)
	case TypeForce:
		return new(Force)
	case TypeAssign:
		return new(Assign)
	case TypeMoveUp:
		return new(MoveUp)
	case TypeSOSAck:
		return new(SOSAck)
	case TypeSOSEnd:
		return new(SOSEnd)
	case TypeRisk:
		return new(Risk)
	case TypeRiskConfirm:
		return new(RiskConfirm)
	case TypeKeepEnd:
		return new(KeepEnd)
	case TypeFormKeep:
		return new(FormKeep)
	case TypeFormStored:
		return new(FormStored)
	case TypeIncidentAck:
		return new(IncidentAck)
	}
	return nil
}

// bounded is a message that knows the bounds of its fields.
type bounded interface{ check() error }

func (m OfCall) check() error   { return identifier("call", m.Call, false) }
func (m OfPerson) check() error { return identifier("user", m.User, false) }
func (m OfCallAndPerson) check() error {
	return errors.Join(identifier("call", m.Call, false), identifier("user", m.User, false))
}

func (m Release) check() error {
	return errors.Join(identifier("call", m.Call, false), identifier("user", m.User, true))
}

func (m Invite) check() error {
	return errors.Join(m.OfCallAndPerson.check(), oneOf("role", m.Role, "consult"), identifier("note", m.Note, true))
}

func (m Outside) check() error {
	return errors.Join(m.OfCall.check(), identifier("contact", m.Contact, false))
}

func (m RecordPause) check() error {
	return errors.Join(m.OfCall.check(), identifier("reason", m.Reason, false))
}

func (m DTMF) check() error {
	err := errors.Join(m.OfCall.check(), oneOf("to", m.To, "caller", "outside"))
	if m.Digits == "" || len(m.Digits) > maxDigits || strings.Trim(m.Digits, "0123456789*#ABCD") != "" {
		err = errors.Join(err, fmt.Errorf("digits: 1 to %d of 0-9, *, #, A-D", maxDigits))
	}
	return err
}

func (m Join) check() error {
	return errors.Join(m.OfCall.check(), oneOf("role", m.Role, "monitor", "whisper", "barge"))
}

func (m KeepEnd) check() error { return reasonText(m.Reason) }

func (m FormKeep) check() error { return identifier("call", m.Call, false) }

func (m Force) check() error {
	return errors.Join(m.OfPerson.check(), oneOf("state", m.State, "available", "not_ready"), reasonText(m.Reason))
}

func (m Assign) check() error {
	return errors.Join(identifier("call", m.Call, false), identifier("user", m.User, true), reasonText(m.Reason))
}

func (m MoveUp) check() error { return errors.Join(m.OfCall.check(), reasonText(m.Reason)) }

func oneOf(field, s string, words ...string) error {
	if !slices.Contains(words, s) {
		return fmt.Errorf("%s is not one of %s", field, strings.Join(words, ", "))
	}
	return nil
}

// reasonText allows words of a person; whether there must be some is for the handler to say.
func reasonText(s string) error {
	if utf8.RuneCountInString(s) > maxReason {
		return fmt.Errorf("reason_text is longer than %d", maxReason)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
		return errors.New("reason_text has a control character")
	}
	return nil
}
