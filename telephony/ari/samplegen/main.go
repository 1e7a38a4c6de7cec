// Samplegen writes one JSON sample of every model of Asterisk's event description: NAME.json with all properties, and NAME.min.json with
// the required ones. They feed the tests and the fuzzing of the event decoder. It reads the description that belongs to the
// installed Asterisk, or to the data folder named by HOTLINE_ASTERISK_DATA.
//
//	go run ./samplegen FOLDER
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hotline/deploy/asterisk"
)

// property is one field of a model, in the form of Swagger 1.1.
type property struct {
	Type      string `json:"type"`
	Required  bool   `json:"required"`
	Allowable struct {
		Values []string `json:"values"`
	} `json:"allowableValues"`
}

type model struct {
	Properties map[string]property `json:"properties"`
	SubTypes   []string            `json:"subTypes"`
}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "samplegen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: samplegen FOLDER")
	}
	data := os.Getenv("HOTLINE_ASTERISK_DATA")
	if data == "" {
		in, err := asterisk.Find(ctx)
		if err != nil {
			return err
		}
		data = in.Data
	}
	files, err := filepath.Glob(filepath.Join(data, "rest-api", "*.json"))
	if err != nil {
		return err
	}
	all, events := map[string]model{}, map[string]model{}
	for _, file := range files {
		models, err := read(file)
		if err != nil {
			return err
		}
		for name, m := range models {
			all[name] = m
			if filepath.Base(file) == "events.json" {
				events[name] = m
			}
		}
	}
	if len(events) == 0 {
		return fmt.Errorf("no events are described in %s", filepath.Join(data, "rest-api", "events.json"))
	}
	return writeAll(args[0], all, events)
}

func read(file string) (map[string]model, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Models map[string]model `json:"models"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return doc.Models, nil
}

func writeAll(dir string, all, events map[string]model) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name := range events {
		for suffix, full := range map[string]bool{".json": true, ".min.json": false} {
			data, err := json.MarshalIndent(sample(all, name, full, 0), "", "  ")
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, name+suffix), append(data, '\n'), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// sample makes an object of a model. Events carry their own name as type, and what Message and Event prescribe.
func sample(all map[string]model, name string, full bool, depth int) map[string]any {
	out := map[string]any{}
	add := func(m model) {
		for field, p := range m.Properties {
			if full || p.Required {
				out[field] = value(all, field, p, full, depth)
			}
		}
	}
	event := slices.Contains(all["Event"].SubTypes, name)
	if event {
		add(all["Event"])
	}
	if event || slices.Contains(all["Message"].SubTypes, name) {
		add(all["Message"])
	}
	add(all[name])
	if event || slices.Contains(all["Message"].SubTypes, name) {
		out["type"] = name
	}
	return out
}

func value(all map[string]model, field string, p property, full bool, depth int) any {
	if item, ok := strings.CutPrefix(p.Type, "List["); ok {
		item = strings.TrimSuffix(item, "]")
		one := value(all, field, property{Type: item}, full, depth)
		return []any{one, one}
	}
	switch p.Type {
	case "string":
		if len(p.Allowable.Values) > 0 {
			return p.Allowable.Values[0]
		}
		return "sample " + field
	case "Date":
		return "2026-01-02T03:04:05.678+0000"
	case "int", "long":
		return 7
	case "double":
		return 1.5
	case "boolean":
		return true
	case "object":
		return map[string]string{"HOTLINE": `{"v":1}`}
	}
	if _, known := all[p.Type]; known && depth < 4 {
		return sample(all, p.Type, full, depth+1)
	}
	return cmp.Or(p.Type, "nothing")
}
