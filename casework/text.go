package casework

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is what a person wrote as it is kept: without space around it. ok is false unless it has least to most characters, all of them such as can be shown;
// it may have lines and tabs.
func Text(written string, least, most int) (text string, ok bool) {
	return kept(written, least, most, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
}

// Line is [Text] on one line.
func Line(written string, least, most int) (text string, ok bool) {
	return kept(written, least, most, unicode.IsControl)
}

func kept(written string, least, most int, odd func(rune) bool) (string, bool) {
	text := strings.TrimSpace(written)
	n := utf8.RuneCountInString(text)
	return text, utf8.ValidString(text) && n >= least && n <= most && !strings.ContainsFunc(text, odd)
}
