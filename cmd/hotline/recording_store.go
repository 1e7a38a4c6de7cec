package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"hotline/agentui/settings"
	"hotline/casework"
	"hotline/casework/retention"
	"hotline/recordings"
	hear "hotline/recordings/listen"
	"hotline/recordings/vault"
	"hotline/storage"
)

// RecordingsConfig says where recordings are kept and how they are sealed.
type RecordingsConfig struct {
	S3    S3Config      `yaml:"s3"`    // a bucket for finished recordings; the folder recordings/store unless endpoint is set
	Late  time.Duration `yaml:"late"`  // from when on a finished recording that is not in the store is a fault; 5m by default
	Least int           `yaml:"least"` // MB that must be free on the disk of the spool and of the folder; 1024 by default
	// KeptDays and KeptHighRiskDays let recordings go before the rest of their contact: 1095 days at least, 0: with the contact.
	KeptDays         int `yaml:"kept_days"`
	KeptHighRiskDays int `yaml:"kept_high_risk_days"`
	// Suite is the cryptography of keys that are made: age (default), or sm (SM2, SM4). Keys that are there are not changed.
	Suite string `yaml:"suite"`
	// Levels marks long silence, a voice that is missing, clipping and loudness; on unless it is off.
	Levels string `yaml:"levels"`
	// Listener is a program of the agency's own on this machine that hears talks while they are recorded, and marks them: unix:/path, or a loopback
	// address with a port. None by default.
	Listener string `yaml:"listener"`
}

// S3Config is a bucket. The keys to it are in secrets/s3-access-key and secrets/s3-secret-key.
type S3Config struct {
	Endpoint string `yaml:"endpoint"` // https://host, or http://host:port within the house
	Bucket   string `yaml:"bucket"`
	Region   string `yaml:"region"`
	Prefix   string `yaml:"prefix"`
	LockDays int    `yaml:"lock_days"` // object lock: nobody can destroy a file before; the bucket must have been made with it
}

// leastKeptDays is three years (National Health Commission's guide of 2021).
const leastKeptDays = 3 * 365

// Validate says what is wrong.
func (r RecordingsConfig) Validate() error {
	var errs []error
	if r.S3.Endpoint != "" {
		cfg := r.S3.config("k", "s")
		if err := cfg.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("recordings.s3: %w", err))
		}
	}
	if _, err := recordings.SuiteNamed(r.Suite); err != nil {
		errs = append(errs, fmt.Errorf("recordings.suite: %w", err))
	}
	if r.Levels != "" && r.Levels != "on" && r.Levels != "off" {
		errs = append(errs, errors.New("recordings.levels: on or off"))
	}
	if r.Listener != "" {
		if _, err := hear.ParseAddress(r.Listener); err != nil {
			errs = append(errs, fmt.Errorf("recordings.listener: %w", err))
		}
	}
	if r.Late < 0 || r.Least < 0 {
		errs = append(errs, errors.New("recordings: late and least must not be negative"))
	}
	for name, days := range map[string]int{"kept_days": r.KeptDays, "kept_high_risk_days": r.KeptHighRiskDays} {
		if days != 0 && days < leastKeptDays {
			errs = append(errs, fmt.Errorf("recordings.%s: recordings are kept %d days at least", name, leastKeptDays))
		}
	}
	if r.KeptHighRiskDays != 0 && r.KeptHighRiskDays < r.KeptDays {
		errs = append(errs, errors.New("recordings.kept_high_risk_days: not shorter than kept_days"))
	}
	return errors.Join(errs...)
}

func (s S3Config) config(key, secret string) vault.S3Config {
	return vault.S3Config{
		Endpoint: s.Endpoint, Bucket: s.Bucket, Region: s.Region, Prefix: s.Prefix, Key: key, Secret: secret, Lock: time.Duration(s.LockDays) * 24 * time.Hour,
	}
}

// rules are how long recordings are kept: with their contacts, or as the configuration says when that is shorter.
func (r RecordingsConfig) rules(s settings.Settings) (out recordings.Rules) {
	out.Ordinary, out.HighRisk = s.ContactsKept()
	const day = 24 * time.Hour
	if r.KeptDays > 0 {
		out.Ordinary = min(out.Ordinary, time.Duration(r.KeptDays)*day)
	}
	if r.KeptHighRiskDays > 0 {
		out.HighRisk = min(out.HighRisk, time.Duration(r.KeptHighRiskDays)*day)
	}
	out.HighRisk = max(out.HighRisk, out.Ordinary)
	return out
}

