package protocol

// InWords is a text in a language, or in that of every text.
func InWords(names map[string]string, locale string) string {
	if text := names[locale]; text != "" {
		return text
	}
	return names["zh-CN"]
}
