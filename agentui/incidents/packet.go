package incidents

import (
	"cmp"
	"maps"
	"slices"

	"hotline/agentui/protocol"
	"hotline/crisis"
)

// Packet is the least that must be told, as things are: the policy's fields in its order, those that have something. The field of the level gives its
// code: the page says it in the words of its reader.
func Packet(in crisis.Incident, p crisis.Policy) []protocol.PacketField {
	out := []protocol.PacketField{}
	for _, f := range p.Disclosure {
		if text := fill(in, f.From); text != "" {
			out = append(out, protocol.PacketField{Field: f.ID, From: f.From, Text: text})
		}
	}
	return out
}

// fill is what an incident says for a field.
func fill(in crisis.Incident, from string) string {
	if f, ok := in.Facts[crisis.FactKind(from)]; ok && f.Known {
		return f.Text
	}
	switch from {
	case "level":
		return string(in.Level)
	case "trigger":
		return string(in.Trigger())
	}
	return ""
}

// packet is what was given, by name of the fields.
func packet(fields map[string]string) []protocol.PacketField {
	out := []protocol.PacketField{}
	for _, id := range slices.Sorted(maps.Keys(fields)) {
		out = append(out, protocol.PacketField{Field: id, Text: fields[id]})
	}
	return out
}

// ordered is packet in the policy's order.
func ordered(fields map[string]string, p crisis.Policy) []protocol.PacketField {
	out := packet(fields)
	place := func(f protocol.PacketField) int {
		return slices.IndexFunc(p.Disclosure, func(d crisis.Field) bool { return d.ID == f.Field })
	}
	slices.SortStableFunc(out, func(a, b protocol.PacketField) int { return cmp.Compare(place(a), place(b)) })
	return out
}

func rules(in crisis.Incident, p crisis.Policy) protocol.IncidentRules {
	out := protocol.IncidentRules{
		Version: in.Policy, Regions: []string{}, Checklist: choices(p.Checklist(in.Region).Items), Measures: choices(p.Measures), Facts: []protocol.NamedChoice{},
		Grounds: []protocol.NamedChoice{}, Outcomes: []protocol.OutcomeChoice{}, Disclosure: []protocol.NamedChoice{},
	}
	for _, c := range p.Checklists {
		out.Regions = append(out.Regions, c.Region)
	}
	for _, k := range crisis.FactKinds() {
		out.Facts = append(out.Facts, protocol.NamedChoice{ID: string(k), Names: map[string]string{}})
	}
	for _, g := range crisis.Grounds() {
		out.Grounds = append(out.Grounds, protocol.NamedChoice{ID: string(g), Names: map[string]string{}})
	}
	for _, o := range p.Closure.Outcomes {
		out.Outcomes = append(out.Outcomes, protocol.OutcomeChoice{ID: o.ID, Names: words(o.Names), Confirmed: o.Confirmed})
	}
	for _, f := range p.Disclosure {
		out.Disclosure = append(out.Disclosure, protocol.NamedChoice{ID: f.ID, Names: words(f.Names)})
	}
	return out
}

func choices(all []crisis.Named) []protocol.NamedChoice {
	out := []protocol.NamedChoice{}
	for _, c := range all {
		out = append(out, protocol.NamedChoice{ID: c.ID, Names: words(c.Names)})
	}
	return out
}

func words(names map[string]string) map[string]string {
	if names == nil {
		return map[string]string{}
	}
	return names
}
