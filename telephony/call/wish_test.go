package call

import "testing"

// TestLater: places in a stream are numbers, and what cannot be compared is not dropped.
func TestLater(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"5-0", "", true}, {"5-1", "5-0", true}, {"5-0", "5-0", false}, {"5-0", "5-1", false}, {"10-0", "9-7", true}, {"9-7", "10-0", false},
		{"new form", "10-0", true}, {"9-0", "new form", true},
	} {
		if got := later(tt.a, tt.b); got != tt.want {
			t.Errorf("later(%q, %q) = %v", tt.a, tt.b, got)
		}
	}
}
