package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"hotline/telephony/phone"
)

// answerCommand is a caller's telephone at home, so that one person alone can try a callback.
func answerCommand(f *flags) *cobra.Command {
	var number, play string
	var tone float64
	var after time.Duration
	cmd := &cobra.Command{
		Use: "answer", Short: "Be a telephone that the demo calls back, and say what is heard", Args: cobra.NoArgs,
		Long: "Waits to be called by the hotline that runs on this machine in demo mode: callbacks ring here.\nOnly the given number rings; any other is unknown. Ctrl-C hangs up and ends.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			src, err := source(play, tone)
			if err != nil {
				return err
			}
			return answerCalls(cmd.Context(), cmd.OutOrStdout(), c.port(portTelephone), number, after, src)
		},
	}
	cmd.Flags().StringVar(&number, "number", "13800000000", "the number of this telephone, as it is dialled")
	cmd.Flags().StringVar(&play, "play", "", "wav file that is said")
	cmd.Flags().Float64Var(&tone, "tone", 0, "tone in Hz that is sent instead of a file")
	cmd.Flags().DurationVar(&after, "after", 2*time.Second, "how long it rings before it is answered")
	return cmd
}

func answerCalls(ctx context.Context, out io.Writer, addr, number string, after time.Duration, src phone.Source) error {
	p, err := phone.Answer(ctx, phone.Config{}, addr, func(in *phone.Incoming) {
		if in.Number != number {
			_ = in.Reject(404, "Not Found")
			return
		}
		fmt.Fprintf(out, "it rings: %s calls …\n", in.From)
		select {
		case <-time.After(after):
		case <-in.Canceled():
			fmt.Fprintln(out, "the other side gave up")
			return
		}
		c, err := in.Accept()
		if err != nil {
			fmt.Fprintln(out, "not answered:", err)
			return
		}
		fmt.Fprintln(out, "answered; Ctrl-C hangs up")
		if src != nil {
			c.Play(src)
		}
		go func() {
			meter(ctx, out, c)
			fmt.Fprintln(out, "the call is over")
		}()
	})
	if err != nil {
		return fmt.Errorf("%w (is another `hotline answer` running?)", err)
	}
	fmt.Fprintf(out, "waiting for calls to %s; Ctrl-C ends\n", number)
	<-ctx.Done()
	p.Close()
	return nil
}
