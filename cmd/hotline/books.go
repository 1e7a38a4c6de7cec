package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"hotline/agentui"
	"hotline/agentui/users"
	"hotline/queue"
	"hotline/recordings"
	"hotline/storage"
	"hotline/telephony"
)

type noBooks struct{}

func (noBooks) Open(context.Context, telephony.Record) (int, error) { return 0, nil }
func (noBooks) Close(context.Context, telephony.Record) error       { return nil }
func (noBooks) Append(context.Context, agentui.AuditEntry) error    { return nil }

func (c Config) ledger(ctx context.Context, db *storage.DB) (telephony.Ledger, error) {
	return noBooks{}, nil
}
func (c Config) audit(ctx context.Context, db *storage.DB) (agentui.Auditor, error) {
	return noBooks{}, nil
}

func prepare(ctx context.Context, c Config) error {
	if err := recordings.CreateKey(c.path("secrets")); err != nil {
		return err
	}
	db, err := c.database(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := users.Open(ctx, db); err != nil {
		return err
	}
	_, err = recordings.NewIndex(ctx, db)
	return err
}

func runWorker(ctx context.Context, c Config, log *slog.Logger) error {
	reg := registry()
	db, err := c.database(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	index, err := recordings.NewIndex(ctx, db)
	if err != nil {
		return err
	}
	intake, err := recordings.NewIntake(recordings.IntakeConfig{Dir: c.spool(), Store: c.store(), Log: log, Metrics: recordings.NewMetrics(reg)}, index)
	if err != nil {
		return err
	}
	return together(ctx, intake.Run, func(ctx context.Context) error {
		return serveAdmin(ctx, c.admin("worker"), reg, checks{"database": db.Ping})
	})
}

// seedUsers makes the demo accounts, each with a random password that the first run keeps for the later ones.
func seedUsers(ctx context.Context, c Config) ([]demoUser, error) {
	if !c.Demo {
		return nil, nil
	}
	passwords, err := seedPasswords(c)
	if err != nil {
		return nil, err
	}
	db, err := c.database(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	people, err := users.Open(ctx, db)
	if err != nil {
		return nil, err
	}
	all := []demoUser{{Name: "agent1", Role: string(users.Agent)}, {Name: "agent2", Role: string(users.Agent)}, {Name: "supervisor1", Role: string(users.Supervisor)}, {Name: "admin1", Role: string(users.Administrator)}}
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
	if err := os.WriteFile(c.path("secrets", "demo-passwords.json"), raw, 0o600); err != nil {
		return nil, err
	}
	for _, u := range all {
		_, err := people.Create(ctx, users.User{
			Username: u.Name, Name: u.Name, Role: users.Role(u.Role), Locale: "zh-CN",
			Skills: queue.Skills{"mandarin": 5, "english": 3, "youth": 5, "crisis": 5},
		}, u.Password)
		if err != nil && !errors.Is(err, users.ErrTaken) {
			return nil, err
		}
	}
	return all, nil
}

func ledgerCommand(f *flags) *cobra.Command { return &cobra.Command{Use: "ledger"} }
func tasksCommand(f *flags) *cobra.Command  { return &cobra.Command{Use: "tasks"} }
