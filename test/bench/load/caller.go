package load

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

// caller is one call.
type caller struct {
	all    *Callers
	plan   Plan
	number string
	port   uint16 // Asterisk's of this call's speech; guarded by all.mu once set

	mu       sync.Mutex
	record   Record
	to       string // To with Asterisk's tag
	target   string // its Contact
	cseq     int
	speech   *stream
	patience *time.Timer
	hold     *time.Timer
	retry    *time.Timer
	rings    bool // a provisional answer came
	leaving  bool // CANCEL or BYE was sent, or will be
	done     bool
}

// invite sends the INVITE until something comes back.
func (c *caller) invite() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cseq = 1
	c.patience = time.AfterFunc(c.plan.Patience, c.impatient)
	c.repeat(c.request("INVITE", 1, c.uri(), describe(c.all.rtp.port)), "INVITE")
}

func (c *caller) uri() string { return "sip:" + c.number + "@" + c.all.server.String() }

// request makes a request of this call. An ACK to a refusal and a CANCEL belong to the INVITE's own transaction.
func (c *caller) request(method string, cseq int, uri, sdp string) []byte {
	n, local := strconv.FormatUint(c.record.Number, 10), c.all.local.String()
	branch := "z9hG4bK-" + n + "-" + strconv.Itoa(cseq)
	if method == "ACK" && !c.record.Answered.IsZero() {
		branch += "-ack" // of a 200: a transaction of its own (RFC 3261, 13.2.2.4)
	}
	to := c.to
	if to == "" {
		to = "<" + c.uri() + ">"
	}
	var b strings.Builder
	b.WriteString(method + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP " + local + ";rport;branch=" + branch + "\r\nMax-Forwards: 70\r\n")
	b.WriteString("From: <sip:" + telephone(c.record.Number) + "@127.0.0.1>;tag=t" + n + "\r\nTo: " + to + "\r\n")
	b.WriteString("Call-ID: " + c.record.CallID + "\r\nCSeq: " + strconv.Itoa(cseq) + " " + method + "\r\nContact: <sip:caller@" + local + ">\r\n")
	content(&b, sdp)
	return []byte(b.String())
}

// repeat sends a request until settle, or gives the call up. Needs mu.
func (c *caller) repeat(data []byte, method string) {
	c.settle()
	c.all.send(data)
	wait, n := firstRetry, 1
	var again func()
	var timer *time.Timer
	again = func() {
		c.mu.Lock()
		if c.done || c.retry != timer {
			c.mu.Unlock()
			return
		}
		if n == tries {
			c.mu.Unlock()
			c.finish(Lost, 0)
			return
		}
		n, wait = n+1, min(2*wait, 4*time.Second)
		c.all.send(data)
		timer.Reset(wait)
		c.mu.Unlock()
	}
	timer = time.AfterFunc(wait, again)
	c.retry = timer
}

// settle stops repeating. Needs mu.
func (c *caller) settle() {
	if c.retry != nil {
		c.retry.Stop()
		c.retry = nil
	}
}

// answered takes an answer of Asterisk.
func (c *caller) answered(m message) {
	c.mu.Lock()
	switch {
	case c.done:
		c.mu.Unlock()
	case m.method == "INVITE" && m.status < 200:
		if !c.rings {
			c.rings = true
			c.settle()
			if c.leaving {
				c.repeat(c.request("CANCEL", 1, c.uri(), ""), "CANCEL")
			}
		}
		c.mu.Unlock()
	case m.method == "INVITE" && m.status < 300:
		c.connect(m)
	case m.method == "INVITE":
		c.to = m.to
		c.all.send(c.request("ACK", 1, c.uri(), ""))
		outcome := Refused
		if c.leaving {
			outcome = Abandoned // 487: cancelled
		}
		c.mu.Unlock()
		c.finish(outcome, m.status)
	case m.method == "BYE":
		outcome := Abandoned
		if !c.record.Served.IsZero() {
			outcome = Answered
		}
		c.mu.Unlock()
		c.finish(outcome, 0)
	default: // of a CANCEL: the answer to the INVITE follows
		c.settle()
		c.mu.Unlock()
	}
}

// connect takes the 200 to the INVITE, which may come again. It is called with mu, and gives it back.
func (c *caller) connect(m message) {
	first := c.record.Answered.IsZero()
	if first {
		c.record.Answered = time.Now()
		c.to, c.target = m.to, m.contact
		if c.target == "" {
			c.target = c.uri()
		}
	}
	c.all.send(c.request("ACK", 1, c.target, ""))
	if !first {
		c.mu.Unlock()
		return
	}
	c.settle()
	port, ok := mediaPort(m.body)
	leave := c.leaving // the CANCEL came too late
	if ok && c.plan.Speak && !leave {
		c.speech = newStream(port, speech(callerMagic, c.record.Number), uint32(c.record.Number), c.plan.Fine)
	}
	one := c.speech
	if leave {
		c.bye()
	}
	c.mu.Unlock()
	if ok {
		c.all.mu.Lock()
		c.port = port
		c.all.byPort[port] = c
		c.all.mu.Unlock()
	}
	if one == nil {
		return
	}
	c.all.rtp.add(one)
	c.mu.Lock()
	if c.speech != one { // it ended meanwhile
		c.all.rtp.remove(one)
	}
	c.mu.Unlock()
}

// hears the counsellor's voice.
func (c *caller) hears(agent int, at time.Time) {
	c.mu.Lock()
	if !c.record.Heard.IsZero() {
		c.mu.Unlock()
		return
	}
	c.record.Heard = at
	c.mu.Unlock()
	c.served(agent, at)
}

func (c *caller) served(agent int, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done || c.leaving || !c.record.Served.IsZero() {
		return
	}
	c.record.Served, c.record.Agent = at, agent
	c.patience.Stop()
	c.hold = time.AfterFunc(c.plan.Hold, c.leave)
}

// impatient: nobody came in time.
func (c *caller) impatient() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done || c.leaving || !c.record.Served.IsZero() {
		return
	}
	c.leaving = true
	c.record.Left = time.Now()
	switch {
	case !c.record.Answered.IsZero():
		c.bye()
	case c.rings:
		c.repeat(c.request("CANCEL", 1, c.uri(), ""), "CANCEL")
	default: // nothing was heard of the INVITE, which may not have come: it is sent until it has, then cancelled (RFC 3261, 9.1)
	}
}

