package alert

// The decisions of one alert, pure as those of a call are: no clock, no I/O.

// Phase says where an alert stands.
type Phase string

// The phases.
const (
	Placing Phase = ""        // it is being written down, and then dialled
	Ringing Phase = "ringing" // once
	Asking  Phase = "asking"  // answered: the prompt plays, again and again
	Noting  Phase = "noting"  // the result is being made durable
	Telling Phase = "telling" // durable: the last words
	Over    Phase = "over"
)

// State is what is known of an alert.
type State struct {
	Phase  Phase
	Result Result // from noting on
	Up     bool   // somebody, or a machine, is on the line
}

// Event is something that happened.
type Event interface{ event() }

// What can happen.
type (
	Due     struct{}                 // begins: it was claimed
	Found   struct{ Up, Lost bool }  // begins: its channel was found, of an earlier life; lost: there is no claim to it
	Dialled struct{}                 // the telephone was dialled
	Undone  struct{ Result Result }  // it was not dialled; "": nothing came of it, somebody else has it
	Up      struct{}                 // answered
	Key     struct{ Digit string }   // pressed
	Gone    struct{ Cause int }      // the channel is gone, with the Q.850 cause, 0 when unknown
	Lost    struct{}                 // somebody else has it, or it is over
	Late    struct{}                 // asked, or spoken to, for long enough
	Told    struct{}                 // the last words were said
	Noted   struct{ Lost, Ill bool } // lost: it was over before; ill: it could not be written down
)

func (Due) event()     {}
func (Found) event()   {}
func (Dialled) event() {}
func (Undone) event()  {}
func (Up) event()      {}
func (Key) event()     {}
func (Gone) event()    {}
func (Lost) event()    {}
func (Late) event()    {}
func (Told) event()    {}
func (Noted) event()   {}

// Command is something to be done.
type Command interface{ command() }

// What can be decided.
type (
	Place  struct{}                // write down that it is dialled, then dial: Dialled or Undone follows
	Redial struct{}                // dial the channel that is there, which nothing but its first dialling can ring: the same follows
	Ask    struct{}                // play the prompt, again and again; Late follows
	Note   struct{ Result Result } // make it durable: Noted follows
	Tell   struct{ Prompt Prompt } // play it once, instead of what plays: Told or Late follows
	HangUp struct{}                // take the channel down
)

func (Place) command()  {}
func (Redial) command() {}
func (Ask) command()    {}
func (Note) command()   {}
func (Tell) command()   {}
func (HangUp) command() {}

// Next is what an event makes of an alert, and what is to be done.
func Next(s State, e Event) (State, []Command) {
	if s.Phase == Over {
		return s, nil
	}
	switch e := e.(type) {
	case Due:
		return s, []Command{Place{}}
	case Found:
		return adopted(s, e)
	}
	if _, gone := e.(Gone); gone {
		s.Up = false
	}
	switch s.Phase {
	case Placing, Ringing:
		return unanswered(s, e)
	case Asking:
		return answered(s, e)
	case Noting:
		return settles(s, e)
	case Telling:
		switch e.(type) {
		case Told, Late:
			s.Phase = Over
			return s, []Command{HangUp{}}
		case Gone:
			s.Phase = Over
		}
	}
	return s, nil
}

// adopted: who has answered is asked again, and what was pressed while nobody listened is pressed again. A telephone that rings rings on.
func adopted(s State, e Found) (State, []Command) {
	s.Up = e.Up
	switch {
	case e.Lost && e.Up:
		s.Phase = Telling
		return s, []Command{Tell{PromptOver}}
	case e.Lost:
		s.Phase = Over
		return s, []Command{HangUp{}}
	case e.Up:
		s.Phase = Asking
		return s, []Command{Ask{}}
	}
	return s, []Command{Redial{}}
}

func unanswered(s State, e Event) (State, []Command) {
	switch e := e.(type) {
	case Dialled:
		s.Phase = Ringing
	case Undone:
		if e.Result == "" {
			s.Phase = Over
			return s, []Command{HangUp{}}
		}
		return ends(s, e.Result, HangUp{})
	case Up:
		s.Phase, s.Up = Asking, true
		return s, []Command{Ask{}}
	case Gone:
		return ends(s, ResultOf(e.Cause))
	case Lost:
		s.Phase = Over
		return s, []Command{HangUp{}}
	}
	return s, nil
}

func answered(s State, e Event) (State, []Command) {
	switch e := e.(type) {
	case Key:
		switch e.Digit {
		case AcceptKey:
			return ends(s, Accepted)
		case DeclineKey:
			return ends(s, Declined)
		}
	case Gone:
		return ends(s, NoAnswer)
	case Late: // a machine presses no key
		return ends(s, NoAnswer, HangUp{})
	case Lost:
		s.Phase = Telling
		return s, []Command{Tell{PromptOver}}
	}
	return s, nil
}

// ends has a result noted. The prompt plays on until it is: nobody is told that something was noted before it was.
func ends(s State, r Result, first ...Command) (State, []Command) {
	s.Phase, s.Result = Noting, r
	if len(first) > 0 {
		s.Up = false
	}
	return s, append(first, Note{r})
}

func settles(s State, e Event) (State, []Command) {
	noted, ok := e.(Noted)
	switch {
	case !ok:
		return s, nil
	case noted.Ill, !s.Up:
		s.Phase = Over
		return s, []Command{HangUp{}}
	}
	s.Phase = Telling
	switch {
	case noted.Lost:
		return s, []Command{Tell{PromptOver}}
	case s.Result == Accepted:
		return s, []Command{Tell{PromptAccepted}}
	}
	return s, []Command{Tell{PromptDeclined}}
}
