package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// secret reads a secret of this instance, and makes a random one the first time. Secrets are files that only the owner can read.
func (c Config) secret(name string) (string, error) {
	file := c.path("secrets", name)
	raw, err := os.ReadFile(file)
	if err == nil {
		if s := strings.TrimSpace(string(raw)); s != "" {
			return s, nil
		}
		return "", fmt.Errorf("secret %s is empty: write one into it, or delete it to get a random one", file)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("secret %s: %w", name, err)
	}
	s := rand.Text()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", fmt.Errorf("secret %s: %w", name, err)
	}
	// Written whole before it has its name: of two processes that start at once one makes the secret, and the other reads that one.
	tmp := file + "." + rand.Text()
	if err := os.WriteFile(tmp, []byte(s+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("secret %s: %w", name, err)
	}
	defer func() { _ = os.Remove(tmp) }() // its other name stays
	if err := os.Link(tmp, file); errors.Is(err, fs.ErrExist) {
		return c.secret(name)
	} else if err != nil {
		return "", fmt.Errorf("secret %s: %w", name, err)
	}
	return s, nil
}
