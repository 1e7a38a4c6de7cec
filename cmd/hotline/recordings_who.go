package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"hotline/agentui/users"
	"hotline/audio"
	"hotline/casework/exports"
	"hotline/queue"
	"hotline/recordings/watermark"
)

// errNoMark tells a script that nothing was found.
var errNoMark = errors.New("none of the copies that were fetched left its mark in this sound")

// recordingsWhoCommand finds out for whom a copy was made that turned up outside.
func recordingsWhoCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "who FILE.wav", Short: "Say for whom a copy of a recording was made, by the mark in its sound", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.existing()
			if err != nil {
				return err
			}
			sound, err := soundOf(args[0])
			if err != nil {
				return err
			}
			db, err := c.database(cmd.Context())
			if err != nil {
				return err
			}
			defer db.Close()
			keys, err := c.callerKeys()
			if err != nil {
				return err
			}
			store, err := exports.Open(cmd.Context(), db, keys)
			if err != nil {
				return err
			}
			people, err := users.Open(cmd.Context(), db)
			if err != nil {
				return err
			}
			e, score, err := whose(cmd.Context(), store, sound)
			if err != nil {
				return err
			}
			name := func(id string) string {
				u, err := people.ByID(cmd.Context(), queue.AgentID(id))
				if err != nil {
					return id
				}
				return u.Name + " (" + u.Username + ")"
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, row := range [][2]string{
				{"made for", name(e.By)}, {"granted by", name(e.DecidedBy)}, {"fetched", e.Fetched.Local().Format(time.DateTime)}, {"recording", e.Recording},
				{"from, to", e.From.String() + " - " + e.To.String()}, {"reason", e.Reason}, {"wish", e.ID}, {"certainty", fmt.Sprintf("%.0f (from %d on it is certain)", score, watermark.Certain)},
			} {
				fmt.Fprintf(w, "%s\t%s\n", row[0], row[1])
			}
			return w.Flush()
		},
	}
}

// soundOf reads a file for its mark.
func soundOf(name string) (*watermark.Sound, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	clip, err := audio.ReadWAV(file)
	if err != nil {
		return nil, err
	}
	for i, side := range clip.Channels {
		if clip.Rate != watermark.Rate {
			clip.Channels[i] = audio.Resample(side, clip.Rate, watermark.Rate)
		}
	}
	return watermark.Look(clip.Channels), nil
}

// whose finds the copy whose mark is in the sound. The whole of it is looked through first, which is quick; then minute by minute, for what was cut.
func whose(ctx context.Context, store *exports.Store, sound *watermark.Sound) (exports.Export, float64, error) {
	marks, err := store.Marks(ctx)
	if err != nil {
		return exports.Export{}, 0, err
	}
	for _, score := range []func(watermark.Seed) float64{sound.Score, sound.ScorePieces} {
		for _, m := range marks {
			if err := ctx.Err(); err != nil {
				return exports.Export{}, 0, err
			}
			if s := score(m.Mark); s >= watermark.Certain {
				e, err := store.Get(ctx, m.ID)
				return e, s, err
			}
		}
	}
	return exports.Export{}, 0, errNoMark
}
