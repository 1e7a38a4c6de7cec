// Package lines holds what a site offers its callers: the lines with their numbers, hours, words and rules, and the policy of the whole site. It is
// one document, kept in versions in the database, which is the one source of truth; see [Store]. The types are plain values; nothing here knows
// telephones or screens.
package lines

import (
	"slices"
	"time"

	"hotline/queue"
)

// Words are texts by locale, such as "zh-CN".
type Words map[string]string

// Policy is everything that an administrator decides about lines: one version of the document.
type Policy struct {
	Lines            []Line        `json:"lines" yaml:"lines"`
	Partners         []Partner     `json:"partners,omitempty" yaml:"partners,omitempty"`
	Targets          []Target      `json:"targets,omitempty" yaml:"targets,omitempty"`                     // of the whole site
	Groups           map[int]Words `json:"groups,omitempty" yaml:"groups,omitempty"`                       // names of the groups of agents, 0 to 99; a lower one is asked first
	Floors           queue.Skills  `json:"floors,omitempty" yaml:"floors,omitempty"`                       // relaxation never goes below; see queue.Config.Floors
	Exposure         Exposure      `json:"exposure,omitzero" yaml:"exposure,omitempty"`                    // how many red calls a person should take
	Patience         Span          `json:"patience_ms,omitempty" yaml:"patience,omitempty"`                // most that a caller waits for one agent; 0: 10 min
	EmergencyMessage Words         `json:"emergency_message,omitempty" yaml:"emergency_message,omitempty"` // what every console shows in emergency mode, besides who and why
}

// Line is a dialled service.
type Line struct {
	ID            string       `json:"id" yaml:"id"`
	Numbers       []string     `json:"numbers" yaml:"numbers"`                                      // dialled numbers that lead here; the first is the one that is said
	Names         Words        `json:"names" yaml:"name"`                                           // as shown and spoken
	Greeting      Words        `json:"greeting,omitempty" yaml:"greeting,omitempty"`                // instead of the usual text; {key} is the danger key, {line} the name
	Hours         Hours        `json:"hours,omitzero" yaml:"hours,omitempty"`                       // empty: always open
	Menu          []Choice     `json:"menu,omitempty" yaml:"menu,omitempty"`                        // at most one key press chooses a language; no key: a human all the same
	MenuWait      Span         `json:"menu_wait_ms,omitempty" yaml:"menu_wait,omitempty"`           // for the key, after the greeting; 0: 3 s
	Needs         queue.Skills `json:"needs,omitempty" yaml:"needs,omitempty"`                      // skills with minimum levels
	Relax         []Step       `json:"relax,omitempty" yaml:"relax,omitempty"`                      // how Needs give way while a caller waits
	Groups        int          `json:"groups,omitempty" yaml:"groups,omitempty"`                    // the highest group of agents that is offered these calls; 0: the own centre only
	Patience      Span         `json:"patience_ms,omitempty" yaml:"patience,omitempty"`             // how long a returning caller waits for the same agent; 0: nobody waits for one agent
	Target        Target       `json:"target,omitzero" yaml:"target,omitempty"`                     // zero: that of the site
	AnnounceEvery Span         `json:"announce_every_ms,omitempty" yaml:"announce_every,omitempty"` // position and estimated wait; 0: 30 s
	Callback      Callback     `json:"callback,omitzero" yaml:"callback,omitempty"`
	Overflow      []Overflow   `json:"overflow,omitempty" yaml:"overflow,omitempty"`
	Phones        []string     `json:"phones,omitempty" yaml:"phones,omitempty"` // ring when nobody of ours can serve: "sip:user@host:port" or "number@trunk"
	Emergency     *Variant     `json:"emergency,omitempty" yaml:"emergency,omitempty"`
}

// Choice is one key of the language menu.
type Choice struct {
	Key      string       `json:"key" yaml:"key"`           // a key of a telephone, never the danger key
	Language string       `json:"language" yaml:"language"` // of the prompts from then on
	Needs    queue.Skills `json:"needs" yaml:"needs"`       // besides those of the line
}

// Step is one step by which a requirement gives way; see queue.Relaxation.
type Step struct {
	After Span   `json:"after_ms" yaml:"after"` // of waiting
	Skill string `json:"skill" yaml:"skill"`
	By    int    `json:"by,omitempty" yaml:"by,omitempty"` // lowers the level by so much; below 1 drops the skill
	To    int    `json:"to,omitempty" yaml:"to,omitempty"` // when By is 0: lowers the level to this; 0 drops the skill
}

// Relaxations are steps as the queue takes them.
func Relaxations(steps []Step) []queue.Relaxation {
	var out []queue.Relaxation
	for _, s := range steps {
		out = append(out, queue.Relaxation{After: time.Duration(s.After), Skill: s.Skill, By: s.By, To: s.To})
	}
	return out
}

// Target is a promise of service: Share percent of the callers reach a counsellor Within so long.
type Target struct {
	Within Span    `json:"within_ms" yaml:"within"`
	Share  float64 `json:"share" yaml:"share"` // percent, above 0 to 100
}

// Abandoned says what becomes of a caller who gave up waiting and whose number is usable.
type Abandoned string

// What becomes of a caller who gave up.
const (
	AbandonedOff  Abandoned = "off"
	AbandonedTask Abandoned = "task" // somebody is to call back
	AbandonedAuto Abandoned = "auto" // the queue calls back by itself
)

