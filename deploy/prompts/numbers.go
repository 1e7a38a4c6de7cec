package prompts

import "strconv"

// Announcements are put together from parts: "您前面还有" and "三位来电者", "the wait is about", "five to" and "ten minutes". The parts of a sentence
// stand in the same order in every language.

// MostCallers is the highest number of callers that there is a part for; Minutes are the times.
const MostCallers = 20

// Minutes that there are parts for.
func Minutes() []int { return []int{1, 2, 3, 5, 10, 15, 20, 30, 45, 60} }

// CallersAhead is the part that says n callers, 1 to MostCallers.
func CallersAhead(n int) string { return "callers-" + strconv.Itoa(n) }

// FromMinutes is the part that begins a range of minutes, ToMinutes the one that ends it, or is a time by itself.
func FromMinutes(n int) string { return "from-" + strconv.Itoa(n) }

// ToMinutes is a time by itself, or the end of a range.
func ToMinutes(n int) string { return "minutes-" + strconv.Itoa(n) }

// numbers are the parts with a number in them and what they say.
func numbers(language string) map[string]string {
	parts := map[string]string{}
	for n := range MostCallers {
		parts[CallersAhead(n+1)] = callers(language, n+1)
	}
	for _, n := range Minutes() {
		parts[FromMinutes(n)], parts[ToMinutes(n)] = from(language, n), minutes(language, n)
	}
	return parts
}

func callers(language string, n int) string {
	if language == "zh-CN" {
		return counted(n) + "位来电者。"
	}
	return english(n) + "."
}

func from(language string, n int) string {
	if language == "zh-CN" {
		return counted(n) + "到"
	}
	return english(n) + " to"
}

func minutes(language string, n int) string {
	if language == "zh-CN" {
		return counted(n) + "分钟。"
	}
	if n == 1 {
		return "one minute."
	}
	return english(n) + " minutes."
}

// counted is a Mandarin number, 1 to 99, before a measure word: two of something is 两, while twelve and twenty keep 二.
func counted(n int) string {
	digits := []string{"", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	tens, ones := n/10, n%10
	switch {
	case n == 2:
		return "两"
	case tens == 0:
		return digits[ones]
	case tens == 1:
		return "十" + digits[ones]
	default:
		return digits[tens] + "十" + digits[ones]
	}
}

// english is a number, 1 to 60, in words.
func english(n int) string {
	small := []string{
		"", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen",
		"sixteen", "seventeen", "eighteen", "nineteen",
	}
	if n < len(small) {
		return small[n]
	}
	words := []string{"", "", "twenty", "thirty", "forty", "fifty", "sixty"}[n/10]
	if n%10 > 0 {
		words += " " + small[n%10]
	}
	return words
}
