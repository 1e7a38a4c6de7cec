package recordings

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"hotline/audio"
)

// suiteDesk is a desk of a site with keys of a suite.
func suiteDesk(t testing.TB, suite Suite) *desk {
	t.Helper()
	d := sqliteDesk(t)
	key, err := suite.Generate()
	if err != nil {
		t.Fatal(err)
	}
	d.key, d.rec.cfg.Suite, d.rec.cfg.Recipients = key, suite, []PublicKey{key.Public()}
	return d
}

// spooled is the finished file of a part that waits in the spool.
func (d *desk) spooled(t testing.TB, id string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(d.spool, id+suffixSealed))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (d *desk) spooledKey(t testing.TB, id string) PartKey {
	t.Helper()
	k, err := readPartKey(d.spool, id)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A whole recording with SM2 and SM4, and what is done with keys.
func TestRecordingOfEachSuite(t *testing.T) {
	for _, suite := range []Suite{AgeSuite{}, SMSuite{}} {
		t.Run(suite.Name(), func(t *testing.T) {
			d := suiteDesk(t, suite)
			x := d.sealed(t, "a", 11*Rate)
			if x.m.Suite != suite.Name() || len(x.m.Segments) != 2 {
				t.Errorf("%+v", x.m)
			}
			left, right := wav(t, d.open(t, "a"))
			wantTone(t, left, 1000, 440)
			wantTone(t, right, 440, 1000)
			if r := x.examine(t, d.key); !r.OK() || !r.Opened {
				t.Errorf("%+v", r)
			}
		})
	}
}

// Each holder opens the part, also one who was added later; nobody else does, and a key that was altered or exchanged says so.
func TestPartKey(t *testing.T) {
	var keys []SecretKey
	for _, s := range []Suite{AgeSuite{}, SMSuite{}, AgeSuite{}, SMSuite{}} {
		k, err := s.Generate()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	site, escrow, later, stranger := keys[0], keys[1], keys[2], keys[3]
	public, k, err := newPartKey("01PART", Meta{Call: "01CALL"}, SMSuite{}, []PublicKey{site.Public(), escrow.Public(), site.Public()})
	if err != nil || len(k.For) != 2 {
		t.Fatal(len(k.For), err)
	}
	b, err := k.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if k, err = DecodePartKey(b); err != nil {
		t.Fatal(err)
	}
	wider, err := k.Rewrap([]SecretKey{site}, later.Public())
	if err != nil || len(wider.For) != 3 || len(k.For) != 2 {
		t.Fatal(len(wider.For), err)
	}
	for name, c := range map[string]struct {
		key    PartKey
		holder SecretKey
		opens  bool
	}{
		"the site": {k, site, true}, "the escrow": {k, escrow, true}, "later": {wider, later, true}, "the site still": {wider, site, true},
		"not before": {k, later, false}, "a stranger": {wider, stranger, false},
	} {
		secret, err := c.key.Open(stranger, c.holder)
		if c.opens != (err == nil) || c.opens && secret.Public().String() != public.String() {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, other, err := newPartKey("01OTHER", Meta{Call: "01CALL"}, SMSuite{}, []PublicKey{site.Public()})
	if err != nil {
		t.Fatal(err)
	}
	exchanged := k
	exchanged.For = other.For
	if _, err := exchanged.Open(site); err == nil {
		t.Error("the key of another part")
	}
	exchanged = other
	exchanged.Part = k.Part
	if _, err := exchanged.Open(site); err == nil {
		t.Error("the key of another part under this one's name")
	}
	k.For[0].Sealed[40] ^= 1
	if _, err := k.Open(site); err == nil {
		t.Error("an altered key")
	}
}

// The secret half of a part's key is nowhere but wrapped: not in the file, not beside it.
func TestKeyIsNotInTheFile(t *testing.T) {
	d := sqliteDesk(t)
	take := d.start(t, "a")
	take.Write(Left, 0, tone(1000, audio.FrameSamples))
	closeTake(t, take)
	k := d.spooledKey(t, "a")
	secret, err := k.Open(d.key)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(d.spool)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%v, %v", entries, err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(d.spool, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range [][]byte{[]byte(secret.Text()), k.For[0].Sealed} {
			if e.Name() != "a.key" && bytes.Contains(b, part) || bytes.Contains(b, []byte(secret.Text())) {
				t.Errorf("%s holds the key", e.Name())
			}
		}
	}
}
