package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"hotline/casework"
	"hotline/queue/lines"
	"hotline/storage"
)

// shop is what the commands about lines and people stand on.
type shop struct {
	c     Config
	db    *storage.DB
	store *lines.Store
	by    string
	out   io.Writer
}

// inShop opens the database of an instance for one command.
func inShop(f *flags, run func(s shop, ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := f.existing()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), 10*time.Second)
		defer cancel()
		db, err := c.database(ctx)
		if err != nil {
			return err
		}
		defer db.Close()
		store, err := lines.Open(ctx, db, c.lineSite())
		if err != nil {
			return err
		}
		by := "cli"
		if who, err := user.Current(); err == nil {
			by += ":" + who.Username
		}
		return run(shop{c, db, store, by, cmd.OutOrStdout()}, ctx, args)
	}
}

// audit writes what a command is about to do; without the row it is not done.
func (s shop) audit(ctx context.Context, action, object, reason string) error {
	if err := casework.Migrate(ctx, s.db); err != nil {
		return err
	}
	_, err := casework.NewAudit(s.db).Append(ctx, casework.Entry{Actor: s.by, Role: "cli", Action: action, Object: object, Reason: reason})
	return err
}

func linesCommand(f *flags) *cobra.Command {
	var note string
	var base int
	cmd := &cobra.Command{Use: "lines", Short: "List, show, export, import and restore lines"}
	list := &cobra.Command{Use: "list", Short: "List the lines in force", Args: cobra.NoArgs, RunE: inShop(f, shop.listLines)}
	show := &cobra.Command{Use: "show LINE", Short: "Show one line", Args: cobra.ExactArgs(1), RunE: inShop(f, shop.showLine)}
	export := &cobra.Command{
		Use: "export", Short: "Write lines and site policy as YAML, with their version in the first line", Args: cobra.NoArgs,
		RunE: inShop(f, shop.exportLines),
	}
	take := &cobra.Command{
		Use: "import FILE", Short: "Make a YAML file the new version (- is the standard input)", Args: cobra.ExactArgs(1),
		Long: "Makes a file as `export` writes it the new version. When somebody else changed the lines since the export, it is refused.",
		RunE: inShop(f, func(s shop, ctx context.Context, args []string) error { return s.importLines(ctx, args[0], base, note) }),
	}
	history := &cobra.Command{Use: "history", Short: "List the versions", Args: cobra.NoArgs, RunE: inShop(f, shop.listVersions)}
	restore := &cobra.Command{
		Use: "restore VERSION", Short: "Make an earlier version the newest again", Args: cobra.ExactArgs(1),
		RunE: inShop(f, func(s shop, ctx context.Context, args []string) error { return s.restoreLines(ctx, args[0], note) }),
	}
	for _, c := range []*cobra.Command{take, restore} {
		c.Flags().StringVar(&note, "note", "", "why, for the history")
	}
	take.Flags().IntVar(&base, "base", 0, "version that the file was made from (default: the one that its first line names)")
	cmd.AddCommand(list, show, export, take, history, restore)
	return cmd
}

func (s shop) listLines(ctx context.Context, _ []string) error {
	v, err := s.store.Current(ctx)
	if err != nil {
		return err
	}
	m, err := s.store.Emergency(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "version %d, %s by %s\n", v.N, v.At.Local().Format(time.DateTime), v.By)
	if m.On {
		fmt.Fprintf(s.out, "EMERGENCY MODE since %s by %s: %s\n", m.Since.Local().Format(time.DateTime), m.By, m.Reason)
	}
	return table(s.out, "LINE\tNAME\tNUMBERS\tNEEDS\tOPEN", len(v.Policy.Lines), func(i int) string {
		l := v.Policy.Lines[i]
		open := "always"
		if !l.Hours.Always() {
			open = "no"
			if l.Hours.Open(time.Now()) {
				open = "yes"
			}
			if next := l.Hours.Next(time.Now()); !next.IsZero() {
				open += ", until " + next.Local().Format("Mon 15:04")
			}
		}
		return fmt.Sprintf("%s\t%s\t%s\t%s\t%s", l.ID, l.Names["zh-CN"], strings.Join(l.Numbers, " "), l.Needs.Text(), open)
	})
}

func (s shop) showLine(ctx context.Context, args []string) error {
	v, err := s.store.Current(ctx)
	if err != nil {
		return err
	}
	l, ok := v.Policy.Line(args[0])
	if !ok {
		return fmt.Errorf("there is no line %q: see `hotline lines list`", args[0])
	}
	text, err := yaml.Marshal(l)
	if err != nil {
		return err
	}
	_, err = s.out.Write(text)
	return err
}

const versionMark = "# version "

func (s shop) exportLines(ctx context.Context, _ []string) error {
	v, err := s.store.Current(ctx)
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(v.Policy)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s%d of the lines, %s by %s. Change it and give it to `hotline lines import`.\n", versionMark, v.N, v.At.Local().Format(time.DateTime), v.By)
	_, err = s.out.Write(text)
	return err
}

