package users

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/alexedwards/argon2id"
)

// hasher makes and checks argon2id hashes, few at a time: each takes 19 MiB, and a flood of logins must not take the machine from the
// calls.
type hasher struct {
	params *argon2id.Params
	slots  chan struct{}
	decoy  string // the hash of nobody's password
}

func newHasher() (*hasher, error) {
	h := &hasher{
		// The second choice of RFC 9106's successors in practice (OWASP Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
		params: &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32},
		slots:  make(chan struct{}, 2),
	}
	decoy, err := argon2id.CreateHash(rand.Text(), h.params)
	if err != nil {
		return nil, fmt.Errorf("hash: %w", err)
	}
	h.decoy = decoy
	return h, nil
}

func (h *hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("hash: %w", ctx.Err())
	}
}

func (h *hasher) leave() { <-h.slots }

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if len(password) < 8 || len(password) > 200 {
		return "", ErrWeakPassword
	}
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	hash, err := argon2id.CreateHash(password, h.params)
	if err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	return hash, nil
}

func (h *hasher) matches(ctx context.Context, password, hash string) (bool, error) {
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("hash: %w", err)
	}
	return match, nil
}
