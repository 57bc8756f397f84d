const mask = (1n << 64n) - 1n

/**
 * SipHash-1-3 with an output of 128 bits, as Zig's std.crypto.auth.siphash.SipHash128(1, 3) has it: what Zig's cache
 * hashes files and manifests with.
 * @param key 16 bytes
 */
export function sipHash128(data: Buffer, key: Buffer): Buffer {
  const [k0, k1] = [key.readBigUInt64LE(0), key.readBigUInt64LE(8)]
  let v0 = k0 ^ 0x736f6d6570736575n
  let v1 = k1 ^ 0x646f72616e646f6dn ^ 0xeen
  let v2 = k0 ^ 0x6c7967656e657261n
  let v3 = k1 ^ 0x7465646279746573n
  const round = () => {
    v0 = (v0 + v1) & mask
    v1 = rotated(v1, 13n) ^ v0
    v0 = rotated(v0, 32n)
    v2 = (v2 + v3) & mask
    v3 = rotated(v3, 16n) ^ v2
    v0 = (v0 + v3) & mask
    v3 = rotated(v3, 21n) ^ v0
    v2 = (v2 + v1) & mask
    v1 = rotated(v1, 17n) ^ v2
    v2 = rotated(v2, 32n)
  }
  const take = (word: bigint) => {
    v3 ^= word
    round()
    v0 ^= word
  }
  const finish = () => {
    for (let i = 0; i < 3; i++) round()
    return v0 ^ v1 ^ v2 ^ v3
  }
  const whole = data.length - (data.length % 8)
  for (let i = 0; i < whole; i += 8) take(data.readBigUInt64LE(i))
  const last = Buffer.alloc(8)
  data.copy(last, 0, whole)
  last[7] = data.length & 0xff
  take(last.readBigUInt64LE(0))
  const out = Buffer.alloc(16)
  v2 ^= 0xeen
  out.writeBigUInt64LE(finish(), 0)
  v1 ^= 0xddn
  out.writeBigUInt64LE(finish(), 8)
  return out
}

const rotated = (word: bigint, bits: bigint) => ((word << bits) | (word >> (64n - bits))) & mask
