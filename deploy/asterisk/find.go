package asterisk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Installation is an Asterisk that can be run here.
type Installation struct {
	Binary  string // program or launcher
	Modules string // astmoddir
	Data    string // astdatadir
	Version string // "22.10.1"
}

// ErrNotFound means that no Asterisk of MinimumVersion or later is installed; `deploy/install.sh run` mends it.
var ErrNotFound = errors.New("no Asterisk " + MinimumVersion + " or later: run deploy/install.sh run")

var versionRule = regexp.MustCompile(`\b(\d+)\.(\d+)(?:\.(\d+))?`)

// CacheDir is where deploy/install.sh keeps what the distribution lacks: HOTLINE_CACHE, else /var/cache/hotline for root and
// ~/.cache/hotline for others.
func CacheDir() (string, error) {
	if dir := os.Getenv("HOTLINE_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	if os.Geteuid() == 0 {
		return "/var/cache/hotline", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("asterisk: cache folder: %w", err)
	}
	return filepath.Join(dir, "hotline"), nil
}

// Find returns the distribution's own Asterisk when it is new enough, else the one that install.sh unpacked in CacheDir.
func Find(ctx context.Context) (Installation, error) {
	cache, err := CacheDir()
	if err != nil {
		return Installation{}, err
	}
	root := filepath.Join(cache, "asterisk", "root")
	candidates := []struct{ binary, root string }{{filepath.Join(cache, "asterisk", "bin", "asterisk"), root}}
	for _, name := range []string{"asterisk", "/usr/sbin/asterisk"} {
		if p, err := exec.LookPath(name); err == nil {
			candidates = append([]struct{ binary, root string }{{p, "/"}}, candidates...)
			break
		}
	}
	reasons := []error{ErrNotFound}
	for _, c := range candidates {
		in, err := inspect(ctx, c.binary, c.root)
		if err == nil {
			return in, nil
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", c.binary, err))
	}
	return Installation{}, fmt.Errorf("asterisk: find: %w", errors.Join(reasons...))
}

func inspect(ctx context.Context, binary, root string) (Installation, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, "-V").Output()
	if err != nil {
		return Installation{}, fmt.Errorf("ask its version: %w", err)
	}
	version := versionRule.FindString(string(out))
	if version == "" || compareVersions(version, MinimumVersion) < 0 {
		return Installation{}, fmt.Errorf("version %q is older than %s", strings.TrimSpace(string(out)), MinimumVersion)
	}
	modules, err := firstWith(root, "app_stasis_broadcast.so", "usr/lib/*/asterisk/modules", "usr/lib64/asterisk/modules",
		"usr/lib/asterisk/modules", "usr/local/lib/asterisk/modules")
	if err != nil {
		return Installation{}, err
	}
	data, err := firstWith(root, "documentation", "usr/share/asterisk", "var/lib/asterisk", "usr/local/share/asterisk")
	if err != nil {
		return Installation{}, err
	}
	return Installation{Binary: binary, Modules: modules, Data: data, Version: version}, nil
}

func firstWith(root, holds string, patterns ...string) (string, error) {
	for _, p := range patterns {
		found, err := filepath.Glob(filepath.Join(root, p, holds))
		if err != nil {
			return "", fmt.Errorf("look for %s: %w", holds, err)
		}
		if len(found) > 0 {
			return filepath.Dir(found[0]), nil
		}
	}
	return "", fmt.Errorf("%s is missing: install Asterisk's modules and documentation", holds)
}

// Command is the command line that runs Asterisk in the foreground with the files that Write put into etcDir. Send SIGTERM to end it.
func Command(binary, etcDir string) []string {
	return []string{binary, "-f", "-C", filepath.Join(etcDir, "asterisk.conf")}
}

// compareVersions orders dotted versions by their numbers.
func compareVersions(a, b string) int {
	as, bs := versionRule.FindStringSubmatch(a), versionRule.FindStringSubmatch(b)
	if as == nil || bs == nil {
		return cmp.Compare(len(as), len(bs))
	}
	for i := 1; i < len(as); i++ {
		x, _ := strconv.Atoi(as[i]) // digits by the rule; a missing part is 0
		y, _ := strconv.Atoi(bs[i])
		if c := cmp.Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// hostNameLimit is how long a look-up of our own name may take. Asterisk makes one for calls, with the caller waiting.
const hostNameLimit = 250 * time.Millisecond

// CheckHostName tells whether this machine's own name resolves at once. When it does not, every call stalls for seconds.
func CheckHostName(ctx context.Context) error {
	name, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("asterisk: host name: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, hostNameLimit)
	defer cancel()
	if _, err := net.DefaultResolver.LookupHost(ctx, name); err != nil {
		return fmt.Errorf("asterisk: the host name %q does not resolve at once, which stalls every call; add a line \"127.0.1.1 %s\" to /etc/hosts: %w", name, name, err)
	}
	return nil
}
