import { describe, expect, it } from 'vitest'
import { stripElf } from '../../scripts/package/strip-elf.mjs'
import { zip } from '../../scripts/package/zip.mjs'
import { readElf } from '../../src/binary/elf.ts'
import { buildElf } from '../support/elf-builder.ts'

describe('stripElf', () => {
  it('takes symbols and leaves what is loaded', () => {
    const file = Buffer.from(buildElf({ needed: ['libc.so.6'], interpreter: '/lib64/ld-linux-x86-64.so.2' }))
    const before = readElf(file)
    const after = readElf(stripElf(file))
    expect(before.stripped).toBe(false)
    expect({ ...after, stripped: false }).toEqual(before)
    expect(after.stripped).toBe(true)
  })

  it('refuses another kind of file', () => {
    expect(() => stripElf(Buffer.from('#!/bin/sh\n'.repeat(20)))).toThrow('not a 64-bit')
    expect(() => stripElf(Buffer.from(buildElf({ class: 32, machine: 3 })))).toThrow('not a 64-bit')
  })
})

it('zip gives the same bytes for the same content', () => {
  const files = [{ name: 'a/b', content: Buffer.from('text'), mode: 0o755 }]
  expect(zip(files)).toEqual(zip(files))
  expect(zip(files).toString('latin1').slice(0, 4)).toBe('PK\x03\x04')
})
