import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseZon } from '../../../../src/languages/zig/zon.ts'

describe('zon', () => {
  it.each([
    ['.{}', {}],
    ['.{ .name = "app" }', { name: 'app' }],
    ['.{ .name = .app }', { name: 'app' }],
    ['.{ .name = .@"my app", .@"a b" = 1, }', { name: 'my app', 'a b': 1 }],
    ['.{ "a", "b", }', ['a', 'b']],
    ['.{ .{ 1 }, .{ .x = true } }', [[1], { x: true }]],
    ['// first\n.{ // second\n .a = 0x1f, // third\n}', { a: 31 }],
    ['.{ .a = 1_000, .b = -2.5, .c = null, .d = false }', { a: 1000, b: -2.5, c: null, d: false }],
    ['.{ .a = "x\\"y\\\\z\\n\\u{1F600}\\x41//no comment" }', { a: 'x"y\\z\n😀A//no comment' }],
    ['.{ .a =\n  \\\\one\n  \\\\two "quoted"\n, .b = 1 }', { a: 'one\ntwo "quoted"', b: 1 }],
    ['.{ .fingerprint = 0x208cb3b58f0e6c1d }', { fingerprint: Number(0x208cb3b58f0e6c1dn) }],
    ["'c'", null],
  ])('%s', (text, expected) => {
    expect(parseZon(text)).toEqual(expected)
  })

  it('reads a whole build.zig.zon of either spelling', () => {
    const text = (name: string) => `.{
    // The name.
    .name = ${name},
    .version = "0.1.0",
    .fingerprint = 0x208cb3b58f0e6c1d, // Changing this has security and trust implications.
    .minimum_zig_version = "0.14.1",
    .dependencies = .{
        .httpz = .{
            .url = "https://example.org/httpz.tar.gz",
            .hash = "1220abc",
        },
        .local = .{ .path = "../local" },
    },
    .paths = .{ "build.zig", "src" },
}
`
    const expected = {
      name: 'app',
      version: '0.1.0',
      minimum_zig_version: '0.14.1',
      dependencies: { httpz: { url: 'https://example.org/httpz.tar.gz' }, local: { path: '../local' } },
      paths: ['build.zig', 'src'],
    }
    expect(parseZon(text('"app"'))).toMatchObject(expected)
    expect(parseZon(text('.app'))).toMatchObject(expected)
  })

  it.each(['.{', '.{ .a = "x', '.{ .a = }', '', '.{'.repeat(100)])('refuses %s', text => {
    expect(() => parseZon(text)).toThrow(SyntaxError)
  })

  it('says the line', () => {
    expect(() => parseZon('.{\n\n.a = "x\n}')).toThrow('line 3')
  })

  it('never hangs or fails otherwise', () => {
    const piece = fc.constantFrom(
      '.{',
      '}',
      '.a',
      '=',
      ',',
      '"',
      '\\',
      '1',
      ' ',
      '\n',
      '//',
      '\\\\',
      '.@"',
      'x',
      '=',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
        try {
          parseZon(pieces.join(''))
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error
        }
      }),
      { numRuns: 2000 },
    )
  })
})
