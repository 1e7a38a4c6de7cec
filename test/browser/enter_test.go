package browser_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"hotline/test/browser"
)

// taken is a page that takes Enter in its field and gives the focus to a button.
const taken = `<!doctype html><input data-testid="field"><button>go</button><script>
const seen = [];
const field = document.querySelector('input'), button = document.querySelector('button');
field.addEventListener('keydown', (e) => {
  if (e.key !== 'Enter') return;
  e.preventDefault();
  Promise.resolve().then(() => button.focus());
});
button.addEventListener('click', () => seen.push('pressed'));
button.addEventListener('keyup', () => seen.push('up'));
</script>`

// A key that the page took presses nothing else: so it is with a keyboard.
func TestOneEnterPressesOneThing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(taken))
	}))
	defer server.Close()
	dir := t.TempDir()
	b, err := browser.Launch(t.Context(), browser.Config{Dir: dir, Hz: 1000, Log: filepath.Join(dir, "log")})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	p, err := b.Open(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"up", "up,pressed,up"} {
		if want == "up" {
			err = p.Type("field", "x")
		}
		if err := errors.Join(err, p.Press("\r")); err != nil {
			t.Fatal(err)
		}
		if seen, err := browser.Eval[string](p, "seen.join()"); err != nil || seen != want {
			t.Fatalf("the button met %q, not %q (%v)", seen, want, err)
		}
	}
}
