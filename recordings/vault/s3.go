package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config says where a bucket is. The zero value of a field means its default.
type S3Config struct {
	Endpoint string // URL of the server, "https://host" or "http://host:port"
	Bucket   string // must exist; with Lock it was made with object lock
	Region   string // default "us-east-1"
	Prefix   string // of every name in the bucket, such as "site-1"; no slash at its end
	// Key and Secret sign the requests.
	Key, Secret string
	// Lock is for how long the server refuses to destroy what was put, by anybody (object lock in compliance mode): a recording is made unreadable by
	// destroying its key, not its bytes. 0: no lock.
	Lock time.Duration
	// Stall is how long a request may go without a byte moving; default 20 s.
	Stall time.Duration
	// PartSize is from which size on a file is put in parts, at least 5 MiB; default 16 MiB.
	PartSize uint64
	// Transport carries the requests; default: one of its own with deadlines.
	Transport http.RoundTripper
}

func (c S3Config) withDefaults() S3Config {
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	if c.Stall == 0 {
		c.Stall = 20 * time.Second
	}
	if c.PartSize == 0 {
		c.PartSize = 16 << 20
	}
	return c
}

// Validate says what is wrong.
func (c S3Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if u, err := url.Parse(c.Endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" && u.Path != "/" {
		errs = append(errs, errors.New("vault: endpoint: give it as https://host or http://host:port, without a path"))
	}
	if c.Bucket == "" {
		errs = append(errs, errors.New("vault: a bucket is needed"))
	}
	if c.Prefix != "" {
		if err := valid(c.Prefix); err != nil {
			errs = append(errs, fmt.Errorf("vault: prefix: %w", err))
		}
	}
	if c.Key == "" || c.Secret == "" {
		errs = append(errs, errors.New("vault: the access key and its secret are needed"))
	}
	if c.Lock < 0 || c.Stall < 0 || c.PartSize < 5<<20 {
		errs = append(errs, errors.New("vault: lock and stall must not be negative, the part size not below 5 MiB"))
	}
	return errors.Join(errs...)
}

// S3 is a vault in a bucket.
type S3 struct {
	cfg    S3Config
	client *minio.Client
	own    *http.Transport // nil: the caller's
}

var _ Vault = (*S3)(nil)

// attempts is how often a request is made: who puts tries again by itself, later, and who listens does not wait for ten.
const attempts = 3

// NewS3 does not speak to the server yet: one that is away is met by each call.
func NewS3(cfg S3Config) (*S3, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	u, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	v := &S3{cfg: cfg}
	if cfg.Transport == nil {
		if v.own, err = minio.DefaultTransport(u.Scheme == "https"); err != nil {
			return nil, fmt.Errorf("vault: %w", err)
		}
		v.own.ResponseHeaderTimeout = cfg.Stall
		v.own.DialContext = stallDialer(cfg.Stall)
		cfg.Transport = v.own
	}
	v.client, err = minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(cfg.Key, cfg.Secret, ""), Secure: u.Scheme == "https", Transport: cfg.Transport, Region: cfg.Region,
		BucketLookup: minio.BucketLookupPath, MaxRetries: attempts,
	})
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return v, nil
}

// Close lets go of idle connections.
func (v *S3) Close() {
	if v.own != nil {
		v.own.CloseIdleConnections()
	}
}

func (v *S3) key(name string) string {
	if v.cfg.Prefix == "" {
		return name
	}
	return v.cfg.Prefix + "/" + name
}

func (v *S3) name(key string) string {
	if v.cfg.Prefix == "" {
		return key
	}
	return key[min(len(v.cfg.Prefix)+1, len(key)):]
}

// Put puts a file, a large one in parts: the server shows it when the last one is there.
func (v *S3) Put(ctx context.Context, name string, r io.ReaderAt, size int64) error {
	if err := valid(name); err != nil {
		return err
	}
	opts := minio.PutObjectOptions{ContentType: "application/octet-stream", PartSize: v.cfg.PartSize, SendContentMd5: true}
	if v.cfg.Lock > 0 {
		opts.Mode, opts.RetainUntilDate = minio.Compliance, time.Now().Add(v.cfg.Lock).UTC().Truncate(time.Second)
	}
	info, err := v.client.PutObject(ctx, v.cfg.Bucket, v.key(name), io.NewSectionReader(r, 0, size), size, opts)
	if err == nil && info.Size != size {
		err = fmt.Errorf("the store took %d bytes of %d", info.Size, size)
	}
	return wrap("put", name, err)
}

