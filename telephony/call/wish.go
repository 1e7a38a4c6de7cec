package call

import (
	"slices"
	"strconv"
	"strings"
)

// Wish is what a person asked of a call, as the command stream has it. Every event of a wish embeds it, so that a stream that is read again, by the next
// life of a controller, does nothing twice.
type Wish struct {
	At
	ID string `json:",omitempty"` // place in the stream, "<ms>-<n>"; "": of no stream, and always new
	By string // agent
}

func (w Wish) wish() Wish { return w }

// wished is the event of a wish.
type wished interface{ wish() Wish }

// heed takes note of a wish; not ok: it, or a later one, was carried out before.
func heed(c Call, e Event) (next Call, ok bool) {
	w, is := e.(wished)
	if !is || w.wish().ID == "" {
		return c, true
	}
	if !later(w.wish().ID, c.Heeded) {
		return c, false
	}
	c.Heeded = w.wish().ID
	return c, true
}

// later compares two places in the stream. Nothing is earlier than "", and what is no place is later than all: a wish is not lost for its form.
func later(a, b string) bool {
	if b == "" {
		return true
	}
	at, an, okA := inStream(a)
	bt, bn, okB := inStream(b)
	if !okA || !okB {
		return true
	}
	return at > bt || at == bt && an > bn
}

func inStream(id string) (at, n uint64, ok bool) {
	head, tail, found := strings.Cut(id, "-")
	at, err := strconv.ParseUint(head, 10, 64)
	n, err2 := strconv.ParseUint(tail, 10, 64)
	return at, n, found && err == nil && err2 == nil
}

// noteWish notes a wish on the channel, whatever it changed.
func noteWish(was, c Call, cmds []Command) (Call, []Command) {
	if was.Heeded != c.Heeded && c.Heeded != "" && !c.State.Final() && !slices.Contains(cmds, Command(Save{})) {
		cmds = append(cmds, Save{})
	}
	return c, cmds
}
