// Command hotline is the whole hotline in one program: each role is a subcommand, and `hotline up` runs them all on one machine.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// flags that every subcommand has.
type flags struct {
	config   string
	dir      string
	portBase int
}

func (f flags) load() (Config, error) { return loadConfig(f.config, f.dir, f.portBase) }

// existing loads the configuration for a command that looks at an instance, and says so when there is none to look at.
func (f flags) existing() (Config, error) {
	c, err := f.load()
	if err != nil {
		return c, err
	}
	if _, err := os.Stat(c.path("secrets")); errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("no hotline has run in %s yet: start one with `hotline up`, or name its folder with --dir", c.Dir)
	}
	return c, nil
}

func main() { os.Exit(run()) }

// run returns the exit status: 0, or 1 when the command failed.
func run() int {
	if err := noCores(); err != nil {
		fmt.Fprintln(os.Stderr, "hotline: core dumps are not turned off:", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo})))
	redis.SetLogger(nothing{}) // each failed dial would be a line; the parts say what they miss
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "hotline:", err)
		return 1
	}
	return 0
}

// noCores keeps the memory of this process, and of all that it starts, from being written to a disk when it dies: there is speech in it.
func noCores() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }

// nothing takes the log of go-redis.
type nothing struct{}

func (nothing) Printf(context.Context, string, ...any) {}

func command() *cobra.Command {
	var f flags
	root := &cobra.Command{
		Use: "hotline", Short: "A 24-hour psychological-assistance hotline", SilenceUsage: true, SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&f.config, "config", "", "configuration file (YAML); every setting has a default")
	root.PersistentFlags().StringVar(&f.dir, "dir", "", `folder for everything that is written (default "var")`)
	root.PersistentFlags().IntVar(&f.portBase, "port-base", 0, "SIP port; the other ports follow it (default 5060)")
	root.AddCommand(upCommand(&f), callCommand(&f), answerCommand(&f), callsCommand(&f), ledgerCommand(&f), tasksCommand(&f), doctorCommand(&f), configCommand(&f),
		linesCommand(&f), emergencyCommand(&f), usersCommand(&f), auditCommand(&f), incidentsCommand(&f), keysCommand(&f), backupCommand(&f), restoreCommand(&f), retentionCommand(&f), recordingsCommand(&f), replayCommand(), simulateCommand(&f))
	for _, r := range roles() {
		root.AddCommand(r.command(&f))
	}
	return root
}

// configCommand checks a configuration without starting anything.
func configCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "check-config", Short: "Check the configuration file and say what is wrong", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := f.load(); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the configuration is sound")
			return nil
		},
	}
}
