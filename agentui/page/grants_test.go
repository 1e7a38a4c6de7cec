package page

import (
	"testing"
	"time"
)

func TestGrantsEnd(t *testing.T) {
	key, now := []byte("key"), time.Now()
	g := NewGrant(key, "r", now.Add(time.Minute))
	if !ValidGrant(key, g, "r", now) || ValidGrant(key, g, "r", now.Add(time.Minute)) || ValidGrant(nil, g, "r", now) || ValidGrant(key, "", "r", now) ||
		ValidGrant(key, g, "r2", now) || ValidGrant([]byte("other"), g, "r", now) {
		t.Error("a grant holds for its time, its thing and its sign-in only")
	}
}
