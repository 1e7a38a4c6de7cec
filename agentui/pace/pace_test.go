package pace

import (
	"fmt"
	"testing"
	"time"
)

func TestTakeGivesWay(t *testing.T) {
	l, now := New(time.Second, 3), time.Now()
	for i := range 3 {
		if wait := l.Take("a", now); wait != 0 {
			t.Fatalf("turn %d must wait %s", i+1, wait)
		}
	}
	if wait := l.Take("a", now); wait <= 0 || wait > time.Second {
		t.Errorf("the fourth waits %s", wait)
	}
	if l.Take("b", now) != 0 {
		t.Error("another name must wait for it")
	}
	if l.Take("a", now.Add(time.Second)) != 0 {
		t.Error("the limit does not give way")
	}
}

func TestInBoundedMemory(t *testing.T) {
	l, now := New(time.Second, 3), time.Now()
	for i := range Kept + 500 {
		if l.Take(fmt.Sprint(i), now) != 0 {
			t.Fatal("limited")
		}
	}
	if n := len(l.byName); n != Kept || l.order.Len() != Kept {
		t.Errorf("%d names are kept", n)
	}
}
