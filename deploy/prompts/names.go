// Package prompts holds what callers hear from us: texts in files, one per prompt and language, turned into audio once by espeak-ng
// and replaceable by recorded wav files of the same name; and the hold audio.
package prompts

import "path/filepath"

// The prompts. texts/<language>/<name>.txt says what each says.
const (
	HoldReassurance  = "hold-reassurance"  // while waiting: you are still in line, we have not forgotten you
	Connecting       = "connecting"        // just before a counsellor is heard
	Technical        = "technical"         // after a fault of ours: please stay, we are reconnecting you
	Returning        = "returning"         // after a fault was mended: your counsellor is coming back
	DangerNoted      = "danger-noted"      // the danger key was pressed
	FallbackGreeting = "fallback-greeting" // nobody of ours is there: stay on the line
	LeaveMessage     = "leave-message"     // no phone answered either
	Closing          = "closing"           // last words of the fallback: help numbers

	Closed             = "closed"              // the line has not its hours; the numbers that are always there
	Blocked            = "blocked"             // to a caller who abused the line: others come first, the danger key counts
	StayWithUs         = "stay-with-us"        // while waiting, to a caller in danger: no figures
	CallbackImpossible = "callback-impossible" // please stay on the line
	CallbackWithdrawn  = "callback-withdrawn"  // the caller stays, in the same place

	TakeCall = "take-call" // to whoever answers at a partner's line: a caller waits, press 1 to take the call

	// To a person of the call tree whose telephone is called; nothing in them tells of a caller. The keys are those of telephony/alert.
	AlertAsk      = "alert-ask"      // a call at high risk needs a supervisor: 1 accepts, 2 declines
	AlertAccepted = "alert-accepted" // it was noted
	AlertDeclined = "alert-declined" // it was noted, and the next person is called
	AlertOver     = "alert-over"     // somebody else has it by now

	// Parts of announcements, see numbers.go.
	Next        = "next"         // you are the next one
	Ahead       = "ahead"        // before you are: CallersAhead follows
	ManyCallers = "callers-many" // more than MostCallers are before you
	UrgentFirst = "urgent-first" // why the place is further back than it was
	WaitLonger  = "wait-longer"  // why the time is longer than it was
	Wait        = "wait"         // the wait is about: a time follows
	WaitShort   = "wait-short"   // a minute or less
	WaitHour    = "wait-hour"    // more than an hour, perhaps
	WaitUnknown = "wait-unknown" // nobody can say how long

	// Once per line that has the key.
	menu             = "menu"              // which key is which language, each said in itself
	callbackOffer    = "callback-offer"    // press the key to be called back
	callbackPromised = "callback-promised" // we call you; press the key again to stay

	greeting = "greeting" // once per line: the danger key first, the line, recorded and confidential
	holdText = "hold"     // timed phrases over the hold music
	beep     = "beep"
	ringing  = "ringing"
)

// fixed are the prompts that do not depend on the line.
func fixed() []string {
	return []string{
		HoldReassurance, Connecting, Technical, Returning, DangerNoted, FallbackGreeting, LeaveMessage, Closing,
		Closed, Blocked, StayWithUs, CallbackImpossible, CallbackWithdrawn, TakeCall, AlertAsk, AlertAccepted, AlertDeclined, AlertOver,
		Next, Ahead, ManyCallers, UrgentFirst, WaitLonger, Wait, WaitShort, WaitHour, WaitUnknown,
	}
}

// prompts are what a line of its own says in a language, besides the greeting; the files are called after the line as well.
func (l Line) prompts(language string) []string {
	var names []string
	if l.Menu[language] != "" {
		names = append(names, menu)
	}
	if l.CallbackKey != "" {
		names = append(names, callbackOffer, callbackPromised)
	}
	return names
}

// Spoken are the files of everything that a line says in a language, as ARI's play wants them, by name. Those of the line are called without it:
// "greeting", "menu", "callback-offer", "callback-promised".
func (s Sounds) Spoken(language string, line Line) map[string]string {
	all := map[string]string{}
	file := func(name string) string { return "sound:" + filepath.Join(s.Dir, language, name) }
	for _, name := range fixed() {
		all[name] = file(name)
	}
	for name := range numbers(language) {
		all[name] = file(name)
	}
	for _, name := range append(line.prompts(language), greeting) {
		all[name] = file(ofLine(name, line.ID))
	}
	return all
}

// Sounds names the audio files that Generate made in Dir, for the Languages in the order in which they are played.
type Sounds struct {
	Dir       string
	Languages []string
}

// Files are the paths of a prompt without extension, one per language, as the dialplan wants them.
func (s Sounds) Files(name string) []string {
	files := make([]string, 0, len(s.Languages))
	for _, l := range s.Languages {
		files = append(files, filepath.Join(s.Dir, l, name))
	}
	return files
}

// Media are the same as ARI's play wants them, one after the other: "sound:/…"
// (https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/Asterisk_REST_Interface/Channels_REST_API/#play).
func (s Sounds) Media(name string) []string {
	media := s.Files(name)
	for i := range media {
		media[i] = "sound:" + media[i]
	}
	return media
}

// Greeting is the media of a line's greeting.
func (s Sounds) Greeting(line string) []string { return s.Media(greetingName(line)) }

func greetingName(line string) string { return ofLine(greeting, line) }

func ofLine(name, line string) string { return name + "-" + line }

// Beep is the path, without extension, of the tone before a message.
func (s Sounds) Beep() string { return filepath.Join(s.Dir, beep) }

// Ringing is the path, without extension, of one turn of a telephone's ringing, RingingLength long.
func (s Sounds) Ringing() string { return filepath.Join(s.Dir, ringing) }

// HoldFolder holds the hold audio of a language and nothing else: Asterisk plays whatever is in it.
func (s Sounds) HoldFolder(language string) string { return filepath.Join(s.Dir, "hold", language) }
