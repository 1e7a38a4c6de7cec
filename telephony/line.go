package telephony

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

// Line is a dialled service as the controller knows it. A call keeps the line as it was when the call came; a line that is replaced or taken away
// serves its present callers to the end.
type Line struct {
	ID        string
	HoldClass string   // music class of Asterisk, for whoever chooses no language
	Languages []string // in which it speaks, at least one; the first is that of a caller who chooses none

	Needs    queue.Skills
	Relax    []queue.Relaxation
	Groups   int           // the highest group of agents who may be offered its callers; 0: the own centre only
	Patience time.Duration // most that a returning caller waits for the preferred agent alone

	// HoldClasses are the music classes for those who chose another language, by language. Without one they stay with HoldClass.
	HoldClasses map[string]string

	Menu     []Choice      // at most one key press; empty: no choice
	MenuWait time.Duration // how long a key is waited for after the menu was said; default 3 s

	AnnounceEvery time.Duration // how often a waiting caller is told place and time; 0: never
	Callback      Callback
	Open          func(time.Time) bool // whether the line has its hours; nil: always
	Overflow      []Overflow

	// Prompts are media URIs ("sound:/…") by language. What a language lacks is not said in it; the greeting in the first language must be there.
	Prompts map[string]map[call.Prompt]string
}

// Choice is what a key in the greeting chooses.
type Choice struct {
	Key      string
	Language string       // of everything that is said from then on
	Needs    queue.Skills // besides the line's: the higher level counts
}

// Callback says whether a caller may ask to be called back.
type Callback struct {
	Key   string // "": no
	First bool   // it is offered in the greeting already

	CallerID string // the number that a caller who is called back sees: one that gives nobody away
}

// Overflow is one step by which a caller is also tried elsewhere.
type Overflow struct {
	After time.Duration // of waiting
	When  string        // "wait", "no_agents" or "closed"
	To    string        // name of a partner
	Partner
}

// Known is what the ledger knows of a caller by the number.
type Known struct {
	History   int           // earlier contacts
	Tier      queue.Tier    // "": no change
	Preferred queue.AgentID // the agent of the last time, or the one who was cut off; "": none
	PreferFor time.Duration // how long the caller waits for that agent alone, at most Line.Patience unless the tier is returning
	Again     call.ID       // the caller's call that was cut off while at risk a moment ago; "": none
	Blocked   bool          // a block for abuse is in force: the caller comes last; the danger key still counts
}

// Promises keeps what callers were promised: a call back, in the place that they had. Both operations may be repeated for a call.
type Promises interface {
	// Promise notes the callback. It is durable when Promise returns nil. An error says that there is none: the number is withheld or cannot be
	// dialled, or the store does not answer.
	Promise(ctx context.Context, r Record) error
	// Withdraw takes it back, because the caller stayed and is served, or pressed the danger key. No promise: nil.
	Withdraw(ctx context.Context, id call.ID) error
}

// hold is hold audio of a line: the name of the place, and its music class.
type hold struct{ place, class string }

// holds are all the hold audio that the line's callers may need.
func (l Line) holds() []hold {
	all := []hold{{l.ID, l.HoldClass}}
	for _, c := range l.Menu {
		if class := l.HoldClasses[c.Language]; class != "" {
			all = append(all, hold{call.HoldPlace(l.ID, c.Language), class})
		}
	}
	return all
}

// holdAt is the hold audio of a place; that of a language which the line no longer offers is the line's own.
func (l Line) holdAt(place string) hold {
	for _, h := range l.holds() {
		if h.place == place {
			return h
		}
	}
	return hold{place, l.HoldClass}
}

const (
	defaultMenuWait = 3 * time.Second
	mostMenuWait    = 15 * time.Second
)

func (l Line) validate() error {
	if l.ID == "" || l.HoldClass == "" || len(l.Languages) == 0 || l.Prompts[l.first()][call.PromptGreeting] == "" {
		return fmt.Errorf("line %q: id, hold class, a language and the greeting in it are needed", l.ID)
	}
	var errs []error
	keys := map[string]string{call.DangerKey: "the danger key"}
	take := func(key, what string) {
		if len(key) != 1 || !strings.ContainsAny(key, "0123456789*#") {
			errs = append(errs, fmt.Errorf("line %q: %s: %q is no key of a telephone", l.ID, what, key))
		} else if other := keys[key]; other != "" {
			errs = append(errs, fmt.Errorf("line %q: %s: key %s is %s already", l.ID, what, key, other))
		}
		keys[key] = what
	}
	if strings.ContainsAny(l.ID, "~@") {
		errs = append(errs, fmt.Errorf("line %q: an id without ~ and @ is needed: names in Asterisk are made with them", l.ID))
	}
	for _, c := range l.Menu {
		take(c.Key, "the choice of "+c.Language)
		if !slices.Contains(l.Languages, c.Language) {
			errs = append(errs, fmt.Errorf("line %q: language %q is offered, but the line does not speak it", l.ID, c.Language))
		}
	}
	if l.Callback.Key != "" {
		take(l.Callback.Key, "the callback key")
	}
	if l.MenuWait < 0 || l.MenuWait > mostMenuWait {
		errs = append(errs, fmt.Errorf("line %q: a menu wait of %s is not between 0 and %s", l.ID, l.MenuWait, mostMenuWait))
	}
	if l.AnnounceEvery != 0 && l.AnnounceEvery < 5*time.Second {
		errs = append(errs, fmt.Errorf("line %q: announcements every %s leave no time for anything else; 5 s at least", l.ID, l.AnnounceEvery))
	}
	return errors.Join(errs...)
}

// first is the language of a caller who chose none.
func (l Line) first() string {
	if len(l.Languages) == 0 {
		return ""
	}
	return l.Languages[0]
}
