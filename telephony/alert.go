package telephony

import (
	"time"

	"hotline/telephony/alert"
)

// Alerting is how a controller calls people. The zero value calls nobody.
type Alerting struct {
	Calls alert.Calls // nil: nobody is called
	// Dial is how Asterisk calls a person's number ("PJSIP/…"). An error says that the number may not be called.
	Dial func(number string) (endpoint string, err error)
	// Spoken is the media of each prompt by language; who speaks none of them is spoken to in First.
	Spoken map[string]map[alert.Prompt][]string
	First  string
	// CallerID is the number that is shown, by which people let our calls through when their telephone is silent at night; "": none is.
	CallerID string

	Ring  time.Duration // how long a telephone rings; default 25 s
	Ask   time.Duration // how long who answered is asked; default 40 s
	Claim time.Duration // how long a claim lasts without renewal; default 10 s
	Most  int           // alerts in the hands of one controller at a time; default 10
}

func (a Alerting) withDefaults() Alerting {
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{{&a.Ring, 25 * time.Second}, {&a.Ask, 40 * time.Second}, {&a.Claim, 10 * time.Second}} {
		if *d.value == 0 {
			*d.value = d.def
		}
	}
	if a.Most == 0 {
		a.Most = 10
	}
	return a
}

// media is what a prompt is made of for a language.
func (a Alerting) media(language string, p alert.Prompt) []string {
	if m := a.Spoken[language][p]; len(m) > 0 {
		return m
	}
	return a.Spoken[a.First][p]
}
