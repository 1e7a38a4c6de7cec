package call

import (
	"slices"
	"time"
)

// Share is how long one agent talked with the caller, in all.
type Share struct {
	Agent  string
	Spoken time.Duration
}

// maxShares bounds who is told apart: the channel's tag must hold them. The time of more than so many counts for the call alone.
const maxShares = 8

// shared adds to an agent's share. The list is never changed in place: calls are values.
func shared(list []Share, agent string, spoken time.Duration) []Share {
	if agent == "" {
		return list
	}
	i := slices.IndexFunc(list, func(s Share) bool { return s.Agent == agent })
	switch {
	case i >= 0:
		list = slices.Clone(list)
		list[i].Spoken += spoken
	case len(list) < maxShares:
		list = append(slices.Clone(list), Share{agent, spoken})
	}
	return list
}

// tagShare is a share as a channel's tag carries it.
type tagShare struct {
	Agent string `json:"agent"`
	MS    int64  `json:"ms"`
}

func tagShares(list []Share) []tagShare {
	var all []tagShare
	for _, s := range list {
		all = append(all, tagShare{s.Agent, s.Spoken.Milliseconds()})
	}
	return all
}

func sharesOf(list []tagShare) []Share {
	var all []Share
	for _, s := range list {
		all = append(all, Share{s.Agent, time.Duration(s.MS) * time.Millisecond})
	}
	return all
}
