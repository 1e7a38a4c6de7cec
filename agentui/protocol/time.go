package protocol

import "time"

// Millis is a time as it is sent: milliseconds since 1970 UTC, 0 for none.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
