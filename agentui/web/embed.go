// Package web holds the built console. `npm run build` fills dist; without it only the placeholder is embedded and the
// server answers that the console was not built.
package web

import "embed"

// Dist is the tree that Vite writes: dist/index.html and dist/assets with content-hashed names.
//
//go:embed all:dist
var Dist embed.FS
