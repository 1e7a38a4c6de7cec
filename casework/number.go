package casework

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Normalise writes a number in one form, E.164 with a plus, whichever way it arrived: "138 0013 8000", "0138…", "86138…", "0086138…" and
// "+86138…" are the same caller. region (ISO 3166) is where a number without a country belongs. What is no telephone number there (an
// extension, a short number) stays its digits, with the plus it came with; without a digit it is withheld: empty.
func Normalise(number, region string) string {
	digits := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		}
		return -1
	}, number)
	if digits == "" {
		return ""
	}
	text := digits
	if strings.HasPrefix(strings.TrimSpace(number), "+") {
		text = "+" + digits
	}
	if n, err := phonenumbers.Parse(text, region); err == nil && phonenumbers.IsValidNumber(n) {
		return phonenumbers.Format(n, phonenumbers.E164)
	}
	return text
}

// Callable says that a number can be called back: a telephone number of one subscriber, at home or abroad, and not one of those never to be
// called. Withheld numbers, extensions, short service numbers, free, premium and shared-cost numbers, and what a switchboard shows instead
// of its caller are not. never is asked with the number as [Normalise] writes it.
func Callable(number, region string, never func(string) bool) bool {
	text := Normalise(number, region)
	if text == "" || never(text) {
		return false
	}
	n, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return false
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.VOIP, phonenumbers.PERSONAL_NUMBER:
		return true
	}
	return false
}

// Mask shows of a number what a person needs to tell it from another: "138******12". The country's own code is left out.
func Mask(number, region string) string {
	text := Normalise(number, region)
	if n, err := phonenumbers.Parse(text, region); err == nil && phonenumbers.IsValidNumber(n) {
		if phonenumbers.GetRegionCodeForNumber(n) == region {
			text = phonenumbers.GetNationalSignificantNumber(n)
		}
	}
	const head, tail = 3, 2
	if len(text) <= head+tail {
		return strings.Repeat("*", len(text))
	}
	return text[:head] + strings.Repeat("*", len(text)-head-tail) + text[len(text)-tail:]
}
