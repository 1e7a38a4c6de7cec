package call

import "time"

// Event is what happened to a call. Every event carries its time, so that Next needs no clock.
type Event interface{ when() time.Time }

// At is the time of an event.
type At struct{ Time time.Time }

func (a At) when() time.Time { return a.Time }

type (
	// Claimed begins a call: its channel is ours.
	Claimed struct {
		At
		Plan Plan
	}
	// Adopted begins a call that an earlier controller left: its channel is ours and sits in Place (empty: in no bridge).
	Adopted struct {
		At
		Place Place
		Plan  Plan
	}
	// Recognized says what is known of the caller by the number. It may come late, twice after an adoption, or never.
	Recognized struct {
		At
		Known Known
		Tier  Tier // "": no other than before
	}
	// TermsChanged says that the line asks something else of the agents than when the call came: emergency mode was switched. Those at risk are told
	// first (Urgent), so that nobody else is offered to the people who were added before them.
	TermsChanged struct {
		At
		Urgent bool
	}
	// PromptDone says that the prompt ended, played or not. ID is the playback's; empty when it never began. Failed: it could not be played.
	PromptDone struct {
		At
		ID     string
		Failed bool
	}
	// Chosen says that the caller pressed the key of a language. Audio: it has hold audio of its own.
	Chosen struct {
		At
		Language string
		Audio    bool
	}
	// ChoiceExpired says that no key came in the time after the menu.
	ChoiceExpired struct{ At }
	// AnnounceDue says that it is time to tell a waiting caller place and time.
	AnnounceDue struct{ At }
	// Estimated is the answer to Estimate.
	Estimated struct {
		At
		Outlook Outlook
	}
	// CallbackWanted says that the caller pressed the callback key: to be called back, or, while that is being confirmed, to stay.
	CallbackWanted struct{ At }
	// Promised is the answer to the Promise of the same Ask. Not Ok: there is no promise, or nobody knows in time.
	Promised struct {
		At
		Ask int
		Ok  bool
	}
	// Digit is a key that the caller pressed and that means nothing of the line's: the danger key, or nothing at all.
	Digit struct {
		At
		Digit string
	}
	// Queued is the index's answer to Enqueue.
	Queued struct {
		At
		Row Row
	}
	// Indexed is news of the index about this call.
	Indexed struct {
		At
		Row Row
	}
	// IndexLost says that the index was emptied: it must be told again.
	IndexLost struct{ At }
	// LegReady says that the agent's leg can be heard and heard from.
	LegReady struct {
		At
		Agent, Leg string
	}
	// LegLost says that nothing comes from the leg's browser any more, or that the leg is gone.
	LegLost struct {
		At
		Leg string
	}
	// JoinFailed says that the caller could not be moved to the leg.
	JoinFailed struct {
		At
		Leg string
	}
	// Leaving says that the channel is being hung up: that it leaves its bridge next is no fault.
	Leaving struct {
		At
		Cause int // Q.850, 0 when unknown
	}
	// Found says where the channel sits, after the event stream had a gap (Gap) or for another resync.
	Found struct {
		At
		Place Place
		Gap   bool
	}
	// LeftBridge says that the caller's channel left a bridge.
	LeftBridge struct {
		At
		Place Place
	}
	// ReturnExpired says that the agent did not come back in time.
	ReturnExpired struct{ At }
	// HangupWanted is the agent's wish to end the call.
	HangupWanted struct {
		At
		Agent string
	}
	// PlaceExpired says that the index has not given the caller a place for too long.
	PlaceExpired struct{ At }
	// Unservable says that we cannot serve the call (hold audio failed): the dialplan must.
	Unservable struct{ At }
	// StasisEnded says that the channel left our application: hung up, or moved on alive.
	StasisEnded struct{ At }
	// LeftStasis says that the channel left our hands alive: the guardian gave it to the dialplan.
	LeftStasis struct{ At }
	// CallerGone says that the channel is gone.
	CallerGone struct{ At }
)

// Row is what the index says of the call.
type Row struct {
	State State // Waiting, Offered, Talking, Held
	Agent string
	Offer string
	Leg   string // the agent's ready leg, empty when there is none: filled in by who knows the legs
	Front time.Time
	Since time.Time
}
