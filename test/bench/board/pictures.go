package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"hotline/queue"
	"hotline/test/browser"
)

// pictures keeps what a supervisor sees, in both languages, by day and by night, on a large and on a small screen.
func pictures(ctx context.Context, f *floor, b *browser.Browser, desk *browser.Desk, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	g := gallery{desk.Page, dir, nil}
	steps := []struct {
		name string
		do   func() error
	}{
		{"board", func() error { return desk.AwaitShown(15*time.Second, "levels") }},
		{"panel", func() error {
			return g.eval(`document.querySelector('[data-testid="board-talking"] [data-main]').click()`, "call-panel")
		}},
		{"waiting", func() error {
			return g.eval(`document.querySelector('[data-testid="board-waiting"] [data-main]').click()`, "call-panel")
		}},
		{"assign", func() error { return desk.Click("panel-assign") }},
		{"help", func() error {
			_, err := f.q.SOS(ctx, "", person(3), "s", talk(3))
			return errors.Join(err, desk.Click("assign-cancel"), desk.Click("call-panel-close"), desk.AwaitShown(5*time.Second, "help-alarm"))
		}},
		{"broadcast", func() error { return desk.Click("broadcast-open") }},
		{"broadcast-sent", func() error {
			return errors.Join(desk.Type("broadcast-text", "今晚 22 点起派出所专线改号，请看电话簿。"), desk.Click("broadcast-send"), desk.AwaitAttribute(5*time.Second, "broadcasts", "data-count", "1"))
		}},
		{"figures", func() error {
			_, err := f.q.EndSOS(ctx, "", person(3), queue.AgentID("u-x"))
			return errors.Join(err, desk.Click("broadcast-read"), desk.Turn("figures"), desk.Await(15*time.Second, `document.querySelector('[data-testid="trends"]')?.dataset.bars > 0`))
		}},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := g.show(s.name); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	if err := errors.Join(desk.Type("display-name", "大厅东侧"), desk.Click("display-for-wall"), desk.Click("display-make"), desk.AwaitShown(5*time.Second, "display-link")); err != nil {
		return err
	}
	link, err := desk.Text("display-link")
	if err != nil {
		return err
	}
	wall, err := b.Open(link)
	if err != nil {
		return err
	}
	defer wall.Close()
	if err := errors.Join(wall.Resize(1920, 1080), wall.AwaitShown(10*time.Second, "wall-waiting")); err != nil {
		return err
	}
	w := gallery{wall, dir, nil}
	if err := w.keep("wall-1920x1080"); err != nil {
		return err
	}
	return errors.Join(wall.Resize(1280, 720), w.keep("wall-1280x720"), errors.Join(g.faults...), errors.Join(w.faults...))
}

type gallery struct {
	page   *browser.Page
	dir    string
	faults []error
}

func (g *gallery) eval(script, shown string) error {
	if _, err := browser.Eval[bool](g.page, script+", true"); err != nil {
		return err
	}
	return g.page.AwaitShown(5*time.Second, shown)
}

func (g *gallery) show(name string) error {
	for _, lang := range []string{"zh", "en"} {
		for _, theme := range []string{"light", "dark"} {
			for _, size := range [][2]int64{{1440, 900}, {1280, 720}} {
				if err := g.page.Resize(size[0], size[1]); err != nil {
					return err
				}
				if err := g.keep(fmt.Sprintf("%s-%s-%s-%dx%d", name, lang, theme, size[0], size[1])); err != nil {
					return err
				}
			}
			if err := g.page.Click("theme-switch"); err != nil {
				return err
			}
		}
		if err := g.page.Click("locale-switch"); err != nil {
			return err
		}
	}
	return nil
}

func (g *gallery) keep(name string) error {
	wide, err := browser.Eval[int](g.page, `new Promise((done) => setTimeout(() => requestAnimationFrame(() => {
		const d = document.documentElement;
		done(d.scrollWidth - d.clientWidth);
	}), 150))`)
	if err != nil {
		return err
	}
	if wide > 0 {
		g.faults = append(g.faults, fmt.Errorf("%s sticks out sideways by %d px", name, wide))
	}
	png, err := g.page.Screenshot()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(g.dir, name+".png"), png, 0o600)
}
