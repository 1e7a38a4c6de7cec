package tapes

import (
	"io"
	"time"

	"hotline/casework/exports"
	"hotline/recordings/watermark"
)

const rate = 8000 // samples a second

// Copy is a granted copy, made as it is sent: its stretch of the recording, marked, with who, why and when in the file.
type Copy struct{ *watermark.Copy }

// NewCopy makes the copy of a wish from the open recording. who asked for it and who granted it are the names that the file says.
func NewCopy(e exports.Export, tape Tape, r Recording, who, approver string) (Copy, error) {
	at := func(d time.Duration) int64 { return int64(d) * rate / int64(time.Second) * (secondOf / rate) }
	c, err := watermark.NewCopy(sound{tape}, at(e.From), at(min(e.To, r.Length))-at(e.From), e.Mark, watermark.Info{
		Title: e.Recording, Who: who, When: e.Fetched.UTC().Format(time.RFC3339), Why: e.Reason, Source: e.ID, Approver: approver,
	})
	return Copy{c}, err
}

// sound is what a WAV file holds, without its head.
type sound struct{ io.ReaderAt }

func (s sound) ReadAt(b []byte, off int64) (int, error) { return s.ReaderAt.ReadAt(b, off+wavHeader) }
