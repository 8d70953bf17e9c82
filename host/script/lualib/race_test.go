//go:build race

package lualib_test

const slowdown = 8 // of the race detector
