import { expect, test } from 'vitest'
import { keyPositions } from '../../../src/config/key-positions.ts'

test.each<[string, (string | number)[], string]>([
  ['dist = "a"', ['dist'], '1:1'],
  ['# dist = 1\n\n  dist = "a"', ['dist'], '3:3'],
  ['[imag]\nx = 1', ['imag'], '1:2'],
  ['[imag]\nx = 1', ['imag', 'x'], '2:1'],
  ['[ images . web ]\nx = 1', ['images', 'web'], '1:12'],
  ['images.web.x = 1', ['images', 'web', 'x'], '1:12'],
  ['[go]\nenv = { A = "1", B = 2 }', ['go', 'env', 'B'], '2:18'],
  ['[go]\ntags = [\n  "a", # x, "y"\n  3,\n]\ncgo = 1', ['go', 'tags', 1], '4:3'],
  ['[go]\ntags = [\n  "a", # x, "y"\n  3,\n]\ncgo = 1', ['go', 'cgo'], '6:1'],
  ['[[image.files]]\nfrom = "a"\n[[image.files]]\nfrom = "b"\nmod = 1', ['image', 'files', 1, 'mod'], '5:1'],
  ['[image]\nfiles = [{ from = "a" }, { fro = "b" }]', ['image', 'files', 1, 'fro'], '2:28'],
  ['a = """\n[x]\ny = 1\n"""\ny = 2', ['y'], '5:1'],
  ["a = '''\ny = 1 '''\ny = 2", ['y'], '3:1'],
  ['a = "x\\"\\\\"\ny = 2', ['y'], '2:1'],
  ['"a b" = 1\n"\\u0061" = 2', ['a b'], '1:1'],
  ['"a b" = 1\n"\\u0061" = 2', ['a'], '2:1'],
  ["'a.b'.c = 1", ['a.b', 'c'], '1:7'],
  ['[a]\r\nb = 1\r\nc = 2', ['a', 'c'], '3:1'],
  ['[a]\nb = 2024-01-01T00:00:00Z\nc = -1.5e3 # x\nd = true', ['a', 'd'], '4:1'],
  ['[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 2', ['a', 1, 'b', 'c'], '6:1'],
  ['[a]\nb = 1', ['a', 'b', 'deeper'], '2:1'],
])('%j has %j at %s', (text, path, place) => {
  const { line, column } = keyPositions(text)(path) ?? {}
  expect(`${line}:${column}`).toBe(place)
})

test.each(['[', '[a', 'a', 'a = [', 'a = {b', '"', '= = =', ']]', 'a = "', '{}'])('%j has an end', text => {
  expect(keyPositions(text)(['nothing'])).toBeUndefined()
})
