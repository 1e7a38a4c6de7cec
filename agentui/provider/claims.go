package provider

import (
	"errors"
	"slices"
	"strings"

	"hotline/agentui/users"
)

// identity reads claims. What is missing or of an odd shape grants nothing.
func (c Config) identity(issuer, subject string, claims map[string]any) (Identity, error) {
	id := Identity{Issuer: issuer, Subject: subject}
	names := texts(claim(claims, c.Username))
	if len(names) != 1 || subject == "" || strings.TrimSpace(names[0]) == "" {
		return Identity{}, errors.New("provider: the id_token does not name the person once")
	}
	id.Username = names[0]
	if len(c.Grants) > 0 {
		id.Roles = []users.Role{} // none, not "it does not say"
		for _, group := range texts(claim(claims, c.Roles)) {
			if role, ok := c.Grants[group]; ok && !slices.Contains(id.Roles, role) {
				id.Roles = append(id.Roles, role)
			}
		}
	}
	for name, proof := range map[string][]string{"acr": c.ACR, "amr": c.AMR} {
		for _, said := range texts(claims[name]) {
			id.Factor = id.Factor || slices.Contains(proof, said)
		}
	}
	return id, nil
}

// claim finds a claim; one whose name has dots is looked for as it is, then inside objects.
func claim(claims map[string]any, name string) any {
	if v, ok := claims[name]; ok || name == "" {
		return v
	}
	first, rest, dotted := strings.Cut(name, ".")
	if inner, ok := claims[first].(map[string]any); ok && dotted {
		return claim(inner, rest)
	}
	return nil
}

// texts are those of a text or of a list; anything else has none.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, one := range v {
			if s, ok := one.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}
