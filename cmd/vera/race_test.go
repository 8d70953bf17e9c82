//go:build race

package main

// raceEnabled tells that everything takes several times as long.
const raceEnabled = true