// Callback is how callers of a line are called back.
type Callback struct {
	Key          string    `json:"key,omitempty" yaml:"key,omitempty"`                     // asks for a callback while waiting; empty: none is offered
	First        bool      `json:"first,omitempty" yaml:"first,omitempty"`                 // told of it before the wait, not in the course of it
	Abandoned    Abandoned `json:"abandoned,omitempty" yaml:"abandoned,omitempty"`         // empty: task
	CallerID     string    `json:"caller_id,omitempty" yaml:"caller_id,omitempty"`         // neutral number that the called telephone shows; empty: the trunk's own
	Attempts     int       `json:"attempts,omitempty" yaml:"attempts,omitempty"`           // 1 to 20; 0: 3
	Every        Span      `json:"every_ms,omitempty" yaml:"every,omitempty"`              // between two attempts; 0: 15 min
	MayVoicemail bool      `json:"may_voicemail,omitempty" yaml:"may_voicemail,omitempty"` // whether a message may be left with an answering machine
}

// When says in which case an overflow step is taken.
type When string

// The cases.
const (
	WhenWait     When = "wait"      // the caller waited After
	WhenNoAgents When = "no_agents" // nobody who may take the call is signed in, for After
	WhenClosed   When = "closed"    // outside of the line's hours
)

// Overflow is one step of where callers go when the site cannot serve them soon. The caller keeps the place here until a human there answered.
type Overflow struct {
	After Span   `json:"after_ms,omitempty" yaml:"after,omitempty"`
	When  When   `json:"when" yaml:"when"`
	To    string `json:"to" yaml:"to"` // name of a partner
}

// PartnerKind says what answers there.
type PartnerKind string

// The kinds of partner.
const (
	PartnerSite  PartnerKind = "site"    // another hotline like this one: it rings until a counsellor accepted
	PartnerPhone PartnerKind = "partner" // any other telephone
)

// Partner is where an overflow may lead.
type Partner struct {
	Name          string      `json:"name" yaml:"name"`
	Kind          PartnerKind `json:"kind" yaml:"kind"`
	Number        string      `json:"number" yaml:"number"`                                       // dialled there
	Trunk         string      `json:"trunk" yaml:"trunk"`                                         // one of the configuration file
	AnswerIsHuman bool        `json:"answer_is_human,omitempty" yaml:"answer_is_human,omitempty"` // it never answers with a machine
}

// Exposure says how many red calls a person should take; see queue.Exposure.
type Exposure struct {
	Window Span `json:"window_ms,omitempty" yaml:"window,omitempty"`
	Limit  int  `json:"limit,omitempty" yaml:"limit,omitempty"`
	Break  Span `json:"break_ms,omitempty" yaml:"break,omitempty"`
}

// Variant is what differs in a line while emergency mode is on. What is left out stays as it is, but Groups.
type Variant struct {
	Greeting      Words       `json:"greeting,omitempty" yaml:"greeting,omitempty"`
	Relax         *[]Step     `json:"relax,omitempty" yaml:"relax,omitempty"`
	Groups        *int        `json:"groups,omitempty" yaml:"groups,omitempty"` // left out: everyone, also volunteers and partners
	AnnounceEvery Span        `json:"announce_every_ms,omitempty" yaml:"announce_every,omitempty"`
	CallbackFirst bool        `json:"callback_first,omitempty" yaml:"callback_first,omitempty"`
	Overflow      *[]Overflow `json:"overflow,omitempty" yaml:"overflow,omitempty"`
}

// AllGroups is above every group of agents.
const AllGroups = 99

// What a zero means.
const (
	DefaultMenuWait      = Span(3 * time.Second)
	DefaultAnnounceEvery = Span(30 * time.Second)
	DefaultAttempts      = 3
	DefaultEvery         = Span(15 * time.Minute)
)

// Effective is a line as it is to be served: defaults in the place of zeros and, with emergency, the line's variant laid over it. In an emergency
// also agents of every group are asked, unless the variant names a group, even where a line has no variant.
func (p Policy) Effective(l Line, emergency bool) Line {
	or := func(s *Span, def Span) {
		if *s == 0 {
			*s = def
		}
	}
	or(&l.MenuWait, DefaultMenuWait)
	or(&l.AnnounceEvery, DefaultAnnounceEvery)
	or(&l.Callback.Every, DefaultEvery)
	if l.Callback.Attempts == 0 {
		l.Callback.Attempts = DefaultAttempts
	}
	if l.Callback.Abandoned == "" {
		l.Callback.Abandoned = AbandonedTask
	}
	if l.Target == (Target{}) && len(p.Targets) > 0 {
		l.Target = p.Targets[0]
	}
	v := l.Emergency
	l.Emergency = nil
	if !emergency {
		return l
	}
	l.Groups = AllGroups
	if v == nil {
		return l
	}
	if len(v.Greeting) > 0 {
		l.Greeting = v.Greeting
	}
	if v.Relax != nil {
		l.Relax = slices.Clone(*v.Relax)
	}
	if v.Groups != nil {
		l.Groups = *v.Groups
	}
	if v.AnnounceEvery != 0 {
		l.AnnounceEvery = v.AnnounceEvery
	}
	if v.Overflow != nil {
		l.Overflow = slices.Clone(*v.Overflow)
	}
	l.Callback.First = l.Callback.First || v.CallbackFirst
	return l
}

// QueueConfig lays the site's policy over a configuration of the queue.
func (p Policy) QueueConfig(c queue.Config) queue.Config {
	c.Floors, c.Patience = p.Floors, time.Duration(p.Patience)
	c.Exposure = queue.Exposure{Window: time.Duration(p.Exposure.Window), Limit: p.Exposure.Limit, Break: time.Duration(p.Exposure.Break)}
	return c
}

// Line finds a line by id.
func (p Policy) Line(id string) (Line, bool) {
	i := slices.IndexFunc(p.Lines, func(l Line) bool { return l.ID == id })
	if i < 0 {
		return Line{}, false
	}
	return p.Lines[i], true
}
