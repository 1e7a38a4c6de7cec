package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hotline/audio"
	"hotline/telephony/phone"
)

// callCommand places a real SIP call from the terminal, so that one person alone can try the whole thing.
func callCommand(f *flags) *cobra.Command {
	var play, record, from, keys, on string
	var tone float64
	var limit time.Duration
	cmd := &cobra.Command{
		Use: "call NUMBER", Short: "Place a real SIP call to a line, and say what is heard", Args: cobra.ExactArgs(1),
		Long: "Places a SIP call to the hotline that runs on this machine.\nWithout --play or --tone the caller is silent. Ctrl-C hangs up.",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			src, err := source(play, tone)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			if limit > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, limit)
				defer cancel()
			}
			n, err := which("node", on, c.Nodes)
			if err != nil {
				return fmt.Errorf("--node: %w", err)
			}
			return place(ctx, cmd.OutOrStdout(), phone.Config{Server: c.open(node(n).sip()), From: from}, args[0], src, keys, record)
		},
	}
	cmd.Flags().StringVar(&play, "play", "", "wav file that the caller says")
	cmd.Flags().Float64Var(&tone, "tone", 0, "tone in Hz that the caller sends instead of a file")
	cmd.Flags().StringVar(&record, "record", "", "write what the caller hears to this wav file (it is plain speech: delete it)")
	cmd.Flags().StringVar(&from, "from", "anonymous", "the caller's number")
	cmd.Flags().StringVar(&on, "node", "node-1", "the Asterisk to call")
	cmd.Flags().StringVar(&keys, "keys", "", "keys to press once connected, such as 0")
	cmd.Flags().DurationVar(&limit, "limit", 0, "hang up after this long")
	return cmd
}

func source(play string, tone float64) (phone.Source, error) {
	switch {
	case play != "" && tone != 0:
		return nil, errors.New("choose one of --play and --tone")
	case play != "":
		pcm, err := audio.LoadSpeech(play)
		if err != nil {
			return nil, err
		}
		return phone.Clip(pcm), nil
	case tone != 0:
		return phone.Tone(tone), nil
	}
	return nil, nil
}

func place(ctx context.Context, out io.Writer, cfg phone.Config, number string, src phone.Source, keys, record string) error {
	fmt.Fprintf(out, "calling %s …\n", number)
	began := time.Now()
	c, err := phone.Dial(ctx, cfg, number)
	var rejected *phone.Rejected
	if errors.As(err, &rejected) {
		return fmt.Errorf("the call was refused: %d %s", rejected.Status, rejected.Reason)
	}
	if err != nil {
		return fmt.Errorf("%w (is `hotline up` running?)", err)
	}
	fmt.Fprintf(out, "answered after %s; Ctrl-C hangs up\n", time.Since(began).Round(time.Millisecond))
	if src != nil {
		c.Play(src)
	}
	if keys != "" {
		if err := c.SendDTMF(keys); err != nil {
			return err
		}
	}
	meter(ctx, out, c)
	if record != "" {
		if err := save(record, c); err != nil {
			return err
		}
	}
	byUs, cause := c.Ended()
	if byUs || ctx.Err() != nil {
		fmt.Fprintln(out, "hung up")
	} else {
		fmt.Fprintln(out, "the other side ended the call:", cause)
	}
	return nil
}

// meter shows how loud the line is until the call ends.
func meter(ctx context.Context, out io.Writer, c *phone.Call) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-c.Done():
			return
		case <-ctx.Done():
			bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
			defer cancel()
			if err := c.Hangup(bye); err != nil {
				fmt.Fprintln(out, "hang-up:", err)
			}
			return
		case now := <-t.C:
			level := audio.Level(audio.Speech(c.Heard(), now.Add(-time.Second), now))
			fmt.Fprintf(out, "hearing %-20s\n", strings.Repeat("#", min(20, int(level*60))))
		}
	}
}

func save(file string, c *phone.Call) error {
	heard := c.Heard()
	if len(heard) == 0 {
		return errors.New("nothing was heard, nothing was written")
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	pcm := audio.Speech(heard, heard[0].At, heard[len(heard)-1].At)
	return errors.Join(audio.WriteWAV(f, audio.Clip{Rate: audio.Rate, Channels: [][]int16{pcm}}), f.Close())
}
