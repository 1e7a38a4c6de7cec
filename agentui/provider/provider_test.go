package provider

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"hotline/agentui/users"
)

// house is a provider of identities: discovery, keys, and tokens for whom it is told to vouch for.
type house struct {
	*httptest.Server
	key       *rsa.PrivateKey
	challenge string // of the attempt that is under way
	nonce     string
	claims    map[string]any
	client    string
	signer    *rsa.PrivateKey // other than key: it signs by a key that it does not publish
}

func newHouse(t *testing.T) *house {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{key: key, signer: key, client: "console", claims: map[string]any{"sub": "s-1", "preferred_username": "agent1"}}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": h.URL, "authorization_endpoint": h.URL + "/authorize", "token_endpoint": h.URL + "/token", "jwks_uri": h.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if r.FormValue("code") != "the code" || base64.RawURLEncoding.EncodeToString(sum[:]) != h.challenge {
			w.WriteHeader(http.StatusBadRequest)
			answer(w, map[string]string{"error": "invalid_grant"})
			return
		}
		answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": h.token(t)})
	})
	h.Server = httptest.NewServer(mux)
	t.Cleanup(h.Close)
	return h
}

func (h *house) token(t *testing.T) string {
	sign, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: h.signer, KeyID: "k"}}, nil)
	if err != nil {
		t.Error(err)
		return ""
	}
	all := map[string]any{"iss": h.URL, "aud": h.client, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "nonce": h.nonce}
	for name, v := range h.claims {
		all[name] = v
	}
	raw, err := jwt.Signed(sign).Claims(all).Serialize()
	if err != nil {
		t.Error(err)
	}
	return raw
}

// visit is what the browser does at the provider: it takes the challenge and the nonce there and brings the state back.
func (h *house) visit(t *testing.T, to string) (state string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("client_id") != h.client || q.Get("redirect_uri") != "https://console.example.org/api/provider/callback" {
		t.Errorf("asked %s", to)
	}
	h.challenge, h.nonce = q.Get("code_challenge"), q.Get("nonce")
	return q.Get("state")
}

func (h *house) config() Config {
	return Config{
		Issuer: h.URL, ClientID: "console", ClientSecret: "secret", Callback: "https://console.example.org/api/provider/callback", Roles: "realm_access.roles",
		Grants: map[string]users.Role{"hotline-agents": users.Agent, "hotline-bosses": users.Supervisor}, AMR: []string{"mfa", "otp"},
	}
}

