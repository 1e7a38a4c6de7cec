package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	pages "hotline/agentui/people"
	"hotline/agentui/users"
	"hotline/queue"
)

func usersCommand(f *flags) *cobra.Command {
	var w userWish
	cmd := &cobra.Command{Use: "users", Short: "List people, say which calls they get, and let them in again"}
	list := &cobra.Command{Use: "list", Short: "List people", Args: cobra.NoArgs, RunE: inShop(f, shop.listUsers)}
	set := &cobra.Command{
		Use: "set NAME", Short: "Set a person's skills, group and telephone for alarms", Args: cobra.ExactArgs(1),
		Long: "Sets which calls a person gets, from the next sign-in on, and where they are called when nobody at a console looks after a call at high risk. What is not " +
			"given stays. A number is read from a file or the standard input, so that it is in no history of commands; an empty one takes the telephone away.",
	}
	set.RunE = inShop(f, func(s shop, ctx context.Context, args []string) error {
		w.withSkills, w.withGroup = set.Flags().Changed("skills"), set.Flags().Changed("group")
		w.in = set.InOrStdin()
		return s.setUser(ctx, args[0], w)
	})
	set.Flags().StringVar(&w.skills, "skills", "", "skills with levels from 1 to 10, like youth:3,english:5; empty: none")
	set.Flags().IntVar(&w.group, "group", 0, "0 own centre, 1 volunteers, 2 partners; up to 99, a lower one is asked first")
	set.Flags().StringVar(&w.telephoneFile, "telephone-file", "", "file with the telephone number for alarms")
	set.Flags().BoolVar(&w.telephoneStdin, "telephone-stdin", false, "read the telephone number for alarms from the standard input")
	set.MarkFlagsMutuallyExclusive("telephone-file", "telephone-stdin")
	add := &cobra.Command{
		Use: "add NAME ROLE", Short: "Make an account; its password is shown once", Args: cobra.ExactArgs(2), RunE: inShop(f, shop.addUser),
		Long: "Makes an account of a role: agent, supervisor, administrator (of the system), security or auditor. The password is shown once and must be changed at the first sign-in.",
	}
	unlock := &cobra.Command{
		Use: "unlock NAME", Short: "Open an account that too many wrong passwords have locked", Args: cobra.ExactArgs(1), RunE: inShop(f, shop.unlockUser),
	}
	factor := &cobra.Command{
		Use: "reset-second-factor NAME", Short: "Take a lost second factor away; the next sign-in adds a new one", Args: cobra.ExactArgs(1),
		RunE: inShop(f, shop.resetFactor),
	}
	password := &cobra.Command{
		Use: "reset-password NAME", Short: "Give a person a new password, shown once", Args: cobra.ExactArgs(1), RunE: inShop(f, shop.resetPassword),
	}
	cmd.AddCommand(list, set, add, unlock, factor, password)
	return cmd
}

func (s shop) listUsers(ctx context.Context, _ []string) error {
	people, err := users.Open(ctx, s.db)
	if err != nil {
		return err
	}
	all, err := people.List(ctx)
	if err != nil {
		return err
	}
	return table(s.out, "NAME\tROLE\tSTATE\tGROUP\tSKILLS", len(all), func(i int) string {
		u := all[i]
		state := "active"
		if u.Disabled {
			state = "disabled"
		}
		return fmt.Sprintf("%s\t%s\t%s\t%d\t%s", u.Username, u.Role, state, u.Group, u.Skills.Text())
	})
}

// userWish is what `hotline users set` is to set.
type userWish struct {
	skills, telephoneFile                 string
	group                                 int
	withSkills, withGroup, telephoneStdin bool
	in                                    io.Reader
}

func (w userWish) withTelephone() bool { return w.telephoneFile != "" || w.telephoneStdin }

// telephone reads the number.
func (w userWish) telephone() (string, error) {
	in := w.in
	if w.telephoneFile != "" {
		f, err := os.Open(w.telephoneFile)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, 200))
	return strings.TrimSpace(string(b)), err
}

func (s shop) setUser(ctx context.Context, name string, w userWish) error {
	if !w.withSkills && !w.withGroup && !w.withTelephone() {
		return errors.New("give --skills, --group, --telephone-file or --telephone-stdin")
	}
	people, err := users.Open(ctx, s.db)
	if err != nil {
		return err
	}
	u, err := people.ByName(ctx, name)
	if err != nil {
		return fmt.Errorf("%s: %w: see `hotline users list`", name, err)
	}
	if w.withTelephone() {
		if err := s.setTelephone(ctx, people, u, w); err != nil {
			return err
		}
	}
	if !w.withSkills && !w.withGroup {
		return nil
	}
	if w.withSkills {
		if u.Skills, err = parseSkills(w.skills); err != nil {
			return err
		}
	}
	if w.withGroup {
		u.Group = w.group
	}
	if err := s.audit(ctx, "user.work", string(u.ID), ""); err != nil {
		return err
	}
	if err := people.SetWork(ctx, u.ID, u.Skills, u.Group, s.by); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s: group %d, skills %s; counts from the next sign-in on\n", u.Username, u.Group, u.Skills.Text())
	return nil
}

// setTelephone sets where a person is called when nobody at a console looks after a call at high risk.
func (s shop) setTelephone(ctx context.Context, people *users.Store, u users.User, w userWish) error {
	number, err := w.telephone()
	if err != nil {
		return fmt.Errorf("read the telephone number: %w", err)
	}
	keys, err := s.c.callerKeys()
	if err != nil {
		return err
	}
	done := "set"
	if number == "" {
		done = "removed"
	}
	if err := s.audit(ctx, pages.ActionTelephone, "user:"+string(u.ID), done); err != nil {
		return err
	}
	phones := people.Telephones(keys, region)
	if err := phones.Set(ctx, u.ID, number, s.by); err != nil {
		return err
	}
	if number == "" {
		fmt.Fprintf(s.out, "%s: no telephone for alarms any more\n", u.Username)
		return nil
	}
	shown, err := phones.Show(ctx, u.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s: telephone for alarms %s\n", u.Username, shown.Masked)
	return nil
}

// parseSkills reads "youth:3,english:5".
func parseSkills(text string) (queue.Skills, error) {
	skills := queue.Skills{}
	if text = strings.TrimSpace(text); text == "" {
		return skills, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, level, ok := strings.Cut(strings.TrimSpace(part), ":")
		n, err := strconv.Atoi(level)
		if _, twice := skills[name]; !ok || err != nil || twice {
			return nil, fmt.Errorf("skills %q: write each once with its level, like youth:3,english:5", text)
		}
		skills[name] = n
	}
	return skills, nil
}
