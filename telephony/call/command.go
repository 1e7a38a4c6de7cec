package call

import "time"

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
	// Announce says parts one after the other, over the hold audio.
	Announce struct{ Parts []Prompt }
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
	// Require tells the index what came to be known of the call since Register: the needs of the language, the preferred agent, the history.
	Require struct{}
	// Mark tells the index that the call talks or is held.
	Mark struct{}
	// Restore tells an emptied index what the call is.
	Restore struct{}
	// ArmReturn starts the time in which the agent may come back, and looks whether the agent is there already; DisarmReturn stops it.
	ArmReturn    struct{}
	DisarmReturn struct{}
	// ArmChoice starts the time in which a key of the menu may come.
	ArmChoice struct{}
	// ArmAnnounce starts the time to the next announcement; DisarmAnnounce stops it.
	ArmAnnounce    struct{ After time.Duration }
	DisarmAnnounce struct{}
	// Estimate asks the index for the place and the time; Estimated follows, whatever it answers.
	Estimate struct{}
	// Promise makes a promise to call back durable; Promised follows, in time. Withdraw takes it back. They are carried out in order.
	Promise  struct{ Ask int }
	Withdraw struct{}
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
func (Announce) command()       {}
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
func (Require) command()        {}
func (ArmChoice) command()      {}
func (ArmAnnounce) command()    {}
func (DisarmAnnounce) command() {}
func (Estimate) command()       {}
func (Promise) command()        {}
func (Withdraw) command()       {}
func (Inquire) command()        {}
func (Hangup) command()         {}
func (Degrade) command()        {}
func (Close) command()          {}
