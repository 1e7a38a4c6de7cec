package recordings

// flushSamples is how much of a part is written between two times that it is brought onto the disk: 5 s. The kernel would do it by itself only after half a
// minute, and when it likes.
const flushSamples = 5 * Rate

// flusher brings what was written of a part onto the disk while the part goes on, so that a power cut takes some seconds of a talk and not all of it. It
// does so beside the writer, one time after the other: a disk that takes long for it keeps no piece waiting. It belongs to the writer's goroutine.
type flusher struct {
	file  sink
	dir   string // of the file; empty when its name is on the disk
	due   int64  // samples, from which on it is to be done again
	under chan error
	good  bool  // one of them went well
	err   error // of any time: what is on the disk is not known any more, whatever a later one says (the kernel tells it once)
}

// wrote hears up to where the part was written.
func (f *flusher) wrote(samples int64) {
	if samples < f.due || !f.idle() {
		return
	}
	f.due = samples + flushSamples
	dir := f.dir
	f.dir = ""
	done := make(chan error, 1)
	f.under = done
	go func() {
		err := f.file.Sync()
		if err == nil && dir != "" {
			err = syncDir(dir)
		}
		done <- err
	}()
}

// idle tells whether the last time is over.
func (f *flusher) idle() bool {
	select {
	case err := <-f.under:
		f.keep(err)
	default:
	}
	return f.under == nil
}

// failed tells whether one of them, that is over, went wrong.
func (f *flusher) failed() bool {
	f.idle()
	return f.err != nil
}

// settle waits until the last time is over, and tells whether all of them went well.
func (f *flusher) settle() error {
	if f.under != nil {
		f.keep(<-f.under)
	}
	return f.err
}

func (f *flusher) keep(err error) {
	f.under = nil
	f.good = f.good || err == nil
	if f.err == nil {
		f.err = err
	}
}
