package protocol

// InWords is a text in a language, or in that of every text.
func InWords(names map[string]string, locale string) string {
	if text := names[locale]; text != "" {
		return text
	}
	return names["zh-CN"]
}

// Levels are skills on the wire, where none is an empty object and never null.
func Levels(skills map[string]int) map[string]int {
	if skills == nil {
		return map[string]int{}
	}
	return skills
}
