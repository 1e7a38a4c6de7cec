package main

import (
	"testing"

	"hotline/queue/lines"
)

// TestDoctorSeesCallbacksThatCannotBeMade: a line must not promise what the site cannot keep.
func TestDoctorSeesCallbacksThatCannotBeMade(t *testing.T) {
	for name, tt := range map[string]struct {
		key, trunk string
		ok         bool
	}{
		"promised, and no trunk": {"1", "", false}, "promised and kept": {"1", "carrier", true}, "not promised": {"", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			c := Config{Policy: lines.Policy{Lines: []lines.Line{{ID: "12355", Callback: lines.Callback{Key: tt.key}}}}}
			c.Outbound.Trunk = tt.trunk
			if said, err := c.checkCallbacks(); (err == nil) != tt.ok || said == "" {
				t.Errorf("%q, %v", said, err)
			}
		})
	}
}
