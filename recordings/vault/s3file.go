package vault

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
)

const (
	blockSize   = 256 << 10 // of one request: half a minute of a recording
	cachedBlock = 8
)

// Open asks for the size; what is read is fetched in blocks of 256 KiB, of which the last few are kept. All are of the one version that Open found.
func (v *S3) Open(ctx context.Context, name string) (File, error) {
	o, err := v.stat(ctx, name)
	if err != nil {
		return nil, err
	}
	// The context is that of who opened it: ReadAt has none of its own.
	fetch := func(off, size int64) ([]byte, error) { return v.fetch(ctx, name, o.ETag, off, size) }
	return &object{name: name, size: o.Size, fetch: fetch}, nil
}

// object is an open file of a bucket.
type object struct {
	name  string
	size  int64
	fetch func(off, size int64) ([]byte, error)

	mu     sync.Mutex
	blocks []block // the newest last
	closed bool
}

type block struct {
	n    int64
	data []byte
}

func (o *object) Size() int64 { return o.size }

func (o *object) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.blocks = true, nil
	return nil
}

// ReadAt reads from the blocks that hold the range.
func (o *object) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("vault: read before the beginning")
	}
	n := 0
	for n < len(b) && off+int64(n) < o.size {
		at := off + int64(n)
		data, err := o.block(at / blockSize)
		if err != nil {
			return n, wrap("read", o.name, err)
		}
		inside := at % blockSize
		if inside >= int64(len(data)) {
			return n, wrap("read", o.name, io.ErrUnexpectedEOF)
		}
		n += copy(b[n:], data[inside:])
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (o *object) block(n int64) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, errors.New("it is closed")
	}
	if i := slices.IndexFunc(o.blocks, func(b block) bool { return b.n == n }); i >= 0 {
		hit := o.blocks[i]
		o.blocks = append(slices.Delete(o.blocks, i, i+1), hit)
		return hit.data, nil
	}
	data, err := o.fetch(n*blockSize, min(blockSize, o.size-n*blockSize))
	if err != nil {
		return nil, err
	}
	if len(o.blocks) == cachedBlock {
		o.blocks = slices.Delete(o.blocks, 0, 1)
	}
	o.blocks = append(o.blocks, block{n, data})
	return data, nil
}

// fetch gets a range of one version of a file.
func (v *S3) fetch(ctx context.Context, name, etag string, off, size int64) ([]byte, error) {
	var opts minio.GetObjectOptions
	if err := errors.Join(opts.SetRange(off, off+size-1), opts.SetMatchETag(etag)); err != nil {
		return nil, err
	}
	body, _, _, err := minio.Core{Client: v.client}.GetObject(ctx, v.cfg.Bucket, v.key(name), opts)
	if err != nil {
		return nil, gone(err)
	}
	data := make([]byte, size)
	_, err = io.ReadFull(body, data)
	return data, errors.Join(err, body.Close())
}

// stallDialer makes connections that give up when no byte moved for that long: a store that hangs must not hold who waits for it.
func stallDialer(stall time.Duration) func(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: stall, KeepAlive: 15 * time.Second}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &stallConn{c, stall}, nil
	}
}

// stallConn sets its deadline anew with every read and write.
type stallConn struct {
	net.Conn
	stall time.Duration
}

func (c *stallConn) Read(b []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.stall)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *stallConn) Write(b []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.stall)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
