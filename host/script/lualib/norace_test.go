//go:build !race

package lualib_test

const slowdown = 1
