package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience bounds one action on a page; what takes longer is a fault of the page.
const patience = 10 * time.Second

// Page is one tab.
type Page struct {
	ctx    context.Context
	cancel context.CancelFunc

	mu  sync.Mutex
	log []string // what the page wrote to its console: warnings, errors and uncaught exceptions
}

// Open opens a tab with a cookie jar of its own, as another person's browser would have, and loads url.
func (b *Browser) Open(url string) (*Page, error) {
	return open(b.ctx, url, chromedp.WithNewBrowserContext())
}

// Beside opens another tab of the same person.
func (p *Page) Beside(url string) (*Page, error) { return open(p.ctx, url) }

func open(parent context.Context, url string, options ...chromedp.ContextOption) (*Page, error) {
	ctx, cancel := chromedp.NewContext(parent, options...)
	p := &Page{ctx: ctx, cancel: cancel}
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		return nil, fmt.Errorf("page: open: %w", err)
	}
	go p.follow(chromedp.Console(ctx))
	script := page.AddScriptToEvaluateOnNewDocumentParams{Source: ears}
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, script); err != nil {
		p.Close()
		return nil, fmt.Errorf("page: give it ears: %w", err)
	}
	if err := p.do(chromedp.Navigate(url)); err != nil {
		p.Close()
		return nil, fmt.Errorf("page: load: %w", err)
	}
	return p, nil
}

func (p *Page) follow(messages func(func(chromedp.ConsoleMessage, error) bool)) {
	for m, err := range messages {
		if err != nil {
			return
		}
		if m.IsException() || m.Type == "warning" || m.Type == "error" {
			p.mu.Lock()
			p.log = append(p.log, m.String())
			p.mu.Unlock()
		}
	}
}

// Complaints is what the page wrote to its console: warnings, errors, uncaught exceptions.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.log...)
}

// Close closes the tab as a person does.
func (p *Page) Close() { p.cancel() }

// Reload refreshes the page and returns when it is loaded.
func (p *Page) Reload() error {
	if err := p.do(chromedp.Reload()); err != nil {
		return fmt.Errorf("page: reload: %w", err)
	}
	return nil
}

// Load goes to another address in the same tab.
func (p *Page) Load(url string) error {
	if err := p.do(chromedp.Navigate(url)); err != nil {
		return fmt.Errorf("page: load: %w", err)
	}
	return nil
}

func (p *Page) do(actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}

// hook is the selector of a stable test hook.
func hook(id string) string { return `[data-testid="` + id + `"]` }

// Click clicks the hook with a real mouse event as soon as it can be clicked.
func (p *Page) Click(id string) error {
	if err := p.do(chromedp.Click(hook(id), chromedp.NodeVisible, chromedp.NodeEnabled)); err != nil {
		return fmt.Errorf("page: click %s: %w", id, err)
	}
	return nil
}

// Turn opens a page of the console by its word in the top bar, or behind the word for further pages.
func (p *Page) Turn(name string) error {
	const bar = "pages-more"
	barred, err := Eval[bool](p, `document.querySelector('`+hook("page-"+name)+`') === null && document.querySelector('`+hook(bar)+`') !== null`)
	if err != nil {
		return err
	}
	if barred {
		// What still moves is not where the mouse would meet it.
		still := `document.querySelector('` + hook("page-"+name) + `')?.closest('.n-dropdown-menu').getAnimations({ subtree: true }).length === 0`
		if err := errors.Join(p.Click(bar), p.Await(patience, still)); err != nil {
			return err
		}
	}
	return p.Click("page-" + name)
}

// AwaitPage waits until something waits on a page behind the word for further pages.
func (p *Page) AwaitPage(within time.Duration, name string) error {
	return p.Await(within, `(document.querySelector('`+hook("pages-more")+`')?.dataset.waiting ?? '').split(' ').includes("`+name+`")`)
}

// Type types into the hook.
func (p *Page) Type(id, text string) error {
	if err := p.do(chromedp.SendKeys(hook(id), text, chromedp.NodeVisible)); err != nil {
		return fmt.Errorf("page: type into %s: %w", id, err)
	}
	return nil
}

// asKeyboards sends a key's first event as a keyboard does. With the driver's own kind the browser follows a key that the page took
// (preventDefault) with its character all the same, so one Enter would press two buttons.
func asKeyboards(k *input.DispatchKeyEventParams) {
	if k.Type == input.DispatchKeyEventTypeKeyDown {
		k.Type = input.DispatchKeyEventTypeRawKeyDown
	}
}

// AwaitFocus waits until the hook has the focus.
func (p *Page) AwaitFocus(within time.Duration, id string) error {
	return p.Await(within, `document.activeElement?.dataset.testid === `+quote(id))
}

// Press presses one key on the page.
func (p *Page) Press(key string) error {
	if err := p.do(chromedp.KeyEvent(key, asKeyboards)); err != nil {
		return fmt.Errorf("page: press: %w", err)
	}
	return nil
}

