package stage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"hotline/agentui/users"
	"hotline/queue"
	"hotline/storage"
)

// Hire makes accounts of counsellors in the instance's database, "desk-1" and so on, beside those of the demonstration. Once for each
// instance: the names must be free.
func (s *Stage) Hire(ctx context.Context, n int, skills queue.Skills) ([]User, error) {
	return s.HireAs(ctx, users.Agent, "desk", n, skills)
}

// HireAs is Hire for any role and names of its own, "name-1" and so on.
func (s *Stage) HireAs(ctx context.Context, role users.Role, name string, n int, skills queue.Skills) (_ []User, err error) {
	db, err := storage.Open(ctx, storage.Config{URL: "sqlite:" + s.path("data", "hotline.db")})
	if err != nil {
		return nil, fmt.Errorf("stage: hire: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	people, err := users.Open(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("stage: hire: %w", err)
	}
	all := make([]User, 0, n)
	for i := range n {
		u := User{Name: fmt.Sprintf("%s-%d", name, i+1), Password: rand.Text(), Role: string(role)}
		if _, err := people.Create(ctx, users.User{Username: u.Name, Name: u.Name, Role: role, Skills: skills}, u.Password); err != nil {
			return nil, fmt.Errorf("stage: hire %s: %w", u.Name, err)
		}
		all = append(all, u)
	}
	return all, nil
}
