// Package browser drives a real Chromium for the whole-system tests: a counsellor with a microphone that says one tone for ever, and
// ears that can be asked what the page plays.
package browser