// Chord presses a key while others are held down.
func (p *Page) Chord(key string, held ...chromedp.Modifier) error {
	if err := p.do(chromedp.KeyEvent(key, asKeyboards, chromedp.KeyModifiers(held...))); err != nil {
		return fmt.Errorf("page: chord: %w", err)
	}
	return nil
}

// Eval gives the value of a JavaScript expression; a promise is awaited.
func Eval[T any](p *Page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		return v, fmt.Errorf("page: evaluate: %w", err)
	}
	return v, nil
}

// Text is what the hook shows; empty when it is not there.
func (p *Page) Text(id string) (string, error) {
	return Eval[string](p, `(document.querySelector(`+quote(hook(id))+`)?.innerText ?? "").trim()`)
}

// Attribute of the hook; empty when the hook or the attribute is not there.
func (p *Page) Attribute(id, name string) (string, error) {
	return Eval[string](p, `document.querySelector(`+quote(hook(id))+`)?.getAttribute(`+quote(name)+`) ?? ""`)
}

// Shown reports whether the hook is there and can be seen.
func (p *Page) Shown(id string) (bool, error) {
	return Eval[bool](p, `(document.querySelector(`+quote(hook(id))+`)?.getClientRects().length ?? 0) > 0`)
}

// Await waits until a JavaScript expression is true; the page is asked at every frame it draws. An expression that throws is not true yet.
func (p *Page) Await(within time.Duration, expression string) error {
	ctx, cancel := context.WithTimeout(p.ctx, within+time.Second)
	defer cancel()
	guarded := `(() => { try { return Boolean(` + expression + `) } catch { return false } })()`
	poll := chromedp.Poll[bool](guarded, chromedp.WithPollingTimeout(within), chromedp.WithPollingInterval(20*time.Millisecond))
	if _, err := chromedp.Run(ctx, poll); err != nil {
		return fmt.Errorf("page: %s did not become true in %v: %w", expression, within, err)
	}
	return nil
}

// AwaitShown waits until the hook can be seen.
func (p *Page) AwaitShown(within time.Duration, id string) error {
	return p.Await(within, `document.querySelector(`+quote(hook(id))+`).getClientRects().length > 0`)
}

// AwaitGone waits until the hook cannot be seen.
func (p *Page) AwaitGone(within time.Duration, id string) error {
	return p.Await(within, `!(document.querySelector(`+quote(hook(id))+`)?.getClientRects().length > 0)`)
}

// AwaitAttribute waits until the hook's attribute has the value.
func (p *Page) AwaitAttribute(within time.Duration, id, name, value string) error {
	return p.Await(within, `document.querySelector(`+quote(hook(id))+`).getAttribute(`+quote(name)+`) === `+quote(value))
}

// Heard is how much of the time since then the page brought a tone of hz, 0 to 1.
func (p *Page) Heard(hz float64, since time.Time) (float64, error) {
	return Eval[float64](p, fmt.Sprintf(`window.__ears.share(%g, %d)`, hz, since.UnixMilli()))
}

// AwaitHeard waits until the page brought a tone of hz for all but a tenth of the last half second.
func (p *Page) AwaitHeard(within time.Duration, hz float64) error {
	return p.Await(within, fmt.Sprintf(`window.__ears.share(%g, Date.now() - 500) > 0.9`, hz))
}

// AwaitAmid waits until the page brought all the tones together, each with a twentieth of the power or more, for all but a tenth of the last half second.
func (p *Page) AwaitAmid(within time.Duration, hz ...float64) error {
	return p.Await(within, fmt.Sprintf(`%s.every((hz) => window.__ears.share(hz, Date.now() - 500, 0.05) > 0.9)`, strings.ReplaceAll(fmt.Sprint(hz), " ", ",")))
}

// Level is the root mean square of what the page brought since then, of full scale.
func (p *Page) Level(since time.Time) (float64, error) {
	return Eval[float64](p, fmt.Sprintf(`window.__ears.level(%d)`, since.UnixMilli()))
}

// Resize gives the page a viewport.
func (p *Page) Resize(width, height int64) error {
	if err := p.do(chromedp.EmulateViewport(width, height)); err != nil {
		return fmt.Errorf("page: resize: %w", err)
	}
	return nil
}

// PreferDark tells the page which colours the person's system uses.
func (p *Page) PreferDark(dark bool) error {
	value := "light"
	if dark {
		value = "dark"
	}
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, params); err != nil {
		return fmt.Errorf("page: prefer dark: %w", err)
	}
	return nil
}

// Screenshot is what the person sees, as PNG.
func (p *Page) Screenshot() ([]byte, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return nil, fmt.Errorf("page: screenshot: %w", err)
	}
	return png, nil
}

// Picture is what the person sees, as WebP; quality is from 1 to 100.
func (p *Page) Picture(quality int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	r, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: &quality})
	if err != nil {
		return nil, fmt.Errorf("page: picture: %w", err)
	}
	return r.Data, nil
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic("a string did not become JSON: " + err.Error())
	}
	return string(b)
}
