package protocol

import "encoding/json"

// Written returns the row with its JSON made: it can be sent many times and must not be changed any more.
func (c Call) Written() Call {
	if text, err := json.Marshal(c); err == nil {
		c.text = text
	}
	return c
}

// MarshalJSON writes what Written has made, or the fields.
func (c Call) MarshalJSON() ([]byte, error) {
	if c.text != nil {
		return c.text, nil
	}
	type plain Call
	return json.Marshal(plain(c))
}

// Written is as that of Call.
func (a Agent) Written() Agent {
	if text, err := json.Marshal(a); err == nil {
		a.text = text
	}
	return a
}

// MarshalJSON writes what Written has made, or the fields.
func (a Agent) MarshalJSON() ([]byte, error) {
	if a.text != nil {
		return a.text, nil
	}
	type plain Agent
	return json.Marshal(plain(a))
}
