// Command board measures the supervisor's board: 500 people, 200 callers who wait and 150 talks, made by script in the queue of a real console, shown
// by a real browser over the real websocket, while 20 changes a second arrive. It ends with one line of JSON. With -screens it keeps pictures.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"hotline/test/browser"
	"hotline/test/stage"
)

const (
	people  = 500
	waiting = 200
	talks   = 150
	rate    = 20 // changes a second
	samples = 15 // of how long a change takes to the screen

	longTaskMost = 50 * time.Millisecond // 95 of 100 tasks of the page's thread that Chromium calls long
	shownMost    = time.Second
)

func main() {
	span := flag.Duration("for", 20*time.Second, "how long the board is watched")
	screens := flag.String("screens", "", "a folder for pictures")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := measure(ctx, *span, *screens)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// figures are the last line.
type figures struct {
	Bench     string  `json:"bench"`
	LongP95   float64 `json:"long_task_p95_ms"` // of tasks of 50 ms and more; 0: there was none
	Long      int     `json:"long_tasks"`
	GapP95    float64 `json:"frame_gap_p95_ms"`
	ShownP95  float64 `json:"shown_p95_ms"` // from the change in the queue to the row on the screen
	ScrollP95 float64 `json:"scroll_gap_p95_ms"`
	Changes   int     `json:"changes"`
	Rows      int     `json:"rows_in_page"`
}

func measure(ctx context.Context, span time.Duration, screens string) (err error) {
	dir, err := os.MkdirTemp("", "hotline-board-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary, err := stage.Build(ctx, dir)
	if err != nil {
		return err
	}
	house, err := stage.Open(binary, filepath.Join(dir, "house"))
	if err != nil {
		return err
	}
	if err := house.Start(ctx); err != nil {
		return err
	}
	f, err := newFloor(ctx, house)
	if err != nil {
		return errors.Join(err, house.Stop())
	}
	defer func() { err = errors.Join(err, f.close(), house.Stop()) }()
	if err := f.fill(ctx); err != nil {
		return err
	}
	b, err := browser.Launch(ctx, browser.Config{Dir: filepath.Join(dir, "chromium"), Hz: 1000, Log: filepath.Join(dir, "chromium.log")})
	if err != nil {
		return err
	}
	defer b.Close()
	boss := house.Demo.Users[slices.IndexFunc(house.Demo.Users, func(u stage.User) bool { return u.Role == "supervisor" })]
	desk, err := b.SignIn(house.Demo.Console+"#board", boss.Name, boss.Password)
	if err != nil {
		return err
	}
	if err := desk.AwaitAttribute(20*time.Second, "board-agents", "data-count", fmt.Sprint(people+1)); err != nil {
		return err
	}
	if screens != "" {
		return pictures(ctx, f, b, desk, screens)
	}
	out, err := watch(ctx, f, desk, span)
	if err != nil {
		return err
	}
	line, err := json.Marshal(out)
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	if out.LongP95 > float64(longTaskMost.Milliseconds()) || out.ShownP95 > float64(shownMost.Milliseconds()) {
		return errors.New("the board is too slow")
	}
	return nil
}

// watching notes long tasks and gaps between frames.
const watching = `(() => {
	const w = window.watched = { long: [], gaps: [], last: performance.now(), on: true };
	new PerformanceObserver((list) => { for (const e of list.getEntries()) w.long.push(e.duration); }).observe({ type: 'longtask' });
	const frame = (now) => { w.gaps.push(now - w.last); w.last = now; if (w.on) requestAnimationFrame(frame); };
	requestAnimationFrame((now) => { w.last = now; requestAnimationFrame(frame); });
	return true;
})()`

type watched struct {
	Long, Gaps []float64
	Rows       int
}

const taken = `(() => {
	const w = window.watched;
	const out = { Long: w.long, Gaps: w.gaps, Rows: document.querySelectorAll('[data-index]').length };
	w.long = []; w.gaps = [];
	return out;
})()`

func watch(ctx context.Context, f *floor, desk *browser.Desk, span time.Duration) (out figures, err error) {
	out.Bench = "board"
	if _, err := browser.Eval[bool](desk.Page, watching); err != nil {
		return out, err
	}
	during, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	changes := make(chan int, 1)
	failed := make(chan error, 1)
	go func() {
		n, err := f.change(during)
		changes <- n
		failed <- err
	}()
	<-during.Done()
	out.Changes = <-changes
	if err := errors.Join(<-failed, ctx.Err()); err != nil {
		return out, err
	}
	w, err := browser.Eval[watched](desk.Page, taken)
	if err != nil {
		return out, err
	}
	out.Long, out.LongP95, out.GapP95, out.Rows = len(w.Long), percentile(w.Long), percentile(w.Gaps), w.Rows
	if out.ScrollP95, err = scrolled(ctx, f, desk); err != nil {
		return out, err
	}
	var shown []float64
	for range samples {
		before, err := desk.Attribute("board-waiting", "data-count") // a change may have been cut off between its coming and its going
		if err != nil {
			return out, err
		}
		n, err := strconv.Atoi(before)
		if err != nil {
			return out, err
		}
		began := time.Now()
		if err := f.arrive(ctx); err != nil {
			return out, err
		}
		if err := desk.AwaitAttribute(5*time.Second, "board-waiting", "data-count", strconv.Itoa(n+1)); err != nil {
			return out, err
		}
		shown = append(shown, float64(time.Since(began).Milliseconds()))
	}
	out.ShownP95 = percentile(shown)
	return out, nil
}

// scrolled is the gap between frames while somebody scrolls through five hundred people and changes go on.
func scrolled(ctx context.Context, f *floor, desk *browser.Desk) (float64, error) {
	during, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { _, err := f.change(during); done <- err }()
	_, err := browser.Eval[bool](desk.Page, `(() => {
		const list = document.querySelector('[data-testid="board-agents"] [role="list"]');
		let n = 0;
		const step = () => { list.scrollTop += 40; if (++n < 200) requestAnimationFrame(step); };
		requestAnimationFrame(step);
		return true;
	})()`)
	if err := errors.Join(err, <-done); err != nil {
		return 0, err
	}
	w, err := browser.Eval[watched](desk.Page, taken)
	return percentile(w.Gaps), err
}

func percentile(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return float64(int(all[len(all)*95/100]*10)) / 10
}
