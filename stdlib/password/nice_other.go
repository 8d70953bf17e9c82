//go:build !linux

package password

// lowerPriority does nothing: elsewhere a priority belongs to the process.
func lowerPriority() bool { return false }
