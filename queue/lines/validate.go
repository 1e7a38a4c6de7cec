package lines

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hotline/queue"
)

// Site is what a policy is checked against besides itself.
type Site struct {
	Trunks    []string // of the configuration file; nil: not known here, not checked
	Languages []string // in which there are prompts; empty: zh-CN, en
	DangerKey string   // empty: 0
}

func (s Site) withDefaults() Site {
	if len(s.Languages) == 0 {
		s.Languages = []string{"zh-CN", "en"}
	}
	s.DangerKey = cmp.Or(s.DangerKey, "0")
	return s
}

// Validate is [Policy.ValidateFor] where nothing is known about the site.
func (p Policy) Validate() error { return p.ValidateFor(Site{}) }

// ValidateFor says everything that is wrong at once, as Faults; nil when nothing is. What passes can be rendered into Asterisk's files: no value can
// add a line or a step to them.
func (p Policy) ValidateFor(s Site) error {
	s = s.withDefaults()
	v := &checker{site: s, partners: map[string]bool{}, leads: map[string]string{}}
	v.policy(p)
	if len(v.faults) == 0 {
		return nil
	}
	return v.faults
}

// The same rules as deploy/asterisk has; a test of cmd/hotline renders what passes here.
var (
	idRule     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,31}$`)
	numberRule = regexp.MustCompile(`^\+?[0-9]{2,20}$`)
	skillRule  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	phoneRule  = regexp.MustCompile(`^sip:[A-Za-z0-9+._-]{1,64}@(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?$`)
)

const (
	maxLines, maxNumbers, maxSteps, maxPartners, maxSpans, maxHolidays, maxSkills, maxPhones, maxTargets = 64, 32, 16, 32, 32, 128, 16, 16, 4
	maxName, maxGreeting, maxMessage                                                                     = 60, 400, 200
)

type params = map[string]any

type checker struct {
	site     Site
	partners map[string]bool
	leads    map[string]string // number -> line
	faults   Faults
}

func (v *checker) add(field string, c Code, p params) {
	if p == nil {
		p = params{}
	}
	v.faults = append(v.faults, Fault{field, c, p})
}

func (v *checker) policy(p Policy) {
	if len(p.Lines) == 0 {
		v.add("lines", Missing, nil)
	}
	v.count("lines", len(p.Lines), maxLines)
	v.count("partners", len(p.Partners), maxPartners)
	v.count("targets", len(p.Targets), maxTargets)
	for i, x := range p.Partners {
		v.partner(fmt.Sprintf("partners[%d]", i), x)
	}
	ids := map[string]bool{}
	for i, l := range p.Lines {
		f := fmt.Sprintf("lines[%d]", i)
		if id := strings.ToLower(l.ID); ids[id] {
			v.add(f+".id", Twice, params{"value": l.ID})
		} else {
			ids[id] = true
		}
		v.line(f, l)
	}
	for i, t := range p.Targets {
		v.target(fmt.Sprintf("targets[%d]", i), t)
	}
	for _, g := range slices.Sorted(maps.Keys(p.Groups)) {
		f := fmt.Sprintf("groups.%d", g)
		v.between(f, g, 0, AllGroups)
		v.words(f, p.Groups[g], maxName, true)
	}
	v.skills("floors", p.Floors, 0)
	if p.Patience != 0 {
		v.span("patience_ms", p.Patience, time.Second, time.Hour)
	}
	v.between("exposure.limit", p.Exposure.Limit, 0, 16)
	if p.Exposure.Window != 0 || p.Exposure.Limit > 0 {
		v.span("exposure.window_ms", p.Exposure.Window, time.Minute, 24*time.Hour)
	}
	if p.Exposure.Break != 0 {
		v.span("exposure.break_ms", p.Exposure.Break, time.Minute, 4*time.Hour)
	}
	v.words("emergency_message", p.EmergencyMessage, maxMessage, false)
}

func (v *checker) partner(f string, x Partner) {
	v.id(f+".name", x.Name)
	if v.partners[x.Name] {
		v.add(f+".name", Twice, params{"value": x.Name})
	}
	v.partners[x.Name] = true
	v.choice(f+".kind", string(x.Kind), string(PartnerSite), string(PartnerPhone))
	v.number(f+".number", x.Number)
	v.trunk(f+".trunk", x.Trunk)
}

func (v *checker) line(f string, l Line) {
	v.id(f+".id", l.ID)
	if len(l.Numbers) == 0 {
		v.add(f+".numbers", Missing, nil)
	}
	v.count(f+".numbers", len(l.Numbers), maxNumbers)
	for i, n := range l.Numbers {
		at := fmt.Sprintf("%s.numbers[%d]", f, i)
		v.number(at, n)
		switch other, ok := v.leads[n]; {
		case ok && other == l.ID:
			v.add(at, Twice, params{"value": n})
		case ok:
			v.add(at, TakenBy, params{"value": n, "line": other})
		}
		v.leads[n] = l.ID
	}
	v.words(f+".names", l.Names, maxName, true)
	v.greeting(f+".greeting", l.Greeting)
	v.hours(f+".hours", l.Hours)
	v.menu(f, l)
	v.skills(f+".needs", l.Needs, 1)
	v.steps(f+".relax", l, l.Relax)
	v.between(f+".groups", l.Groups, 0, AllGroups)
	if l.Patience != 0 {
		v.span(f+".patience_ms", l.Patience, time.Second, time.Hour)
	}
	if l.Target != (Target{}) {
		v.target(f+".target", l.Target)
	}
	v.announce(f+".announce_every_ms", l.AnnounceEvery)
	v.callback(f+".callback", l.Callback)
	if slices.ContainsFunc(l.Menu, func(c Choice) bool { return c.Key == l.Callback.Key && c.Key != "" }) {
		v.add(f+".callback.key", Twice, params{"value": l.Callback.Key})
	}
	v.overflow(f+".overflow", l.Overflow)
	v.count(f+".phones", len(l.Phones), maxPhones)
	for i, p := range l.Phones {
		v.phone(fmt.Sprintf("%s.phones[%d]", f, i), p)
	}
	if e := l.Emergency; e != nil {
		f += ".emergency"
		v.greeting(f+".greeting", e.Greeting)
		if e.Relax != nil {
			v.steps(f+".relax", l, *e.Relax)
		}
		if e.Groups != nil {
			v.between(f+".groups", *e.Groups, 0, AllGroups)
		}
		v.announce(f+".announce_every_ms", e.AnnounceEvery)
		if e.Overflow != nil {
			v.overflow(f+".overflow", *e.Overflow)
		}
	}
}

func (v *checker) menu(f string, l Line) {
	if l.MenuWait != 0 {
		v.span(f+".menu_wait_ms", l.MenuWait, time.Second, 15*time.Second)
	}
	v.count(f+".menu", len(l.Menu), 9)
	keys := map[string]bool{}
	for i, c := range l.Menu {
		at := fmt.Sprintf("%s.menu[%d]", f, i)
		v.key(at+".key", c.Key)
		if keys[c.Key] {
			v.add(at+".key", Twice, params{"value": c.Key})
		}
		keys[c.Key] = true
		if !slices.Contains(v.site.Languages, c.Language) {
			v.add(at+".language", BadLanguage, params{"value": c.Language, "languages": strings.Join(v.site.Languages, ", ")})
		}
		v.skills(at+".needs", c.Needs, 1)
	}
}

func (v *checker) hours(f string, h Hours) {
	if _, err := h.location(); err != nil || h.Zone == "Local" {
		v.add(f+".zone", BadZone, params{"value": h.Zone})
	}
	v.count(f+".weekly", len(h.Weekly), maxSpans)
	v.count(f+".holidays", len(h.Holidays), maxHolidays)
	for i, o := range h.Weekly {
		at := fmt.Sprintf("%s.weekly[%d]", f, i)
		if len(o.Days) == 0 {
			v.add(at+".days", Missing, nil)
		}
		for _, d := range o.Days {
			if !slices.Contains(Days(), d) {
				v.add(at+".days", BadDay, params{"value": string(d)})
			}
		}
		v.clock(at+".from", o.From, false)
		v.clock(at+".to", o.To, true)
	}
	for i, d := range h.Holidays {
		at := fmt.Sprintf("%s.holidays[%d]", f, i)
		if _, err := time.Parse(dateForm, d.Date); err != nil {
			v.add(at+".date", BadDate, params{"value": d.Date})
		}
		if d.From != "" || d.To != "" {
			v.clock(at+".from", d.From, false)
			v.clock(at+".to", d.To, true)
		}
		v.text(at+".name", d.Name, maxName)
	}
}

func (v *checker) clock(f, s string, end bool) {
	if m, ok := clock(s); !ok || m == 24*60 && !end {
		v.add(f, BadClock, params{"value": s})
	}
}

// steps must be in order, and each about a skill that the line or one of its menu's choices asks for.
func (v *checker) steps(f string, l Line, steps []Step) {
	v.count(f, len(steps), maxSteps)
	needs := maps.Clone(l.Needs)
	if needs == nil {
		needs = queue.Skills{}
	}
	for _, c := range l.Menu {
		maps.Copy(needs, c.Needs)
	}
	last := Span(0)
	for i, s := range steps {
		at := fmt.Sprintf("%s[%d]", f, i)
		v.span(at+".after_ms", s.After, time.Second, 2*time.Hour)
		if s.After < last {
			v.add(at+".after_ms", OutOfOrder, nil)
		}
		last = s.After
		v.skill(at+".skill", s.Skill)
		if _, ok := needs[s.Skill]; !ok && s.Skill != "" {
			v.add(at+".skill", NoEffect, params{"skill": s.Skill})
		}
		v.between(at+".by", s.By, 0, 10)
		v.between(at+".to", s.To, 0, 10)
	}
}

func (v *checker) target(f string, t Target) {
	v.span(f+".within_ms", t.Within, time.Second, time.Hour)
	if !(t.Share > 0 && t.Share <= 100) {
		v.add(f+".share", OutOfRange, params{"value": t.Share, "min": 1, "max": 100})
	}
}

func (v *checker) callback(f string, c Callback) {
	if c.Key != "" {
		v.key(f+".key", c.Key)
	}
	v.choice(f+".abandoned", string(c.Abandoned), "", string(AbandonedOff), string(AbandonedTask), string(AbandonedAuto))
	if c.CallerID != "" {
		v.number(f+".caller_id", c.CallerID)
	}
	v.between(f+".attempts", c.Attempts, 0, 20)
	if c.Every != 0 {
		v.span(f+".every_ms", c.Every, time.Minute, 24*time.Hour)
	}
}

func (v *checker) overflow(f string, steps []Overflow) {
	v.count(f, len(steps), maxSteps)
	last := Span(0)
	for i, o := range steps {
		at := fmt.Sprintf("%s[%d]", f, i)
		v.choice(at+".when", string(o.When), string(WhenWait), string(WhenNoAgents), string(WhenClosed))
		switch {
		case o.When == WhenClosed && o.After == 0: // at once
		case o.When == WhenNoAgents && o.After == 0:
		default:
			v.span(at+".after_ms", o.After, time.Second, 4*time.Hour)
		}
		if o.When == WhenWait {
			if o.After < last {
				v.add(at+".after_ms", OutOfOrder, nil)
			}
			last = o.After
		}
		if !v.partners[o.To] {
			v.add(at+".to", NoSuchPartner, params{"value": o.To})
		}
	}
}

func (v *checker) phone(f, p string) {
	if phoneRule.MatchString(p) {
		return
	}
	number, trunk, ok := strings.Cut(p, "@")
	if !ok || !numberRule.MatchString(number) {
		v.add(f, BadPhone, params{"value": p})
		return
	}
	v.trunk(f, trunk)
}

func (v *checker) trunk(f, name string) {
	switch {
	case name == "":
		v.add(f, Missing, nil)
	case v.site.Trunks != nil && !slices.Contains(v.site.Trunks, name):
		v.add(f, UnknownTrunk, params{"value": name})
	case !idRule.MatchString(name):
		v.add(f, BadID, params{"value": name})
	}
}

func (v *checker) id(f, id string) {
	switch {
	case id == "":
		v.add(f, Missing, nil)
	case !idRule.MatchString(id):
		v.add(f, BadID, params{"value": id})
	}
}

func (v *checker) number(f, n string) {
	switch {
	case n == "":
		v.add(f, Missing, nil)
	case !numberRule.MatchString(n):
		v.add(f, BadNumber, params{"value": n})
	}
}

const telephoneKeys = "0123456789*#"

func (v *checker) key(f, k string) {
	if len(k) != 1 || !strings.Contains(telephoneKeys, k) || k == v.site.DangerKey {
		v.add(f, BadKey, params{"value": k, "danger": v.site.DangerKey})
	}
}

func (v *checker) skill(f, name string) {
	if !skillRule.MatchString(name) {
		v.add(f, BadSkill, params{"value": name})
	}
}

func (v *checker) skills(f string, s queue.Skills, low int) {
	v.count(f, len(s), maxSkills)
	for _, name := range slices.Sorted(maps.Keys(s)) {
		v.skill(f+"."+name, name)
		v.between(f+"."+name, s[name], low, 10)
	}
}

func (v *checker) announce(f string, s Span) {
	if s != 0 {
		v.span(f, s, 10*time.Second, 10*time.Minute)
	}
}

// words are texts by locale; with needed, in both languages of the screen.
func (v *checker) words(f string, w Words, most int, needed bool) {
	for _, locale := range []string{"zh-CN", "en"} {
		if needed && strings.TrimSpace(w[locale]) == "" {
			v.add(f+"."+locale, Missing, nil)
		}
	}
	for _, locale := range slices.Sorted(maps.Keys(w)) {
		if !slices.Contains(v.site.Languages, locale) {
			v.add(f+"."+locale, BadLanguage, params{"value": locale, "languages": strings.Join(v.site.Languages, ", ")})
			continue
		}
		v.text(f+"."+locale, w[locale], most)
	}
}

var braces = regexp.MustCompile(`\{[^{}]*\}|[{}]`)

// greeting must name the danger key, may name the line, and nothing else in braces. Left out in one language, the usual text is spoken there.
func (v *checker) greeting(f string, w Words) {
	v.words(f, w, maxGreeting, false)
	for _, locale := range slices.Sorted(maps.Keys(w)) {
		for _, b := range braces.FindAllString(w[locale], -1) {
			if b != "{key}" && b != "{line}" {
				v.add(f+"."+locale, BadText, params{"value": b})
			}
		}
		if w[locale] != "" && !strings.Contains(w[locale], "{key}") {
			v.add(f+"."+locale, NoDangerKey, nil)
		}
	}
}

func (v *checker) text(f, s string, most int) {
	if utf8.RuneCountInString(s) > most {
		v.add(f, TooLong, params{"max": most})
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }); i >= 0 {
		v.add(f, BadText, params{"value": fmt.Sprintf("%q", s[i:i+1])})
	}
}

func (v *checker) choice(f, s string, of ...string) {
	if !slices.Contains(of, s) {
		v.add(f, BadChoice, params{"value": s, "choices": strings.Trim(strings.Join(of, ", "), ", ")})
	}
}

func (v *checker) between(f string, n, low, high int) {
	if n < low || n > high {
		v.add(f, OutOfRange, params{"value": n, "min": low, "max": high})
	}
}

func (v *checker) span(f string, s Span, low, high time.Duration) {
	if d := time.Duration(s); d < low || d > high {
		v.add(f, BadSpan, params{"min": low.String(), "max": high.String(), "min_ms": low.Milliseconds(), "max_ms": high.Milliseconds()})
	}
}

func (v *checker) count(f string, n, most int) {
	if n > most {
		v.add(f, TooMany, params{"max": most})
	}
}
