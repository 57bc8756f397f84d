import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { Failure, type FailureDetails } from '../../../src/errors.ts'
import { annotate, compileErrors } from '../../../src/ui/annotations.ts'
import { temporaryFolder } from '../../support/projects.ts'

test.each([
  ['go', '# example.com/app\n./main.go:12:5: undefined: x', [['./main.go', 12, 5, 'undefined: x']]],
  ['go, without a column', 'cmd/a/b.go:3: syntax error', [['cmd/a/b.go', 3, undefined, 'syntax error']]],
  [
    'zig',
    'src/main.zig:3:5: error: expected ;\nsrc/main.zig:1:1: note: here',
    [['src/main.zig', 3, 5, 'expected ;']],
  ],
  ['a C compiler', 'a.c:1:2: warning: w\nb/c.c:4:9: fatal error: x.h: no', [['b/c.c', 4, 9, 'x.h: no']]],
  [
    'rustc',
    'warning: unused\n --> src/a.rs:1:1\nerror[E0425]: cannot find `x`\n --> src/main.rs:2:5\n  |\n --> src/b.rs:9:9',
    [['src/main.rs', 2, 5, 'cannot find `x`']],
  ],
  ['a link', 'see https://example.com:443:1: here\nfull log: /a/b.log', []],
])('the errors of %s are read', (_, output, expected) => {
  expect(
    compileErrors(output).map(({ file, line, column, message }) => [file, line, column, message]),
  ).toEqual(expected)
})

async function annotated(details: Partial<FailureDetails>, files: readonly string[] = []): Promise<string> {
  const root = await temporaryFolder()
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), '')
  }
  const failure = new Failure({
    kind: 'compile',
    what: 'It failed',
    where: join(root, 'crates/app'),
    ...details,
  })
  return annotate(failure, { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: root })
}

test('an error is at its file of the repository, wherever the compiler counts from', async () => {
  const why = 'linux/amd64:\nmain.go:1:2: a\ncrates/b.rs:3:4: b\n/usr/lib/c.c:1:1: c'
  expect(await annotated({ why }, ['crates/app/main.go', 'crates/b.rs'])).toBe(
    '::error file=crates/app/main.go,line=1,col=2::a\n::error file=crates/b.rs,line=3,col=4::b\n',
  )
})

test('nothing that a compiler says is a command, nor a file’s name', async () => {
  const why = 'a,b%.go:1:2: 100%\u0007 \u001b[31mred ::set-output name=x::y'
  expect(await annotated({ why }, ['crates/app/a,b%.go'])).toBe(
    '::error file=crates/app/a%2Cb%25.go,line=1,col=2::100%25 red ::set-output name=x::y\n',
  )
})

test('what has no place is told as a whole; a negative answer and an interrupt are not', async () => {
  expect(await annotated({ why: 'no such thing' })).toBe('::error title=xbuild::It failed\n')
  expect(await annotated({ kind: 'registry' })).toBe('::error title=xbuild::It failed\n')
  expect(await annotated({ kind: 'no' })).toBe('')
  expect(await annotated({ kind: 'interrupted' })).toBe('')
})

test('ten errors are shown, and none outside of GitHub', async () => {
  const why = [...Array(20).keys()].map(line => `a.go:${line + 1}:1: wrong`).join('\n')
  expect((await annotated({ why }, ['crates/app/a.go'])).trim().split('\n')).toHaveLength(10)
  expect(annotate(new Failure({ kind: 'usage', what: 'x' }), {})).toBe('')
})
