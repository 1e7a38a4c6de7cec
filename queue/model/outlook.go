package model

import (
	"time"

	"hotline/queue"
)

const (
	servedKept = 64
	servedMost = 4 * 3600 * 1000
	servedSpan = 24 * 3600 * 1000
)

// times are the last handling times of a line in ms, newest first; they are forgotten a day after the last.
type times struct {
	took []int64
	last int64
}

// serve notes how long an agent was taken by a caller, when the wrap-up ends.
func (q *Queue) serve(a *Agent) {
	end := q.now
	if a.Ends != 0 {
		end = min(end, a.Ends)
	}
	took := end - a.Began
	if a.Began == 0 || a.Line == "" || took <= 0 || took > servedMost {
		return
	}
	old := q.times(a.Line)
	took64 := append([]int64{took}, old...)
	q.served[a.Line] = times{took64[:min(len(took64), servedKept)], q.now}
}

func (q *Queue) times(line queue.LineID) []int64 {
	if t := q.served[line]; q.now-t.last < servedSpan {
		return t.took
	}
	return nil
}

// Outlook is what package queue's Outlook says of a call. It looks at every caller and every agent.
func (q *Queue) Outlook(id queue.CallID) (queue.Outlook, error) {
	c := q.Calls[id]
	if c == nil {
		return queue.Outlook{}, queue.ErrNoCall
	}
	if c.State != queue.CallGreeting && c.State != queue.CallWaiting && c.State != queue.CallOffered {
		return queue.Outlook{}, queue.ErrWrongState
	}
	var crew []*Agent
	free := 0
	for _, a := range q.Agents {
		serves := q.able(a, c)
		if c.Only != "" {
			serves = a.ID == c.Only
		}
		if serves && canFree(a) {
			crew = append(crew, a)
		}
		if serves && a.State == queue.AgentAvailable && (a.Spot != "" || c.Only != "") {
			free++
		}
	}
	ahead := 0
	for _, x := range q.Calls {
		if c.State != queue.CallOffered && x.State == queue.CallWaiting && x != c && q.inFront(x, c) && q.shares(x, c, crew) {
			ahead++
		}
	}
	var took []time.Duration
	for _, n := range q.times(c.Line) {
		took = append(took, time.Duration(n)*time.Millisecond)
	}
	return queue.NewOutlook(c.State, ahead, len(crew), free, took), nil
}

func (q *Queue) inFront(x, c *Call) bool {
	key := c.Key
	if key == 0 {
		key = q.orderKey(c)
	}
	same := c.State == queue.CallWaiting && bucket(x) == bucket(c)
	return x.Key < key || same && x.Key == key && x.ID < c.ID
}

// shares: whether a waiting call could take one of the agents whom another competes for.
func (q *Queue) shares(x, c *Call, crew []*Agent) bool {
	if len(crew) == 0 {
		return true
	}
	if x.Only != "" {
		if c.Only != "" {
			return x.Only == c.Only
		}
		a := q.Agents[x.Only]
		return a != nil && q.able(a, c)
	}
	for _, a := range crew {
		if q.able(a, x) {
			return true
		}
	}
	return false
}
