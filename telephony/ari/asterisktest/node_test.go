package asterisktest

import "testing"

func TestStart(t *testing.T) {
	n := Start(t, Options{})
	t.Log(n.Log())
}
