package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// What listens where, counted from PortBase. The first controller and the first node have the ports that they would have alone; docs/operations.md
// shows all.
const (
	portSIP         = 0 // UDP and TCP
	portARI         = 2
	portRedis       = 3
	portGateway     = 4 // internal API
	portICE         = 5 // UDP and TCP
	portRTP         = 6 // the gateway's socket towards Asterisk
	portConsole     = 7
	portTelephone   = 8  // of `hotline answer`, which the demo calls back
	portAdmin       = 10 // health and metrics: controller, gateway, worker, guardian
	portControllers = 20 // health and metrics of controller n, from the second on: 22, 23, …
	portNodes       = 30 // of node n, from the second on, four ports each: SIP, ARI, health and metrics of its guardian; 30, 34, …
	portsNode       = 4
	portsRTP        = 1000 // of node n: from 1000 n on
)

const (
	mostControllers = 8
	mostNodes       = 4
)

// node is an Asterisk of this machine by its number, from 1.
type node int

func (n node) id() string { return "node-" + strconv.Itoa(int(n)) }

// role is the name of a process that each node has: "asterisk", "asterisk-2".
func (n node) role(name string) string { return numbered(name, int(n)) }

// own is a port of the node: the first one's, or the i-th of the block of the others.
func (n node) own(first, i int) int {
	if n == 1 {
		return first
	}
	return portNodes + portsNode*int(n-2) + i
}

func (n node) sip() int   { return n.own(portSIP, 0) }
func (n node) ari() int   { return n.own(portARI, 1) }
func (n node) admin() int { return n.own(portAdmin+3, 2) }
func (n node) rtp() int   { return portsRTP * int(n) }

// numbered names the n-th of several alike; the first has the plain name.
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	return name + "-" + strconv.Itoa(n)
}

// number undoes numbered.
func number(role string) (name string, n int) {
	if i := strings.LastIndexByte(role, '-'); i > 0 {
		if n, err := strconv.Atoi(role[i+1:]); err == nil && n > 1 {
			return role[:i], n
		}
	}
	return role, 1
}

func controllerID(n int) string { return "controller-" + strconv.Itoa(n) }

// which reads the id of one of several ("controller-2").
func which(kind, id string, most int) (int, error) {
	text, ok := strings.CutPrefix(id, kind+"-")
	n, err := strconv.Atoi(text)
	if !ok || err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%q is none of this configuration: %s-1 to %s-%d", id, kind, kind, most)
	}
	return n, nil
}

// nodes are those of this machine.
func (c Config) nodes() []node {
	all := make([]node, c.Nodes)
	for i := range all {
		all[i] = node(i + 1)
	}
	return all
}

// sips are the addresses for callers, one a node.
func (c Config) sips() []string {
	var all []string
	for _, n := range c.nodes() {
		all = append(all, c.open(n.sip()))
	}
	return all
}

// admin is the address of a process's health and metrics, by the name under which `up` runs it.
func (c Config) admin(role string) string {
	name, n := number(role)
	switch {
	case name == "console":
		return c.port(portConsole)
	case name == "controller" && n > 1:
		return c.port(portControllers + n)
	case name == "guardian":
		return c.port(node(n).admin())
	}
	for i, r := range []string{"controller", "gateway", "worker"} {
		if r == name {
			return c.port(portAdmin + i)
		}
	}
	return c.port(portConsole)
}

// controllers are the names of the controller processes.
func (c Config) controllers() []string {
	var all []string
	for n := range c.Controllers {
		all = append(all, numbered("controller", n+1))
	}
	return all
}

// guardians are the names of the guardian processes, one a node.
func (c Config) guardians() []string {
	var all []string
	for _, n := range c.nodes() {
		all = append(all, n.role("guardian"))
	}
	return all
}

// messages is where a node's Asterisk puts the messages of callers whom none of us could serve: memory, because they are plain speech.
func (c Config) messages(n node) string {
	return filepath.Join("/dev/shm", "hotline-"+strconv.Itoa(c.PortBase), n.role("messages"))
}