func TestSignInByAProvider(t *testing.T) {
	h := newHouse(t)
	p, err := New(h.config())
	if err != nil {
		t.Fatal(err)
	}
	try := func(a Attempt, change func(state, code *string)) (Identity, error) {
		t.Helper()
		to, err := p.Begin(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		state, code := h.visit(t, to), "the code"
		change(&state, &code)
		return p.Finish(t.Context(), a, state, code)
	}
	plain := func(*string, *string) {}
	h.claims["realm_access"] = map[string]any{"roles": []string{"hotline-agents", "something else"}}
	h.claims["amr"] = []string{"pwd", "otp"}
	id, err := try(NewAttempt(), plain)
	want := Identity{Issuer: h.URL, Subject: "s-1", Username: "agent1", Roles: []users.Role{users.Agent}, Factor: true}
	if err != nil || !reflect.DeepEqual(id, want) {
		t.Errorf("%+v, %v", id, err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"another state": func() error {
			_, err := try(NewAttempt(), func(state, _ *string) { *state = NewAttempt().State })
			return err
		},
		"nothing begun": func() error {
			_, err := p.Finish(t.Context(), Attempt{}, "", "the code")
			return err
		},
		"another code": func() error {
			_, err := try(NewAttempt(), func(_, code *string) { *code = "stolen" })
			return err
		},
		"another browser's verifier": func() error {
			_, err := try(NewAttempt(), func(*string, *string) { h.challenge = "of another" })
			return err
		},
		"a token of another sign-in": func() error {
			_, err := try(NewAttempt(), func(*string, *string) { h.nonce = "old" })
			return err
		},
		"a token for another program": func() error {
			defer func() { h.client = "console" }()
			_, err := try(NewAttempt(), func(*string, *string) { h.client = "another" })
			return err
		},
		"a token that another signed": func() error {
			h.signer = other
			defer func() { h.signer = h.key }()
			_, err := try(NewAttempt(), plain)
			return err
		},
		"a token that is over": func() error {
			h.claims["exp"] = time.Now().Add(-time.Hour).Unix()
			defer delete(h.claims, "exp")
			_, err := try(NewAttempt(), plain)
			return err
		},
		"nobody's name": func() error {
			h.claims["preferred_username"] = []string{"a", "b"}
			defer func() { h.claims["preferred_username"] = "agent1" }()
			_, err := try(NewAttempt(), plain)
			return err
		},
	} {
		if err := do(); err == nil {
			t.Errorf("%s: let in", name)
		}
	}
	if _, err := try(NewAttempt(), plain); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

// A provider that is away stops only sign-ins by it; when it is back, it is asked again.
func TestAProviderThatIsAway(t *testing.T) {
	h := newHouse(t)
	p, err := New(h.config())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Begin(ctx, NewAttempt()); err == nil && p.found == nil {
		t.Error("began without a provider")
	}
	if _, err := p.Begin(t.Context(), NewAttempt()); err != nil {
		t.Errorf("when it is back: %v", err)
	}
	for name, c := range map[string]Config{
		"no issuer": {ClientID: "x", Callback: "https://x/y"}, "no client": {Issuer: h.URL, Callback: "https://x/y"}, "no way back": {Issuer: h.URL, ClientID: "x"},
		"grants of nothing": {Issuer: h.URL, ClientID: "x", Callback: "https://x/y", Grants: map[string]users.Role{"a": users.Agent}},
		"odd role":          {Issuer: h.URL, ClientID: "x", Callback: "https://x/y", Roles: "r", Grants: map[string]users.Role{"a": "king"}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestGrants(t *testing.T) {
	c := Config{Roles: "groups", Grants: map[string]users.Role{"a": users.Agent}}.withDefaults()
	for name, claims := range map[string]map[string]any{
		"none": {"sub": "x"}, "a number": {"groups": 7.0}, "an object": {"groups": map[string]any{"a": true}}, "others": {"groups": []any{"b", 7.0, nil}},
	} {
		claims["preferred_username"] = "x"
		id, err := c.identity("i", "s", claims)
		if err != nil || id.Grants(users.Agent) || id.Grants(users.Security) {
			t.Errorf("%s: %+v, %v", name, id, err)
		}
	}
	if id, err := (Config{}).withDefaults().identity("i", "s", map[string]any{"preferred_username": "x"}); err != nil || !id.Grants(users.Security) || id.Factor {
		t.Errorf("a provider that says nothing of roles: %+v, %v", id, err)
	}
}

// FuzzIdentity: no claims, whatever their shape, grant a role or a second factor that the configuration does not name.
func FuzzIdentity(f *testing.F) {
	for _, seed := range []string{`{"preferred_username":"x","groups":["a"],"amr":["otp"]}`, `{"groups":{"a":1}}`, `{"r":{"groups":"a"},"preferred_username":["x"]}`, `{"amr":"otp","acr":7}`, `[]`} {
		f.Add(seed, "groups")
		f.Add(seed, "r.groups")
	}
	f.Fuzz(func(t *testing.T, text, claimed string) {
		claims := map[string]any{}
		if json.Unmarshal([]byte(text), &claims) != nil {
			return
		}
		c := Config{Roles: claimed, Grants: map[string]users.Role{"a": users.Agent}, AMR: []string{"otp"}}.withDefaults()
		id, err := c.identity("i", "s", claims)
		if err != nil {
			return
		}
		if strings.TrimSpace(id.Username) == "" || id.Grants(users.Supervisor) || id.Grants(users.Agent) && !strings.Contains(text, "a") || id.Factor && claims["amr"] == nil && claims["acr"] == nil {
			t.Errorf("%s: %+v", text, id)
		}
	})
}
