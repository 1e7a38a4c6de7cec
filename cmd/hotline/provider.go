package main

import (
	"cmp"
	"net/url"
	"os"
	"strings"

	"hotline/agentui/provider"
	"hotline/agentui/users"
)

// ProviderConfig is an OpenID Connect provider of identities. Its client secret is in secrets/provider-secret.
type ProviderConfig struct {
	Name     string                `yaml:"name"`   // as the button says it; the issuer's host by default
	Issuer   string                `yaml:"issuer"` // "https://login.example.org/realms/city"
	ClientID string                `yaml:"client_id"`
	Scopes   []string              `yaml:"scopes"`   // besides openid; profile by default
	Username string                `yaml:"username"` // claim that names the account here; preferred_username by default
	Roles    string                `yaml:"roles"`    // claim with the person's groups, such as realm_access.roles
	Grants   map[string]users.Role `yaml:"grants"`   // what a group may be here; without it every account may come in by the provider as what it is
	ACR      []string              `yaml:"acr"`      // values of acr that prove a second factor
	AMR      []string              `yaml:"amr"`      // values of amr that do
}

func (p ProviderConfig) shownName() string {
	if p.Issuer == "" {
		return ""
	}
	u, err := url.Parse(p.Issuer)
	if err != nil {
		return p.Name
	}
	return cmp.Or(p.Name, u.Host)
}

// config is that of the package; public is the console's own address.
func (p ProviderConfig) config(public, secret string) provider.Config {
	cfg := provider.Config{
		Issuer: p.Issuer, ClientID: p.ClientID, ClientSecret: secret, Scopes: p.Scopes, Username: p.Username, Roles: p.Roles, Grants: p.Grants, ACR: p.ACR, AMR: p.AMR,
	}
	if public != "" {
		cfg.Callback = strings.TrimSuffix(public, "/") + "/api/provider/callback"
	}
	return cfg
}

func (c Config) provider() (*provider.Provider, error) {
	raw, err := os.ReadFile(c.path("secrets", "provider-secret"))
	if err != nil {
		return nil, err
	}
	return provider.New(c.Provider.config(c.PublicURL, strings.TrimSpace(string(raw))))
}

// factorIssuer names the hotline on people's telephones.
func (c Config) factorIssuer() string { return "Hotline " + c.Site }
