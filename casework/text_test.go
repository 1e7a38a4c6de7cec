package casework

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for written, want := range map[string]struct {
		kept       string
		text, line bool
	}{
		"  他说今晚不睡 ": {"他说今晚不睡", true, true}, "one\ntwo\tthree": {"one\ntwo\tthree", true, false}, " \n ": {"", false, false},
		"a\x00b": {"a\x00b", false, false}, "a\xff": {"a\xff", false, false}, strings.Repeat("字", 21): {strings.Repeat("字", 21), false, false},
		strings.Repeat("字", 20): {strings.Repeat("字", 20), true, true},
	} {
		if got, ok := Text(written, 1, 20); got != want.kept || ok != want.text {
			t.Errorf("text %q: %q, %t", written, got, ok)
		}
		if got, ok := Line(written, 1, 20); got != want.kept || ok != want.line {
			t.Errorf("line %q: %q, %t", written, got, ok)
		}
	}
	if _, ok := Text("", 0, 20); !ok {
		t.Error("nothing is no text where nothing is enough")
	}
}