func (s shop) importLines(ctx context.Context, file string, base int, note string) error {
	raw, err := readLimited(file)
	if err != nil {
		return err
	}
	if base == 0 {
		if base, err = exportedFrom(raw); err != nil {
			return err
		}
	}
	var p lines.Policy
	if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.DisallowUnknownField()).Decode(&p); err != nil {
		return fmt.Errorf("%s: %w (times are written like 15s, 2m or 1h30m)", file, err)
	}
	if err := p.ValidateFor(s.store.Site()); err != nil {
		return err
	}
	now, err := s.store.Current(ctx)
	if err != nil {
		return err
	}
	if now.N != base {
		return s.made(now, &lines.Stale{Current: now})
	}
	if err := s.audit(ctx, "lines.save", "lines:"+strconv.Itoa(base+1), note); err != nil {
		return err
	}
	v, err := s.store.Save(ctx, base, p, s.by, note)
	return s.made(v, err)
}

// readLimited reads a file, or the standard input, that is no larger than a document may be.
func readLimited(file string) ([]byte, error) {
	in := io.Reader(os.Stdin)
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		in = opened
	}
	raw, err := io.ReadAll(io.LimitReader(in, lines.MaxDocument+1))
	if err == nil && len(raw) > lines.MaxDocument {
		err = fmt.Errorf("%s is larger than %d bytes", file, lines.MaxDocument)
	}
	return raw, err
}

func exportedFrom(raw []byte) (int, error) {
	first, _, _ := strings.Cut(string(raw), "\n")
	digits, _, _ := strings.Cut(strings.TrimPrefix(first, versionMark), " ")
	n, err := strconv.Atoi(digits)
	if !strings.HasPrefix(first, versionMark) || err != nil {
		return 0, errors.New("the file does not say which version it was made from: give it with --base, after a look at `hotline lines history`")
	}
	return n, nil
}

func (s shop) restoreLines(ctx context.Context, arg, note string) error {
	n, err := strconv.Atoi(arg)
	if err != nil {
		return fmt.Errorf("%q is not the number of a version: see `hotline lines history`", arg)
	}
	now, err := s.store.Current(ctx)
	if err != nil {
		return err
	}
	if _, err := s.store.Get(ctx, n); err != nil {
		return err
	}
	if err := s.audit(ctx, "lines.restore", "lines:"+strconv.Itoa(now.N+1), note); err != nil {
		return err
	}
	v, err := s.store.Restore(ctx, now.N, n, s.by, note)
	return s.made(v, err)
}

func (s shop) made(v lines.Version, err error) error {
	if stale, ok := errors.AsType[*lines.Stale](err); ok {
		now := stale.Current
		return fmt.Errorf("version %d was made by %s at %s in between: export again and repeat your change", now.N, now.By, now.At.Local().Format(time.DateTime))
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "version %d is in force; controllers and consoles follow within a second, new numbers within five\n", v.N)
	return nil
}

func (s shop) listVersions(ctx context.Context, _ []string) error {
	all, err := s.store.History(ctx, 0, 50)
	if err != nil {
		return err
	}
	return table(s.out, "VERSION\tWHEN\tWHO\tHOW\tNOTE", len(all), func(i int) string {
		v := all[i]
		how := string(v.Origin)
		if v.Restored > 0 {
			how += " of " + strconv.Itoa(v.Restored)
		}
		return fmt.Sprintf("%d\t%s\t%s\t%s\t%s", v.N, v.At.Local().Format(time.DateTime), v.By, how, v.Note)
	})
}

func emergencyCommand(f *flags) *cobra.Command {
	var reason string
	cmd := &cobra.Command{Use: "emergency", Short: "Switch emergency mode, or say whether it is on", Args: cobra.NoArgs, RunE: inShop(f, shop.sayEmergency)}
	for _, on := range []bool{true, false} {
		use, short := "off", "Return to ordinary times"
		if on {
			use, short = "on", "Switch emergency mode on: greeting, relaxation, volunteers, overflow and callbacks as each line says"
		}
		c := &cobra.Command{
			Use: use, Short: short, Args: cobra.NoArgs,
			RunE: inShop(f, func(s shop, ctx context.Context, _ []string) error { return s.setEmergency(ctx, on, reason) }),
		}
		c.Flags().StringVar(&reason, "reason", "", "why, shown on every console (3 to 500 characters)")
		cmd.AddCommand(c)
	}
	return cmd
}

func (s shop) sayEmergency(ctx context.Context, _ []string) error {
	m, err := s.store.Emergency(ctx)
	if err != nil {
		return err
	}
	switch when := m.Since.Local().Format(time.DateTime); {
	case m.On:
		fmt.Fprintf(s.out, "emergency mode is ON since %s by %s: %s\n", when, m.By, m.Reason)
	case m.N > 0:
		fmt.Fprintf(s.out, "emergency mode is off since %s by %s: %s\n", when, m.By, m.Reason)
	default:
		fmt.Fprintln(s.out, "emergency mode is off")
	}
	return nil
}

func (s shop) setEmergency(ctx context.Context, on bool, reason string) error {
	if n := len([]rune(strings.TrimSpace(reason))); n < 3 || n > 500 {
		return errors.New("give --reason, 3 to 500 characters: every console shows it")
	}
	action := "emergency.off"
	if on {
		action = "emergency.on"
	}
	if err := s.audit(ctx, action, "", reason); err != nil {
		return err
	}
	if _, err := s.store.SetEmergency(ctx, on, s.by, reason); err != nil {
		return err
	}
	return s.sayEmergency(ctx, nil)
}
