package main

import (
	"context"
	"fmt"

	"hotline/agentui/users"
)

// The engineer's way to let people in again when nobody else can: who has this machine has the database anyway, and the audit says who did it.

// inPerson finds a person, audits what is to be done to them, does it, and ends their sign-ins when these could be another's.
func (s shop) inPerson(ctx context.Context, name, action string, ends bool, do func(*users.Store, users.User) error) (users.User, error) {
	people, err := users.Open(ctx, s.db)
	if err != nil {
		return users.User{}, err
	}
	u, err := people.ByName(ctx, name)
	if err != nil {
		return u, fmt.Errorf("%s: %w: see `hotline users list`", name, err)
	}
	if err := s.audit(ctx, action, "user:"+string(u.ID), ""); err != nil {
		return u, err
	}
	if err := do(people, u); err != nil || !ends {
		return u, err
	}
	_, err = people.Sessions().Revoke(ctx, u.ID, "", "")
	return u, err
}

func (s shop) addUser(ctx context.Context, args []string) error {
	people, err := users.Open(ctx, s.db)
	if err != nil {
		return err
	}
	u := users.User{Username: args[0], Name: args[0], Role: users.Role(args[1]), Locale: "zh-CN"}
	if err := u.Check(); err != nil {
		return err
	}
	if err := s.audit(ctx, "person.add", "", u.Username+" "+args[1]); err != nil {
		return err
	}
	password := users.FirstPassword()
	if u, err = people.Admit(ctx, u, password, s.by, ""); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s may sign in with %s, shown this once\n", u.Username, password)
	return nil
}

func (s shop) unlockUser(ctx context.Context, args []string) error {
	u, err := s.inPerson(ctx, args[0], "person.unlock", false, func(people *users.Store, u users.User) error {
		return people.Locks(users.LockRules{}).Unlock(ctx, u.ID)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s may try again at once\n", u.Username)
	return nil
}

func (s shop) resetFactor(ctx context.Context, args []string) error {
	u, err := s.inPerson(ctx, args[0], "person.second_factor_reset", true, func(people *users.Store, u users.User) error {
		return people.Factors(nil, "").Reset(ctx, u.ID)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s has no second factor any more and is signed out (after a call, if in one); the next sign-in adds a new one\n", u.Username)
	return nil
}

func (s shop) resetPassword(ctx context.Context, args []string) error {
	password := users.FirstPassword()
	u, err := s.inPerson(ctx, args[0], "person.password", true, func(people *users.Store, u users.User) error {
		return people.GivePassword(ctx, u.ID, password)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s may sign in with %s, shown this once; other sign-ins are over\n", u.Username, password)
	return nil
}
