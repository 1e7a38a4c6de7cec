package agentui

import (
	"sync"

	"hotline/agentui/board"
	"hotline/agentui/protocol"
)

// written keeps the rows of the board as they are sent, their JSON included: everybody who sees the board sees the same, in a few languages.
type written struct {
	calls  memo[protocol.Call]
	agents memo[protocol.Agent]
}

// memoMost is how many rows are kept; then all are made anew.
const memoMost = 20_000

type memo[R any] struct {
	mu   sync.Mutex
	rows map[memoKey]memoRow[R]
}

type memoKey struct{ id, locale string }

type memoRow[R any] struct {
	version int64
	row     R
}

// get returns the row of a version, made once.
func (m *memo[R]) get(key memoKey, version int64, make func() R) R {
	m.mu.Lock()
	defer m.mu.Unlock()
	if have, ok := m.rows[key]; ok && have.version == version {
		return have.row
	}
	if m.rows == nil || len(m.rows) > memoMost {
		m.rows = map[memoKey]memoRow[R]{}
	}
	row := make()
	m.rows[key] = memoRow[R]{version, row}
	return row
}

// boardCall is a call as those see it who see the board. It must not be changed: its JSON is made already.
func (d *desk) boardCall(c board.Call) protocol.Call {
	return d.s.written.calls.get(memoKey{string(c.ID), d.user.Locale}, c.Version, func() protocol.Call { return d.call(c).Written() })
}

func (d *desk) boardAgent(a board.Agent) protocol.Agent {
	return d.s.written.agents.get(memoKey{string(a.ID), d.user.Locale}, a.Version, func() protocol.Agent { return d.agent(a).Written() })
}
