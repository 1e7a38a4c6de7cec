package protocol

import "slices"

// Code names a refusal; the browser turns it into words (errors.<code> in its locale files).
type Code string

// Codes of HTTP answers.
const (
	BadCredentials  Code = "bad_credentials"
	TooManyAttempts Code = "too_many_attempts" // params: retry_after_s
	SignedOut       Code = "signed_out"
	InCall          Code = "in_call" // also websocket
	Forbidden       Code = "forbidden"
	CrossOrigin     Code = "cross_origin"
	NotFound        Code = "not_found"
	BadReason       Code = "bad_reason" // also websocket
	GrantExpired    Code = "grant_expired"
	BadRequest      Code = "bad_request"
	Unavailable     Code = "unavailable"   // a part the console needs is away; try again. Also websocket
	Internal        Code = "internal"      // also websocket
	InvalidLines    Code = "invalid_lines" // params: faults, each with field, code and params
	Stale           Code = "stale"         // somebody changed it in between; params: version, at, by_name
	BadNote         Code = "bad_note"      // params: most
)

// Codes of websocket refusals that are counted: ten in a minute close the connection.
const (
	Malformed   Code = "malformed"
	UnknownType Code = "unknown_type"
	TooLarge    Code = "too_large" // params: limit
	HelloFirst  Code = "hello_first"
	TooMany     Code = "too_many" // more messages than a person can send
)

// Codes of websocket errors that belong to ordinary use.
const (
	SecondSession Code = "second_session"
	OfferGone     Code = "offer_gone"
	NotYourCall   Code = "not_your_call"
	NoGateway     Code = "no_gateway"
	LegFailed     Code = "leg_failed"
	LegPending    Code = "leg_pending"
	LegUnknown    Code = "leg_unknown"
	WrongState    Code = "wrong_state"
	Displaced     Code = "displaced"
	OnBreak       Code = "on_break"    // too many red calls; SELF says until when
	RedCall       Code = "red_call"    // the caller is at risk: not held, not released, not left alone
	NotParty      Code = "not_party"   // no such invitation or part in this call
	PersonBusy    Code = "person_busy" // that person talks or takes part elsewhere
	PersonAway    Code = "person_away" // that person has no console open
	NoHeadset     Code = "no_headset"  // a headset is needed to take part

	BadText      Code = "bad_text"       // empty, too long, or for too long
	TooManyWalls Code = "too_many_walls" // take one back first

	BadTelephone     Code = "bad_telephone"      // no number at which a person can be called
	TooManyDetectors Code = "too_many_detectors" // take one back first
)

// Codes of HTTP answers about tasks and blocks.
const (
	TaskBusy      Code = "task_busy"      // somebody is calling at this moment
	AlreadyClosed Code = "already_closed" // decided or closed by another before
	NotCallable   Code = "not_callable"   // there is no number that may be called
	NoTrunk       Code = "no_trunk"       // the site has no trunk by which callers could be called back
	OwnProposal   Code = "own_proposal"   // two people must want a block
	NoCaller      Code = "no_caller"      // the number was withheld
)

// Codes of follow-ups, referrals and the change of shifts.
const (
	NotNow      Code = "not_now"       // the telephone must not ring at this hour; params: next_at, 0: never by what is written down
	RefusesCall Code = "refuses_calls" // the person does not want to be called
	NoService   Code = "no_service"    // the directory has it no more
	NotYourCase Code = "not_your_case"
	// NotYourPerson: who asks had no contact with the person, and has no task of them.
	NotYourPerson Code = "not_your_person"
	OfferOver     Code = "offer_over" // decided, or taken back
)

// Codes of what is written of a call.
const (
	NoteFull           Code = "note_full"           // nothing more goes into it
	FormChanged        Code = "form_changed"        // the form is another by now; params: version
	FormIncomplete     Code = "form_incomplete"     // an answer is missing or does not fit
	WrongSeal          Code = "wrong_seal"          // what was kept was sealed for another person or call, or altered
	DispositionMissing Code = "disposition_missing" // the wrap-up of a call at risk is not over without its form; params: call
	OwnDebrief         Code = "own_debrief"         // another person than who wished it says that it was done
)

