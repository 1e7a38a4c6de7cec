// Package stage runs whole instances of the hotline for the system tests: the real binary with real Asterisk and Redis below it, on ports
// and in a folder of its own. It reads what the instance says of itself, kills its parts, and at the end proves that nothing is left.
package stage