func (r RecordingsConfig) least() uint64 {
	if r.Least == 0 {
		return 1 << 30
	}
	return uint64(r.Least) << 20
}

func (r RecordingsConfig) late() time.Duration { return cmp.Or(r.Late, 5*time.Minute) }

// vault opens where finished recordings lie.
func (c Config) vault() (vault.Vault, error) {
	if c.Recordings.S3.Endpoint == "" {
		return vault.NewFolder(c.store(), c.Recordings.least())
	}
	key, err1 := c.given("s3-access-key")
	secret, err2 := c.given("s3-secret-key")
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	if key == "" || secret == "" {
		return nil, fmt.Errorf("recordings.s3: write the keys of the bucket into %s and %s", c.path("secrets", "s3-access-key"), c.path("secrets", "s3-secret-key"))
	}
	return vault.NewS3(c.Recordings.S3.config(key, secret))
}

// recipients are the public keys for which recordings are sealed: the site's and, when there is one, the escrow's.
func (c Config) recipients() ([]recordings.PublicKey, error) {
	keys, err := recordings.LoadPublicKeys(c.path("secrets", recordings.RecipientFile))
	if err != nil {
		return nil, err
	}
	escrow, err := recordings.LoadPublicKeys(c.path("secrets", recordings.EscrowFile))
	if errors.Is(err, fs.ErrNotExist) {
		return keys, nil
	}
	return append(keys, escrow...), err
}

// partNotes writes what becomes of recordings into the audit.
type partNotes struct{ audit *casework.Audit }

func (n partNotes) Note(ctx context.Context, by, action, part, reason string) error {
	_, err := n.audit.Append(ctx, casework.Entry{Actor: by, Role: "worker", Action: action, Object: noteOf(part), Reason: reason})
	return err
}

// partNote begins the object of what the audit says of a part.
const partNote = "part:"

// noteOf is the object of what the audit says of a part, or of all recordings.
func noteOf(part string) string {
	if part == "" {
		return "recordings"
	}
	return partNote + part
}

// keep are the contacts that recordings belong to.
type keep struct{ contacts retention.Keeping }

func (k keep) Standing(ctx context.Context, call string) (recordings.Standing, error) {
	st, err := k.contacts.Standing(ctx, call)
	return recordings.Standing{HighRisk: st.Class == retention.HighRisk, Held: st.Held, Open: st.Live}, err
}

func (k keep) Release(ctx context.Context, call string, do func(tx *storage.Tx, high bool) error) error {
	err := k.contacts.Release(ctx, call, func(tx *storage.Tx, class retention.Class) error { return do(tx, class == retention.HighRisk) })
	if errors.Is(err, retention.ErrHeld) || errors.Is(err, retention.ErrLive) {
		err = errors.Join(recordings.ErrKept, err)
	}
	return err
}

// createRecordingKeys makes the keys that seal recordings, where there are none.
func (c Config) createRecordingKeys() error {
	suite, err := recordings.SuiteNamed(c.Recordings.Suite)
	if err != nil {
		return err
	}
	if err := recordings.CreateKey(c.path("secrets"), suite); err != nil {
		return err
	}
	_, err = c.vault() // a bucket without its keys is said before anything starts; the key that signs is made by the worker, which goes on without it
	return err
}

func (c Config) createSignKey() error {
	suite, err := recordings.SuiteNamed(c.Recordings.Suite)
	if err != nil {
		return err
	}
	return recordings.CreateSignKey(c.path("secrets"), suite)
}

// signer signs what the worker takes in. Without its key, parts are taken in all the same: what is said by callers is worth more than its signature.
func (c Config) signer(ctx context.Context, index *recordings.Index, log *slog.Logger) *recordings.Signer {
	err := c.createSignKey() // an older release left none
	var signer *recordings.Signer
	if err == nil {
		signer, err = recordings.LoadSigner(c.path("secrets", recordings.SignFile))
	}
	if err != nil {
		log.Error("the key that signs recordings cannot be read: they are taken in without a signature, and signed when it can", "error", err)
		return nil
	}
	host, err := os.Hostname()
	if err == nil {
		err = index.Introduce(ctx, signer.Public(), host, time.Now())
	}
	if err != nil {
		log.Error("the key that signs recordings is known on this host alone", "error", err)
	}
	return signer
}

