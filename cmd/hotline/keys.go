package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"hotline/casework"
)

// KeyServiceConfig names the programs by which a key service (a KMS, a certified device) wraps and opens keys. Each gets the key's name as its last
// argument, base64 on its standard input, and writes base64. Without it keys are files.
type KeyServiceConfig struct {
	Wrap   []string `yaml:"wrap"`
	Unwrap []string `yaml:"unwrap"`
}

// Validate says what is wrong.
func (s KeyServiceConfig) Validate() error {
	if (len(s.Wrap) == 0) != (len(s.Unwrap) == 0) {
		return errors.New("key_service: give both wrap and unwrap, or neither")
	}
	return nil
}

// programs is a key service behind two programs.
type programs struct{ KeyServiceConfig }

var _ casework.KeyService = programs{}

func (p programs) Wrap(ctx context.Context, name string, key []byte) ([]byte, error) {
	return ask(ctx, p.KeyServiceConfig.Wrap, name, key)
}

func (p programs) Unwrap(ctx context.Context, name string, wrapped []byte) ([]byte, error) {
	return ask(ctx, p.KeyServiceConfig.Unwrap, name, wrapped)
}

// ask runs a program. What it says on its standard error is told; what it gives is not.
func ask(ctx context.Context, program []string, name string, in []byte) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program[0], append(program[1:len(program):len(program)], name)...)
	var out, faults bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(base64.StdEncoding.EncodeToString(in)+"\n"), &out, &faults
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("key service %s: %w: %s", program[0], err, strings.TrimSpace(faults.String()))
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(out.String()))
	if err != nil || len(b) == 0 {
		return nil, fmt.Errorf("key service %s: it must answer with one line of base64", program[0])
	}
	return b, nil
}

// service is the key service; nil: keys are files.
func (c Config) service() casework.KeyService {
	if len(c.KeyService.Unwrap) == 0 {
		return nil
	}
	return programs{c.KeyService}
}

// callerKeys are the keys by which the database's private columns are sealed.
func (c Config) callerKeys() (*casework.Keys, error) {
	if s := c.service(); s != nil {
		return casework.LoadKeys(c.path("secrets"), region, s)
	}
	return casework.LoadKeys(c.path("secrets"), region)
}

func keysCommand(f *flags) *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "The keys by which private columns of the database are sealed"}
	list := &cobra.Command{
		Use: "list", Short: "Which keys there are; never their content", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.existing()
			if err != nil {
				return err
			}
			all, err := casework.ListKeys(c.path("secrets"))
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "USE\tNUMBER\tMETHOD\tLIES\tUSED FOR")
			seen := map[casework.KeyUse]bool{}
			for _, k := range all {
				lies, what := "open in its file", "what is old"
				if k.Wrapped {
					lies = "wrapped by the key service"
				}
				if !seen[k.Use] {
					what = "what is new"
				}
				seen[k.Use] = true
				fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", k.Use, k.Number, k.Method, lies, what)
			}
			return w.Flush()
		},
	}
	var national bool
	rotate := &cobra.Command{
		Use: "rotate", Short: "Make the next key of each use", Args: cobra.NoArgs,
		Long: `Makes the next key of each use: one that seals, one that makes pseudonyms. Running processes use them within a second. The older keys
stay: they open what is old, and callers are found under the pseudonyms of all of them. Copy the new files to where the old ones are kept.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.existing()
			if err != nil {
				return err
			}
			methods := map[casework.KeyUse]casework.KeyMethod{casework.UseSeal: casework.MethodAES, casework.UseRef: casework.MethodSHA}
			if national {
				methods = map[casework.KeyUse]casework.KeyMethod{casework.UseSeal: casework.MethodSM4, casework.UseRef: casework.MethodSM3}
			}
			for _, use := range []casework.KeyUse{casework.UseRef, casework.UseSeal} {
				k, err := casework.RotateKey(c.path("secrets"), use, methods[use], c.service())
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "made %s\n", k.File())
			}
			return nil
		},
	}
	rotate.Flags().BoolVar(&national, "national", false, "SM4-GCM and HMAC-SM3 instead of AES-256-GCM and HMAC-SHA-256")
	enclose := &cobra.Command{
		Use: "wrap", Short: "Have the key service wrap the keys that lie open", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.existing()
			if err != nil {
				return err
			}
			if c.service() == nil {
				return errors.New("no key service is configured: set key_service in the configuration file")
			}
			done, err := casework.WrapKeys(c.path("secrets"), c.service())
			for _, k := range done {
				fmt.Fprintf(cmd.OutOrStdout(), "wrapped %s\n", k.Name())
			}
			return err
		},
	}
	cmd.AddCommand(list, rotate, enclose)
	return cmd
}
