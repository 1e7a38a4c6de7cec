package stage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Root is the folder of the module.
func Root() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("stage: go env GOMOD: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if file == "" || file == os.DevNull {
		return "", errors.New("stage: not inside the module")
	}
	return filepath.Dir(file), nil
}

// Build builds the binary into dir and returns its path. The web app inside it is built only when it never was: `make` keeps it fresh.
func Build(ctx context.Context, dir string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	web := filepath.Join(root, "agentui", "web")
	if _, err := os.Stat(filepath.Join(web, "dist", "index.html")); errors.Is(err, fs.ErrNotExist) {
		for _, args := range [][]string{{"ci"}, {"run", "build"}} {
			if err := run(ctx, web, "npm", args...); err != nil {
				return "", err
			}
		}
	}
	binary := filepath.Join(dir, "hotline")
	return binary, run(ctx, root, "go", "build", "-o", binary, "./cmd/hotline")
}

func run(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("stage: %s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
