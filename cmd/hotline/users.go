package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"hotline/agentui/users"
	"hotline/queue"
)

func usersCommand(f *flags) *cobra.Command {
	var skills string
	var group int
	cmd := &cobra.Command{Use: "users", Short: "List people, say which calls they get, and let them in again"}
	list := &cobra.Command{Use: "list", Short: "List people", Args: cobra.NoArgs, RunE: inShop(f, shop.listUsers)}
	set := &cobra.Command{
		Use: "set NAME", Short: "Set a person's skills and group", Args: cobra.ExactArgs(1),
		Long: "Sets which calls a person gets, from the next sign-in on. What is not given stays.",
	}
	set.RunE = inShop(f, func(s shop, ctx context.Context, args []string) error {
		return s.setUser(ctx, args[0], skills, set.Flags().Changed("skills"), group, set.Flags().Changed("group"))
	})
	set.Flags().StringVar(&skills, "skills", "", "skills with levels from 1 to 10, like youth:3,english:5; empty: none")
	set.Flags().IntVar(&group, "group", 0, "0 own centre, 1 volunteers, 2 partners; up to 99, a lower one is asked first")
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

func (s shop) setUser(ctx context.Context, name, skills string, withSkills bool, group int, withGroup bool) error {
	if !withSkills && !withGroup {
		return errors.New("give --skills, --group or both")
	}
	people, err := users.Open(ctx, s.db)
	if err != nil {
		return err
	}
	u, err := people.ByName(ctx, name)
	if err != nil {
		return fmt.Errorf("%s: %w: see `hotline users list`", name, err)
	}
	if withSkills {
		if u.Skills, err = parseSkills(skills); err != nil {
			return err
		}
	}
	if withGroup {
		u.Group = group
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
