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