// Stat tells what there is.
func (v *S3) Stat(ctx context.Context, name string) (Info, error) {
	o, err := v.stat(ctx, name)
	return Info{name, o.Size, o.LastModified}, err
}

func (v *S3) stat(ctx context.Context, name string) (minio.ObjectInfo, error) {
	if err := valid(name); err != nil {
		return minio.ObjectInfo{}, err
	}
	o, err := v.client.StatObject(ctx, v.cfg.Bucket, v.key(name), minio.StatObjectOptions{})
	return o, wrap("stat", name, gone(err))
}

// Delete takes a file out.
func (v *S3) Delete(ctx context.Context, name string) error {
	if err := valid(name); err != nil {
		return err
	}
	err := gone(v.client.RemoveObject(ctx, v.cfg.Bucket, v.key(name), minio.RemoveObjectOptions{}))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return wrap("delete", name, err)
}

// Left tells whether a version of a file is still there, under a lock or only kept by the bucket.
func (v *S3) Left(ctx context.Context, name string) (bool, error) {
	if err := valid(name); err != nil {
		return false, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for o := range v.client.ListObjectsIter(ctx, v.cfg.Bucket, minio.ListObjectsOptions{Prefix: v.key(name), Recursive: true, WithVersions: true}) {
		if o.Err != nil {
			return false, wrap("ask for versions of", name, o.Err)
		}
		if o.Key == v.key(name) && !o.IsDeleteMarker {
			return true, nil
		}
	}
	return false, wrap("ask for versions of", name, ctx.Err())
}

// List asks page by page.
func (v *S3) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		for o := range v.client.ListObjectsIter(ctx, v.cfg.Bucket, minio.ListObjectsOptions{Prefix: v.key(prefix), Recursive: true}) {
			if o.Err != nil {
				yield(Info{}, wrap("list", prefix, o.Err))
				return
			}
			if !yield(Info{v.name(o.Key), o.Size, o.LastModified}, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Info{}, wrap("list", prefix, err))
		}
	}
}

// Sweep ends uploads in parts that nobody goes on with.
func (v *S3) Sweep(ctx context.Context, before time.Time) (n int, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // ends the lister when we end early
	core := minio.Core{Client: v.client}
	for u := range v.client.ListIncompleteUploads(ctx, v.cfg.Bucket, v.key(""), true) {
		if u.Err != nil {
			return n, wrap("sweep", v.cfg.Bucket, u.Err)
		}
		if !u.Initiated.Before(before) {
			continue
		}
		if err := gone(core.AbortMultipartUpload(ctx, v.cfg.Bucket, u.Key, u.UploadID)); err != nil && !errors.Is(err, ErrNotFound) {
			return n, wrap("sweep", v.cfg.Bucket, err)
		}
		n++
	}
	return n, nil
}

// Ready asks for the bucket, and for its lock when files are to be locked.
func (v *S3) Ready(ctx context.Context) error {
	there, err := v.client.BucketExists(ctx, v.cfg.Bucket)
	if err == nil && !there {
		err = errors.New("there is no such bucket: make it")
	}
	if err == nil && v.cfg.Lock > 0 {
		var state string
		state, _, _, _, err = v.client.GetObjectLockConfig(ctx, v.cfg.Bucket)
		if err == nil && state != "Enabled" {
			err = errors.New("it was not made with object lock")
		}
	}
	return wrap("ask for bucket", v.cfg.Bucket, err)
}

// gone is ErrNotFound for what the server says of a missing object.
func gone(err error) error {
	switch minio.ToErrorResponse(err).Code {
	case minio.NoSuchKey, minio.NoSuchVersion, minio.NoSuchUpload, "NotFound":
		return ErrNotFound
	case "MethodNotAllowed": // a delete marker is the newest version (S3 API, HeadObject)
		return ErrNotFound
	}
	return err
}
