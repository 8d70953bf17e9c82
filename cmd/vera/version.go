package main

import (
	"fmt"
	"runtime"
)

// version is set by the linker from git; see the Makefile.
var version = "unknown"

type versionCommand struct{}

func (versionCommand) Run(c console) error {
	_, err := fmt.Fprintf(c.out, "vera %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
