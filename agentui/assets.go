package agentui

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
)

// assets is the built web app, read once: it is small and part of the binary.
type assets struct {
	files map[string]asset // by path without a leading slash
	built bool
}

type asset struct {
	body   []byte
	kind   string
	tag    string
	packed map[string][]byte // by content encoding
}

// encodings in order of preference, with the ending that the build gives them.
func encodings() [][2]string { return [][2]string{{"br", ".br"}, {"gzip", ".gz"}} }

func loadAssets(root fs.FS) (*assets, error) {
	a := &assets{files: map[string]asset{}}
	raw := map[string][]byte{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw[name], err = fs.ReadFile(root, name)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("console: web app: %w", err)
	}
	for name, body := range raw {
		if isPacked(name, raw) {
			continue
		}
		sum := sha256.Sum256(body)
		f := asset{body: body, kind: kindOf(name), tag: `"` + hex.EncodeToString(sum[:12]) + `"`, packed: map[string][]byte{}}
		for _, e := range encodings() {
			if packed, ok := raw[name+e[1]]; ok {
				f.packed[e[0]] = packed
			}
		}
		a.files[name] = f
	}
	_, a.built = a.files["index.html"]
	return a, nil
}

func isPacked(name string, raw map[string][]byte) bool {
	for _, e := range encodings() {
		if plain, ok := strings.CutSuffix(name, e[1]); ok && raw[plain] != nil {
			return true
		}
	}
	return false
}

// kindOf does not depend on the machine's own table of types, which may lack or bend them.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".wasm":
		return "application/wasm"
	case ".wav":
		return "audio/wav"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// serveAsset serves the web app. Files whose names carry a hash of their content are kept for ever; the page itself is asked for each time.
// Any other path is a place inside the app.
func (s *Server) serveAsset(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.clerk.Fail(w, http.StatusMethodNotAllowed, protocol.BadRequest, nil)
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	f, ok := s.assets.files[name]
	if !ok && path.Ext(name) != "" {
		s.clerk.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return
	}
	if !ok {
		name = "index.html"
		f = s.assets.files[name]
	}
	if !s.assets.built && f.body == nil {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("控制台网页尚未构建：请运行 make web 后重新编译。\nThe console's web app was not built: run make web and build again.\n"))
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Add("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, tag := f.body, f.tag
	for _, e := range encodings() {
		if packed := f.packed[e[0]]; packed != nil && accepts(r, e[0]) {
			body, tag = packed, strings.TrimSuffix(f.tag, `"`)+"-"+e[0]+`"`
			h.Set("Content-Encoding", e[0])
			break
		}
	}
	h.Set("ETag", tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

func accepts(r *http.Request, encoding string) bool {
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) && strings.ReplaceAll(params, " ", "") != "q=0" {
			return true
		}
	}
	return false
}
