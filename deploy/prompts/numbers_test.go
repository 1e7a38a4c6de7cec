package prompts

import (
	"slices"
	"testing"

	"hotline/telephony/call"
)

func TestCountedAsPeopleCount(t *testing.T) {
	for n, want := range map[int][3]string{
		1:  {"一位来电者。", "一到", "一分钟。"},
		2:  {"两位来电者。", "两到", "两分钟。"},
		10: {"十位来电者。", "十到", "十分钟。"},
		12: {"十二位来电者。", "十二到", "十二分钟。"},
		20: {"二十位来电者。", "二十到", "二十分钟。"},
		45: {"四十五位来电者。", "四十五到", "四十五分钟。"},
	} {
		if got := [3]string{callers("zh-CN", n), from("zh-CN", n), minutes("zh-CN", n)}; got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int][3]string{
		1: {"one.", "one to", "one minute."}, 15: {"fifteen.", "fifteen to", "fifteen minutes."}, 45: {"forty five.", "forty five to", "forty five minutes."},
	} {
		if got := [3]string{callers("en", n), from("en", n), minutes("en", n)}; got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

// TestNumbersAreThoseOfTheMachine: what the state machine can ask for is what is made.
func TestNumbersAreThoseOfTheMachine(t *testing.T) {
	if MostCallers != call.MostCallers || !slices.Equal(Minutes(), call.Minutes()) {
		t.Errorf("%d callers and %v minutes here, %d and %v there", MostCallers, Minutes(), call.MostCallers, call.Minutes())
	}
	for n := range numbers("en") {
		if !slices.Contains(call.Parts(), call.Prompt(n)) {
			t.Errorf("%s is never said", n)
		}
	}
}
