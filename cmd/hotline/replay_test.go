package main

import (
	"context"
	"errors"
	"testing"
)

// TestJournalNeverEndsItsRole: a full disk under the journal is reported, and callers are called back all the same.
func TestJournalNeverEndsItsRole(t *testing.T) {
	full := errors.New("no space left")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tries, faults := 0, 0
	err := persistently(0, func(err error) {
		if errors.Is(err, full) {
			faults++
		}
	}, func(context.Context) error {
		if tries++; tries == 3 {
			cancel()
		}
		return full
	})(ctx)
	if err != nil || tries != 3 || faults != 2 {
		t.Errorf("%d tries, %d faults told, %v", tries, faults, err)
	}
}
