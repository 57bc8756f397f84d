import { describe, expect, it } from 'vitest'
import { checkBytes, checkStream, digestOf } from '../../../src/oci/digest.ts'
import { failureOf } from '../../support/failure-of.ts'

describe('checkStream', () => {
  it('hands on nothing past the size, and reads no further', async () => {
    let given = 0
    const tooMuch = async function* () {
      for (; given < 1000; given++) yield Buffer.alloc(10)
    }
    let received = 0
    const reading = (async () => {
      for await (const chunk of checkStream(
        tooMuch(),
        { digest: digestOf(Buffer.alloc(25)), size: 25 },
        'x',
      )) {
        received += chunk.length
      }
    })()
    expect((await failureOf(reading)).why).toBe('expected 25 bytes, got more')
    expect({ received, given }).toEqual({ received: 20, given: 2 })
  })
})

it('knows sha512 too', async () => {
  const { createHash } = await import('node:crypto')
  const digest = `sha512:${createHash('sha512').update('a').digest('hex')}`
  checkBytes(Buffer.from('a'), digest, 'x')
  const failure = await failureOf(() => checkBytes(Buffer.from('b'), digest, 'x'))
  expect(failure).toMatchObject({
    kind: 'verification',
    where: 'x',
    why: expect.stringContaining('got sha512:'),
  })
})
