import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load.ts'
import { failureOf } from '../../support/failure-of.ts'

const parse = (text: string) => parseConfig(text, 'xbuild.toml')

test.each(['constructor', '__proto__', 'prototype', 'toString', 'hasOwnProperty'])(
  '%s is a name like any other',
  async name => {
    const config = await parse(
      `[image.labels]\n"${name}" = "1"\n[image.env]\n"${name}" = "2"\n[images."${name}"]\nbin = "3"\n[go.env]\n"${name}" = "4"`,
    )
    expect(Object.entries(config.image.labels ?? {})).toEqual([[name, '1']])
    expect(Object.entries(config.image.env ?? {})).toEqual([[name, '2']])
    expect(Object.entries(config.images).map(([key, { bin }]) => [key, bin])).toEqual([[name, '3']])
    expect(Object.entries(config.go.env)).toEqual([[name, '4']])
  },
)

test.each([
  ['[image.labels]\nconstructor = 1', 'image.labels.constructor: expected a string, but found 1'],
  ['[images.constructor]\nbin = 1', 'images.constructor.bin: expected a string, but found 1'],
  ['[images.constructor]\nbim = "x"', 'images.constructor.bim: unknown key; did you mean bin?'],
  ['[images."a/b"]\nbin = "x"', 'images.a/b: expected an image name of letters'],
  ['[image]\nenv = 3', 'image.env: expected a table, but found 3'],
  ['[image]\nenv = ["A"]', 'image.env: expected a table, but found an array'],
  ['images = 3', 'images: expected a table, but found 3'],
  ['constructor = 1', 'constructor: unknown key'],
  ['[image]\n__proto__ = 1', 'image.__proto__: unknown key'],
  ['"a.b" = 1', 'a.b: unknown key (known: '],
  ['[image."x.y"]\nz = 1', 'image.x.y: unknown key (known: '],
])('%j: %s', async (text, why) => {
  expect((await failureOf(parse(text))).why).toContain(why)
})