// Codes of signing in, and of people.
const (
	FactorNeeded      Code = "second_factor_needed"
	EnrolmentNeeded   Code = "enrolment_needed"
	PasswordNeeded    Code = "password_needed" // another person knows it: it must be changed first
	IsLocked          Code = "locked"          // also websocket: the console is locked
	FreshFactorNeeded Code = "fresh_factor_needed"
	BadCode           Code = "bad_code"
	AlreadyEnrolled   Code = "already_enrolled"
	NotEnrolled       Code = "not_enrolled"
	WeakPassword      Code = "weak_password"
	NameTaken         Code = "name_taken"
	BadPerson         Code = "bad_person"
	OwnRole           Code = "own_role"
	LastSecurity      Code = "last_security"
	BadWork           Code = "bad_work"
	ProviderFailed    Code = "provider_failed"  // the provider of identities did not do its part
	ProviderUnknown   Code = "provider_unknown" // it vouches for somebody who has no account here
	ProviderRole      Code = "provider_role"    // it does not grant the role of the account
)

// Codes lists every code, for the tests that compare it with the golden list and, in the web app, with the locale files.
func Codes() []Code {
	return append([]Code{
		BadCredentials, TooManyAttempts, SignedOut, InCall, Forbidden, CrossOrigin, NotFound, BadReason, GrantExpired, BadRequest,
		Unavailable, Internal, Malformed, UnknownType, TooLarge, HelloFirst, TooMany, SecondSession, OfferGone, NotYourCall, NoGateway,
		LegFailed, LegPending, LegUnknown, WrongState, Displaced, OnBreak, RedCall, NotParty, PersonBusy, PersonAway, NoHeadset, BadText, TooManyWalls, TaskBusy, AlreadyClosed, NotCallable, NoTrunk, OwnProposal, NoCaller, InvalidLines, Stale, BadNote,
		SameFile, CallTogether, LaterChange, FileOnHold, WeakPhrase, PhraseTaken, GuardianFirst, SecondPerson, RevealOver,
		NoteFull, FormChanged, FormIncomplete, WrongSeal, DispositionMissing, OwnDebrief,
		NotNow, RefusesCall, NoService, NotYourCase, NotYourPerson, OfferOver,
		FactorNeeded, EnrolmentNeeded, PasswordNeeded, IsLocked, FreshFactorNeeded, BadCode, AlreadyEnrolled, NotEnrolled, WeakPassword, NameTaken, BadPerson,
		OwnRole, LastSecurity, BadWork, ProviderFailed, ProviderUnknown, ProviderRole,
		BadTelephone, TooManyDetectors, SamePerson, ClosureBarred, IncidentClosed, PacketChanged, OnHold, StillOpen,
	}, slices.Concat(documentCodes(), staffCodes(), riskCodes(), reviewCodes(), recordingCodes())...)
}

// Trouble names a part that is away while a page needs it; the browser turns it into words (trouble.<code> in its locale files).
type Trouble string

// The troubles, in the order in which they are told.
const (
	TroubleQueue   Trouble = "queue"   // Redis is away or refuses
	TroubleGateway Trouble = "gateway" // no media gateway is reachable
)

// Troubles lists every trouble, for the tests that compare it with the golden list and, in the web app, with the locale files.
func Troubles() []Trouble { return []Trouble{TroubleQueue, TroubleGateway} }

// Close codes of the websocket (RFC 6455, 7.4.2 leaves 4000 to 4999 to applications).
const (
	CloseDisplaced = 4001
	CloseSignedOut = 4002
	CloseDraining  = 4003
	ClosePolicy    = 1008 // ten refused messages in a minute, or no hello
	CloseTooBig    = 1009 // a frame so large that reading past it is not worth it
	CloseTooSlow   = 1013 // the reader fell behind by more than the outbox holds; come back for a fresh snapshot
)
