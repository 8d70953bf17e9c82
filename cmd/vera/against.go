package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"vera/host/registry"
)

// exitBreaking is the exit code of a check that found what breaks callers.
const exitBreaking = 3

// maxManifest bounds what is read of another manifest, in bytes.
const maxManifest = 1 << 20

// printChanges shows what changes for callers from the manifest in a file or
// at an address to the given one.
func printChanges(ctx context.Context, out io.Writer, from string, manifest []byte) error {
	old, err := readManifest(ctx, from)
	if err != nil {
		return err
	}
	changes, err := registry.Compare(old, manifest)
	if err != nil {
		return fmt.Errorf("compare with %s: %w", from, err)
	}
	breaking := 0
	for _, change := range changes {
		fmt.Fprintln(out, change)
		if change.Breaking {
			breaking++
		}
	}
	if len(changes) == 0 {
		fmt.Fprintln(out, "no change")
		return nil
	}
	fmt.Fprintf(out, "\n%s, %d breaking\n", count(len(changes), "change"), breaking)
	if breaking > 0 {
		return exitCode(exitBreaking)
	}
	return nil
}

// readManifest reads a manifest, or a Plugboard's status that has one in it.
func readManifest(ctx context.Context, from string) ([]byte, error) {
	var text []byte
	var err error
	if strings.HasPrefix(from, "http://") || strings.HasPrefix(from, "https://") {
		text, err = fetchManifest(ctx, from)
	} else {
		text, err = os.ReadFile(from)
	}
	if err != nil {
		return nil, fmt.Errorf("read the manifest to compare with: %w", err)
	}
	var status struct {
		Consumers *int            `json:"consumers"`
		Actions   json.RawMessage `json:"actions"`
	}
	if json.Unmarshal(text, &status) != nil || status.Consumers == nil {
		return text, nil // Compare says what is wrong with it
	}
	if len(status.Actions) == 0 || string(status.Actions) == "null" {
		return nil, fmt.Errorf("compare with %s: no consumer is joined there, so it knows of no actions", from)
	}
	return status.Actions, nil
}

func fetchManifest(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", address, response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxManifest+1))
	if err == nil && len(text) > maxManifest {
		err = errors.New("that is no manifest: it is too large")
	}
	return text, err
}
