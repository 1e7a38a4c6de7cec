package telephony

import (
	"slices"

	"hotline/telephony/call"
)

// media is what a prompt is made of for a caller who chose a language, or none (""): then it is said in each of the line's, the first one first, save
// what is many files long or was heard in the first already.
func (l Line) media(chosen string, p call.Prompt) []string {
	switch languages := l.Languages; {
	case p == call.PromptMenu:
		return l.in(l.Languages[min(1, len(l.Languages)):], p) // who understands the first needs no key
	case chosen != "":
		if p == call.PromptOtherLanguages {
			return nil
		}
		return l.in([]string{chosen}, p)
	case p == call.PromptGreeting:
		return l.in(languages[:min(1, len(languages))], p)
	case p == call.PromptOtherLanguages:
		return l.in(languages[min(1, len(languages)):], call.PromptGreeting)
	default:
		return l.in(languages, p)
	}
}

func (l Line) in(languages []string, p call.Prompt) []string {
	var media []string
	for _, language := range languages {
		if m := l.Prompts[language][p]; m != "" {
			media = append(media, m)
		}
	}
	return media
}

// spoken is the language of announcements: one only, because they are many parts long.
func (l Line) spoken(chosen string) string {
	if slices.Contains(l.Languages, chosen) {
		return chosen
	}
	return l.first()
}
