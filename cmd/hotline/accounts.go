package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"hotline/agentui/users"
	"hotline/queue"
)

// errNotDemo keeps a demo out of a site's database: one that was restored, or whose configuration was left out.
var errNotDemo = errors.New("the database has accounts, and secrets/demo-passwords.json of a demo is not there: start with the --config of this site, " +
	"which says demo: false (after a restore it is restored-hotline.yaml in the folder); a demo would make accounts of its own here")

// seedUsers makes the demo accounts, each with a random password that the first run keeps for the later ones.
func seedUsers(ctx context.Context, c Config, people *users.Store) ([]demoUser, error) {
	if !c.Demo {
		return firstUsers(ctx, people)
	}
	passwords, err := seedPasswords(c)
	if err != nil {
		return nil, err
	}
	if len(passwords) == 0 {
		if there, err := people.List(ctx); err != nil || len(there) > 0 {
			return nil, cmp.Or(err, errNotDemo)
		}
	}
	all := []demoUser{
		{Name: "agent1", Role: string(users.Agent), skills: queue.Skills{"mandarin": 5, "english": 3, "youth": 5, "crisis": 5}},
		{Name: "agent2", Role: string(users.Agent), skills: queue.Skills{"mandarin": 5, "english": 5, "youth": 3, "crisis": 3}},
		{Name: "supervisor1", Role: string(users.Supervisor), skills: queue.Skills{"mandarin": 5, "english": 4, "youth": 4, "crisis": 7}},
		{Name: "admin1", Role: string(users.Administrator)},
		{Name: "security1", Role: string(users.Security)},
		{Name: "auditor1", Role: string(users.Auditor)},
	}
	for i := range all {
		if passwords[all[i].Name] == "" {
			passwords[all[i].Name] = rand.Text()[:16]
		}
		all[i].Password = passwords[all[i].Name]
	}
	raw, err := json.MarshalIndent(passwords, "", "  ")
	if err != nil {
		return nil, err
	}
	// Kept before the accounts are made: a run that dies in between finds them again.
	file := c.path("secrets", "demo-passwords.json")
	if err := os.WriteFile(file+".new", raw, 0o600); err != nil {
		return nil, err
	}
	if err := os.Rename(file+".new", file); err != nil { // in one step: a torn file would lock the demo out
		return nil, err
	}
	for _, u := range all {
		_, err := people.Create(ctx, users.User{
			Username: u.Name, Name: u.Name, Role: users.Role(u.Role), Locale: "zh-CN",
			Skills: u.skills,
		}, u.Password)
		if err != nil && !errors.Is(err, users.ErrTaken) {
			return nil, err
		}
	}
	return all, nil
}

// firstUsers makes, where there is nobody yet, who runs the system and who lets others in. Their passwords are shown once, and changed at the first
// sign-in.
func firstUsers(ctx context.Context, people *users.Store) ([]demoUser, error) {
	all, err := people.List(ctx)
	if err != nil || len(all) > 0 {
		return nil, err
	}
	first := []demoUser{{Name: "admin", Role: string(users.Administrator)}, {Name: "security", Role: string(users.Security)}}
	for i, u := range first {
		first[i].Password, first[i].once = users.FirstPassword(), true
		_, err := people.Admit(ctx, users.User{Username: u.Name, Name: u.Name, Role: users.Role(u.Role), Locale: "zh-CN"}, first[i].Password, "cli:up", "")
		if err != nil && !errors.Is(err, users.ErrTaken) {
			return nil, err
		}
	}
	return first, nil
}

// seedPasswords reads the demo accounts' passwords of an earlier run.
func seedPasswords(c Config) (map[string]string, error) {
	raw, err := os.ReadFile(c.path("secrets", "demo-passwords.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	m := map[string]string{}
	return m, json.Unmarshal(raw, &m)
}
