import { describe, expect, it, test } from 'vitest'
import { settableVariables } from '../../../../src/languages/go/declarations.ts'

const verdict = (text: string, name = 'version') => settableVariables([`package main\n\n${text}\n`]).get(name)

describe('-X sets', () => {
  it.each([
    ['var version string'],
    ['var version = "dev"'],
    ['var version string = "dev"'],
    ['var version = `dev`'],
    ['var version = ("a" + "b")'],
    ['var version = ""'],
    ['var version = "v0.0.0-dev"'],
    ['var version = "1.2.3-SNAPSHOT"'],
    ['var version = "(devel)"'],
    ['var version = "$Format:%H$"'],
    ['var version = "1970-01-01T00:00:00Z"'],
    ['var version = "UNKNOWN"'],
    ['var version = "<not set>"'],
    ['var version = "dev"\n\nfunc f(a int) int { return a & version }'],
    ['var (\n\tcommit = "none" // the commit\n\tversion = "dev"\n)'],
    ['var (\n\tcommit, version, date string\n)'],
    ['var commit, version = "none", "dev"'],
    ['const fallback = "dev"\n\nvar version = fallback'],
    ['const (\n\ta = "x"\n\tfallback = a + "dev"\n)\n\nvar version = fallback + "-y"'],
    ['/* const version = 1 */\nvar version = "dev"; var other = 1'],
    ['type pair[K comparable, V any] struct { k K; v V }\n\nvar version string'],
    ['import "fmt"\n\nfunc f() { const version = 1; fmt.Println(`}`, \'{\', "}") }\n\nvar version = "dev"'],
    ['var (\n\tf = func(a, b int) int {\n\t\tvar version = 1\n\t\treturn version\n\t}\n\tversion string\n)'],
  ])('%s', text => expect(verdict(text)).toBe('yes'))
})

describe('-X sets on request', () => {
  it.each([
    ['var version = "1.2.3"'],
    ['var version string = `v2`'],
    ['const current = "2024.1"\n\nvar version = current'],
    ['var version = "Alexandria"'],
    ['var version = "1.2.3-build5"'],
    ['var version = "main-2024"'],
    ['var version = "device"'],
    // It has a value of the user's by the time that it is read.
    ['var version string\n\nfunc init() { flag.StringVar(&version, "version", "", "") }'],
    ['var version = "dev"\n\nvar all = []*string{&version}'],
    ['var version = "dev"\n\nfunc f() *string { return &version }'],
  ])('%s', text => expect(verdict(text)).toBe('on request'))
})

describe('-X does not set', () => {
  it.each([
    ['var version = flag.Bool("version", false, "print it")', 'not a string'],
    ['var version = 3', 'not a string'],
    ['var version bool', 'not a string'],
    ['var version []string', 'not a string'],
    ['type text string\n\nvar version text', 'not a string'],
    ['var version = []string{"x"}', 'not a string'],
    ['var version = text("dev")', 'not a string'],
    ['var version = "a" == "b"', 'not a string'],
    ['const one = 1\n\nvar version = one', 'not a string'],
    ['var commit, version = read()', 'not a string'],
    ['var version string = os.Getenv("V")', 'set at start'],
    ['var version string = read() + "x"', 'set at start'],
    ['const version = "1.0"', 'constant'],
    ['const (\n\tname = "x"\n\tversion = "1.0"\n)', 'constant'],
    ['//go:embed VERSION\nvar version string', 'embedded'],
    ['var (\n\t//go:embed VERSION\n\tversion string\n)', 'embedded'],
    ['var version = buildinfo.Default', 'unknown'],
    ['func f() { var version string; _ = version }', undefined],
    ['func version() string { return "x" }', undefined],
    ['type version struct{ version string }', undefined],
    ['var Version string', undefined],
  ])('%s', (text, why) => expect(verdict(text)).toBe(why))
})

test('constants of another file count', () =>
  expect(
    settableVariables(['package main\nvar version = fallback', 'package main\nconst fallback = "dev"']).get(
      'version',
    ),
  ).toBe('yes'))

test.each(['', 'package', 'var (', 'var version = "', 'var x = `', "var y = '", 'var a, = 1', '/*'])(
  'broken source is nothing to fall over: %j',
  text => expect(() => settableVariables([text])).not.toThrow(),
)
