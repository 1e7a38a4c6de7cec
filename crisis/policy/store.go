// Package policy keeps how a site answers danger: one document in versions, with what is wrong in a draft, what a draft would have changed in the last
// weeks, and the way back to any earlier version.
package policy

import (
	"context"
	"fmt"
	"time"

	"hotline/crisis"
	"hotline/storage"
	"hotline/storage/documents"
)

// Version is one state of the policy; 0 is what holds before anybody saved.
type Version = documents.Version[crisis.Policy]

// Store keeps the versions. It has Current, Save, History, Restore, Get, Check and Watch of [documents.Store].
type Store struct {
	*documents.Store[crisis.Policy]
	db  *storage.DB
	now func() time.Time
}

var _ crisis.Policies = (*Store)(nil)

// Open brings the table to its newest form and returns the store.
func Open(ctx context.Context, db *storage.DB) (*Store, error) {
	docs, err := documents.Open(ctx, db, documents.Kind[crisis.Policy]{Name: "crisis", First: First, Before: before, Check: Validate})
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return &Store{docs, db, time.Now}, nil
}

// InForce is the newest version.
func (s *Store) InForce(ctx context.Context) (crisis.Policy, int, error) {
	v, err := s.Current(ctx)
	return v.Doc, v.N, err
}

// Minors gives how long there is to ask about harm to a minor and to report a suspicion, by the newest version.
func (s *Store) Minors(ctx context.Context) (ask, report time.Duration, err error) {
	p, _, err := s.InForce(ctx)
	return p.Deadlines.ToAsk(), p.Deadlines.ToReport(), err
}

// Of is one version.
func (s *Store) Of(ctx context.Context, version int) (crisis.Policy, error) {
	v, err := s.Get(ctx, version)
	return v.Doc, err
}
