package call

// Command is what is to be done. Commands are carried out in order; those that the caller hears come first.
type Command interface{ command() }

type (
	// Save writes the call's tag to its channel. It comes before Play: Asterisk sets a variable of a channel only between two prompts.
	Save struct{}
	// Answer answers the channel.
	Answer struct{}
	// EnterHold moves the caller to the hold audio of the line.
	EnterHold struct{}
	// Settle moves the caller to where the call belongs, unless the caller is there. Asterisk takes a channel that is added to its own bridge out and in
	// again, which would be told as leaving it.
	Settle struct{}
	// Play plays a prompt to the caller, over the hold audio.
	Play struct{ Prompt Prompt }
	// StopPlay ends the prompt that plays, if one does.
	StopPlay struct{}
	// Join moves the caller to the leg.
	Join struct{ Leg string }
	// StartRecording begins a recording of the leg.
	StartRecording struct{ Leg, Agent string }
	// KeepRecording goes on with the recording of the leg that an earlier controller began, or begins one if it did not live to.
	KeepRecording struct{ Leg, Agent string }
	// StopRecording seals it.
	StopRecording struct{ Leg string }
	// Register tells the index of a new call.
	Register struct{}
	// Enqueue puts the call into the queue; Front at the head of its tier.
	Enqueue struct{ Front bool }
	// Raise tells the index the tier.
	Raise struct{}
	// Mark tells the index that the call talks or is held.
	Mark struct{}
	// Restore tells an emptied index what the call is.
	Restore struct{}
	// ArmReturn starts the time in which the agent may come back, and looks whether the agent is there already; DisarmReturn stops it.
	ArmReturn    struct{}
	DisarmReturn struct{}
	// Inquire finds out whether the channel, which left our application, is gone or lives on; LeftStasis or CallerGone follows.
	Inquire struct{}
	// Hangup ends the channel.
	Hangup struct{}
	// Degrade hands the channel to the dialplan's fallback.
	Degrade struct{}
	// Close takes the call out of the index, writes the ledger and gives the lease back.
	Close struct{}
)

func (Save) command()           {}
func (Answer) command()         {}
func (EnterHold) command()      {}
func (Settle) command()         {}
func (Play) command()           {}
func (StopPlay) command()       {}
func (Join) command()           {}
func (StartRecording) command() {}
func (KeepRecording) command()  {}
func (StopRecording) command()  {}
func (Register) command()       {}
func (Enqueue) command()        {}
func (Raise) command()          {}
func (Mark) command()           {}
func (Restore) command()        {}
func (ArmReturn) command()      {}
func (DisarmReturn) command()   {}
func (Inquire) command()        {}
func (Hangup) command()         {}
func (Degrade) command()        {}
func (Close) command()          {}

// Prompt names what is said to a caller; the files are the line's.
type Prompt string

// The prompts.
const (
	PromptGreeting       Prompt = "greeting"        // in the line's first language
	PromptOtherLanguages Prompt = "other-languages" // the greeting in the others
	PromptReconnecting   Prompt = "reconnecting"    // "please stay on the line"
	PromptDanger         Prompt = "danger"          // the danger key was heard
)
