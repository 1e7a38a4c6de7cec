package recordings

import (
	"fmt"
	"strings"
	"time"
)

// Fault is what is wrong with a stretch of a part's file.
type Fault string

// The faults.
const (
	FaultChanged   Fault = "changed"   // other bytes than were sealed
	FaultMissing   Fault = "missing"   // taken out of the middle
	FaultTruncated Fault = "truncated" // taken off the end
	FaultReordered Fault = "reordered" // whole, but in another place
	FaultStranger  Fault = "stranger"  // was never part of it
	FaultHead      Fault = "head"      // the manifest is not the one whose head was kept
	FaultRow       Fault = "row"       // the index says something else than the file
	FaultGone      Fault = "gone"      // the file or its key is not there
)

// Finding is one fault and where it lies.
type Finding struct {
	Fault    Fault
	Segment  int           // from 0; -1: not of one segment
	From, To time.Duration // on the part's line; equal when no audio is touched
	At       int64         // first byte in the file as it is
	Bytes    int64         // how many; 0 where bytes are missing
	What     string        // in words
}

// String is one line for a person.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(string(f.Fault))
	if f.Segment >= 0 {
		fmt.Fprintf(&b, " segment %d", f.Segment)
	}
	if f.To > f.From {
		fmt.Fprintf(&b, " (%s to %s)", clock(f.From), clock(f.To))
	}
	fmt.Fprintf(&b, " at byte %d", f.At)
	if f.Bytes > 0 {
		fmt.Fprintf(&b, " to %d", f.At+f.Bytes)
	}
	if f.What != "" {
		fmt.Fprintf(&b, ": %s", f.What)
	}
	return b.String()
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%d:%02d:%04.1f", int(d.Hours()), int(d.Minutes())%60, (d % time.Minute).Seconds())
}

// Report is what an examination of a part found.
type Report struct {
	Part     string
	Format   int // 1 or 2
	Suite    string
	Head     string // as computed from the file
	Segments int
	Pieces   int           // of audio
	Length   time.Duration // of the part
	Complete bool          // closed in order by its recorder
	Opened   bool          // with a key: every piece was opened and proved, not only the chain
	Marks    []Mark        // as the file has them; gaps included
	Findings []Finding
}

// OK tells that nothing is wrong.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

func (r *Report) find(f Finding) { r.Findings = append(r.Findings, f) }