// takeIn is the worker's part in recordings: they go from the spool into the store, and what becomes of them into the audit.
func (c Config) takeIn(ctx context.Context, db *storage.DB, keys *casework.Keys, index *recordings.Index, figures *recordings.Metrics, log *slog.Logger) (func(context.Context) error, error) {
	store, err := c.vault()
	if err != nil {
		return nil, err
	}
	signer := c.signer(ctx, index, log)
	contacts, err := c.retention(ctx, db, keys)
	if err != nil {
		return nil, err
	}
	intake, err := recordings.NewIntake(recordings.IntakeConfig{
		Dir: c.spool(), Store: store, Signer: signer, Unsigned: c.unsigned(), Late: c.Recordings.late(), Least: c.Recordings.least(), Erased: contacts.ErasedIn, Log: log, Metrics: figures,
	}, index)
	if err != nil {
		return nil, err
	}
	notary, err := recordings.NewNotary(recordings.NotaryConfig{
		Store: store, Notes: partNotes{casework.NewAudit(db)}, Audit: sealedNotes{casework.NewAudit(db)}, Erased: contacts.ErasedIn, Log: log, Metrics: figures,
		Signer: func(ctx context.Context) *recordings.Signer { return c.signer(ctx, index, log) }, Unsigned: c.unsigned(),
	}, index)
	if err != nil {
		return nil, err
	}
	how, err := c.settings(ctx, db)
	if err != nil {
		return nil, err
	}
	rules := func(ctx context.Context) (recordings.Rules, bool, error) {
		v, err := how.Current(ctx)
		return c.Recordings.rules(v.Doc), v.Doc.Retention.Automatic, err
	}
	purge := func(ctx context.Context) error {
		return recordings.NewPurger(index, keep{contacts}).Run(ctx, rules, log)
	}
	return func(ctx context.Context) error { return together(ctx, intake.Run, notary.Run, purge) }, nil
}

// checkErased looks for what was erased by nobody, and for what was erased and may be read still.
func (c Config) checkErased(ctx context.Context, db *storage.DB, index *recordings.Index) error {
	keys, err := c.callerKeys()
	if err != nil {
		return err
	}
	contacts, err := c.retention(ctx, db, keys)
	if err != nil {
		return err
	}
	emptied, err := index.Emptied(ctx, contacts.ErasedIn)
	if err != nil {
		return err
	}
	if len(emptied) > 0 {
		return fmt.Errorf("the keys of %d parts were emptied, and nobody erased them (%s is one): restore the table recording_keys from a backup", len(emptied), emptied[0])
	}
	left, err := index.Unburied(ctx, time.Now())
	if err == nil && left > 0 {
		err = fmt.Errorf("the files of %d erased parts of format 1 could not be shown to be gone: the site's key opens them where they lie (docs/operations.md, Recordings)", left)
	}
	return err
}

// checkRecordings looks at the store, at the keys, and for parts that nothing could open.
func (c Config) checkRecordings(ctx context.Context) (string, error) {
	if _, err := os.Stat(c.path("secrets", recordings.RecipientFile)); errors.Is(err, fs.ErrNotExist) {
		return "none yet: `hotline up` makes the keys", nil
	}
	store, err := c.vault()
	if err != nil {
		return "", err
	}
	waiting, err := recordings.CheckSpool(c.spool(), c.Recordings.late(), c.Recordings.least())
	if err := errors.Join(store.Ready(ctx), err); err != nil {
		return "", err
	}
	to, err := c.recipients()
	if err != nil {
		return "", err
	}
	if _, err := recordings.LoadSigner(c.path("secrets", recordings.SignFile)); err != nil {
		return "", err
	}
	db, err := c.database(ctx)
	if err != nil {
		return "", err
	}
	defer db.Close()
	index, err := recordings.NewIndex(ctx, db)
	if err != nil {
		return "", err
	}
	lost, err := index.Keyless(ctx)
	if err == nil && lost > 0 {
		err = fmt.Errorf("%d parts have lost their key, and nobody erased them: restore the table recording_keys from a backup", lost)
	}
	if err == nil {
		err = c.checkErased(ctx, db, index)
	}
	where := c.store()
	if c.Recordings.S3.Endpoint != "" {
		where = "bucket " + c.Recordings.S3.Bucket
	}
	return fmt.Sprintf("%s is ready, %d finished parts wait for it; sealed by %s for %d keys", where, waiting, to[0].Suite().Name(), len(to)), err
}
