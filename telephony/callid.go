package telephony

import (
	"crypto/sha256"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"hotline/telephony/call"
)

// CallID is the id of the call that comes on a channel of Asterisk: the same whoever asks, so that a caller who left between the claim and the first
// tag, of whom the dialplan leaves a note as well, is one row in the ledger and not two. Its time is that of the channel's id ("node-1-1764108532.12",
// whole seconds); the rest is a hash.
func CallID(channel string) call.ID {
	stamp := channel[strings.LastIndexByte(channel, '-')+1:]
	stamp, _, _ = strings.Cut(stamp, ".")
	began, err := strconv.ParseInt(stamp, 10, 40)
	if err != nil || began < 0 {
		began = 0 // an id of another making: only the hash tells
	}
	sum := sha256.Sum256([]byte("call\x00" + channel))
	var id ulid.ULID
	_ = id.SetTime(ulid.Timestamp(time.Unix(began, 0))) // 40 bits of seconds fit into a ULID's 48 of milliseconds up to the year 10889
	_ = id.SetEntropy(sum[:10])                         // fails for other lengths only
	return call.ID(id.String())
}
