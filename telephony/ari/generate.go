package ari

//go:generate go run ./samplegen testdata/events