func (c *caller) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done || c.leaving {
		return
	}
	c.leaving = true
	c.record.Left = time.Now()
	c.bye()
}

// bye needs mu.
func (c *caller) bye() {
	c.hush()
	c.cseq++
	c.repeat(c.request("BYE", c.cseq, c.target, ""), "BYE")
}

// hush stops speaking. Needs mu.
func (c *caller) hush() {
	if c.speech != nil {
		c.all.rtp.remove(c.speech)
		c.speech = nil
	}
}

// goodbye: the other side hung up. When our own goodbye is on its way the answer to it may never come.
func (c *caller) goodbye() {
	c.mu.Lock()
	outcome := Dropped
	if c.leaving {
		outcome = Abandoned
		if !c.record.Served.IsZero() {
			outcome = Answered
		}
	} else {
		c.record.Left = time.Now()
	}
	c.mu.Unlock()
	c.finish(outcome, 0)
}

func (c *caller) finish(o Outcome, status int) {
	c.mu.Lock()
	if c.done {
		c.mu.Unlock()
		return
	}
	c.done = true
	c.settle()
	c.hush()
	c.patience.Stop()
	if c.hold != nil {
		c.hold.Stop()
	}
	c.record.Outcome, c.record.Status = o, status
	r := c.record
	c.mu.Unlock()
	c.all.over(c, r)
}
