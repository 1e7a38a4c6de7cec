package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

func openPostgres(ctx context.Context, cfg Config) (*DB, error) {
	pc, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		// pgx's error may quote the URL, and with it a password.
		return nil, errors.New("storage: postgres: the URL cannot be read; it looks like postgres://user@host:5432/hotline")
	}
	if pc.Password, err = password(cfg, pc.Password); err != nil {
		return nil, err
	}
	if pc.ConnectTimeout == 0 {
		pc.ConnectTimeout = 5 * time.Second
	}
	if pc.RuntimeParams["application_name"] == "" {
		pc.RuntimeParams["application_name"] = "hotline"
	}
	// Compiling a statement of many small questions takes seconds, and answering it milliseconds. By a statement, as a pooler may refuse what it does not know
	// when a connection begins.
	pool := stdlib.OpenDB(*pc, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "SET jit = off")
		return err
	}))
	pool.SetMaxOpenConns(cfg.MaxConns)
	pool.SetMaxIdleConns(cfg.MaxConns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db := &DB{dialect: Postgres, write: pool, read: pool}
	if err := db.Ping(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return db, nil
}

// password is that of the password file, else the one of the URL.
func password(cfg Config, inURL string) (string, error) {
	if cfg.PasswordFile == "" {
		return inURL, nil
	}
	secret, err := os.ReadFile(cfg.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("storage: postgres: password file: %w", err)
	}
	line, _, _ := strings.Cut(string(secret), "\n")
	return strings.TrimRight(line, "\r"), nil
}
