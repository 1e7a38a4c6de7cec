// Package provider lets people sign in by an OpenID Connect provider of identities. It says who somebody is and which roles the provider grants them;
// whether that person may come in is decided by the accounts here.
package provider

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"hotline/agentui/users"
)

// Config says which provider, and what its claims mean.
type Config struct {
	Issuer       string // "https://login.example.org/realms/city"
	ClientID     string
	ClientSecret string
	Callback     string                // the console's own address with /api/provider/callback
	Scopes       []string              // besides openid; default profile
	Username     string                // claim that names the account here; default preferred_username
	Roles        string                // claim with the person's groups, a text or a list of them; dots go into objects: "realm_access.roles"
	Grants       map[string]users.Role // what a group may be here; empty: every role that the account has
	ACR          []string              // values of acr that prove a second factor
	AMR          []string              // values of amr that do
}

func (c Config) withDefaults() Config {
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"profile"}
	}
	if c.Username == "" {
		c.Username = "preferred_username"
	}
	return c
}

// Validate says everything that is wrong.
func (c Config) Validate() error {
	var errs []error
	if u, err := url.Parse(c.Issuer); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		errs = append(errs, fmt.Errorf("provider: issuer %q is not like https://login.example.org", c.Issuer))
	}
	if c.ClientID == "" {
		errs = append(errs, errors.New("provider: client_id is missing"))
	}
	if u, err := url.Parse(c.Callback); err != nil || u.Host == "" {
		errs = append(errs, errors.New("provider: the console has no public address to come back to"))
	}
	if len(c.Grants) > 0 && c.Roles == "" {
		errs = append(errs, errors.New("provider: grants need the claim that holds the groups (roles)"))
	}
	for group, role := range c.Grants {
		if !role.Valid() {
			errs = append(errs, fmt.Errorf("provider: group %q: %q is no role; there are %q", group, role, users.Roles()))
		}
	}
	return errors.Join(errs...)
}

// Attempt is what the browser keeps while the person is at the provider: it alone can finish what it began.
type Attempt struct {
	State, Nonce, Verifier string
}

const answerWithin = 10 * time.Second // for one answer of the provider

// NewAttempt is random (RFC 6749 10.12, RFC 7636 4.1).
func NewAttempt() Attempt {
	return Attempt{oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()}
}

// Identity is whom the provider vouches for.
type Identity struct {
	Issuer, Subject string
	Username        string
	Roles           []users.Role // that it grants; nil: it does not say
	Factor          bool         // it says that a second factor was proved
}

// Grants tells whether the provider lets the person be what the account here says.
func (i Identity) Grants(r users.Role) bool { return i.Roles == nil || slices.Contains(i.Roles, r) }

// Provider speaks to the provider. What it publishes of itself is asked for at the first sign-in, so that a console starts without it.
type Provider struct {
	cfg  Config
	http *http.Client

	mu    sync.Mutex
	found *oidc.Provider
}

// New checks the configuration; nobody is asked yet.
func New(cfg Config) (*Provider, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Provider{cfg: cfg, http: &http.Client{Timeout: answerWithin}}, nil
}

func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// The keys are fetched with the context of the discovery, long after this request.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.http), p.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	p.found = found
	return found, nil
}

func (p *Provider) client(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.cfg.ClientID, ClientSecret: p.cfg.ClientSecret, RedirectURL: p.cfg.Callback, Endpoint: found.Endpoint(),
		Scopes: append([]string{oidc.ScopeOpenID}, p.cfg.Scopes...),
	}
}

// Begin returns the address at which the provider asks the person to sign in.
func (p *Provider) Begin(ctx context.Context, a Attempt) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.client(found).AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// Finish takes what the browser brought back and returns whom the provider vouches for.
func (p *Provider) Finish(ctx context.Context, a Attempt, state, code string) (Identity, error) {
	if a.State == "" || subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) != 1 {
		return Identity{}, errors.New("provider: the answer belongs to no sign-in that this browser began")
	}
	found, err := p.discover(ctx)
	if err != nil {
		return Identity{}, err
	}
	ctx = oidc.ClientContext(ctx, p.http)
	tokens, err := p.client(found).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Identity{}, fmt.Errorf("provider: exchange: %w", err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return Identity{}, errors.New("provider: no id_token came")
	}
	token, err := found.Verifier(&oidc.Config{ClientID: p.cfg.ClientID}).Verify(ctx, raw)
	if err != nil {
		return Identity{}, fmt.Errorf("provider: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(a.Nonce)) != 1 {
		return Identity{}, errors.New("provider: the id_token belongs to another sign-in")
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		return Identity{}, fmt.Errorf("provider: claims: %w", err)
	}
	return p.cfg.identity(token.Issuer, token.Subject, claims)
}
