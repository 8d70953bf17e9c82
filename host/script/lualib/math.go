package lualib

import (
	"math"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

func (c call) pushNumber(f float64) int {
	c.Push(lua.LNumber(f))
	return 1
}

func unary(f func(float64) float64) function {
	return func(c call) int { return c.pushNumber(f(c.number(1))) }
}

func binary(f func(_, _ float64) float64) function {
	return func(c call) int { return c.pushNumber(f(c.number(1), c.number(2))) }
}

// log10 is exact for powers of ten, which Go's is not.
func log10(x float64) float64 {
	log := math.Log10(x)
	if whole := math.Round(log); math.Pow10(int(whole)) == x {
		return whole
	}
	return log
}

func degrees(radians float64) float64 { return radians / (math.Pi / 180) }
func radians(degrees float64) float64 { return degrees * (math.Pi / 180) }

// frexp(x) -> m, e, so that x is m * 2^e
func mathFrexp(c call) int {
	fraction, exponent := math.Frexp(c.number(1))
	return c.pushNumber(fraction) + c.pushNumber(float64(exponent))
}

func mathLdexp(c call) int { return c.pushNumber(math.Ldexp(c.number(1), c.integer(2))) }

// modf(x) -> its integral part, its fraction
func mathModf(c call) int {
	x := c.number(1)
	whole, fraction := math.Modf(x)
	if math.IsInf(x, 0) {
		fraction = 0
	}
	return c.pushNumber(whole) + c.pushNumber(fraction)
}

func mathMax(c call) int {
	return c.best(func(f, than float64) bool { return f > than })
}

func mathMin(c call) int {
	return c.best(func(f, than float64) bool { return f < than })
}

func (c call) best(better func(f, than float64) bool) int {
	best := c.number(1)
	for i := 2; i <= c.GetTop(); i++ {
		if f := c.number(i); better(f, best) {
			best = f
		}
	}
	return c.pushNumber(best)
}

// process is the process's source of random numbers.
type process struct{}

func (process) Uint64() uint64 { return rand.Uint64() }

// random() -> number in [0, 1); random([from,] to) -> integer, both included
func mathRandom(c call) int {
	from, to := 1, 0
	switch c.GetTop() {
	case 0:
		return c.pushNumber(rand.New(c.lib.limits.Random).Float64())
	case 1:
		to = c.integer(1)
	case 2:
		from, to = c.integer(1), c.integer(2)
	default:
		c.fail("wrong number of arguments")
	}
	if from > to {
		c.badArgument(c.GetTop(), "interval is empty")
	}
	return c.pushNumber(float64(from + rand.New(c.lib.limits.Random).IntN(to-from+1)))
}
