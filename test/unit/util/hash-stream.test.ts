import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { hashing, hashStream } from '../../../src/util/hash-stream.ts'

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

const hex = (text: string, algorithm = 'sha256') => createHash(algorithm).update(text).digest('hex')

it.each([[[]], [['abc']], [['a', '', 'bc']]])('hashes %j as one text', async texts => {
  expect(await hashStream(chunks(...texts))).toBe(hex(texts.join('')))
})

it('hashes with another algorithm', async () => {
  expect(await hashStream(chunks('a'), 'sha512')).toBe(hex('a', 'sha512'))
})

it('hands every chunk on while it hashes', async () => {
  const hash = createHash('sha256')
  const seen: string[] = []
  for await (const chunk of hashing(chunks('a', 'b'), hash)) seen.push(String(chunk))
  expect(seen).toEqual(['a', 'b'])
  expect(hash.digest('hex')).toBe(hex('ab'))
})
