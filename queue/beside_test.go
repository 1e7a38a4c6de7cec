package queue

import (
	"context"
	"testing"
	"time"

	"hotline/queue/queuetest"
)

// besideTalk: a1 talks with c1, and a2 is not ready.
func besideTalk(d *desk) {
	agentStates()[AgentTalking](d)
	d.signIn("a2", nil)
}

// assisting: a2 takes part in it.
func assisting(d *desk) {
	besideTalk(d)
	_, err := d.Assist(context.Background(), d.req(), "c1", "a2")
	d.must(err)
}

// calledForHelp: a1 talks with c1 and asked for help.
func calledForHelp(d *desk) {
	agentStates()[AgentTalking](d)
	_, err := d.SOS(context.Background(), d.req(), "a1", "s", "c1")
	d.must(err)
}

var _ = time.Second
var _ = testing.Short
var _ = queuetest.Check
