/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const pieces = [
  ...'\n|\r\n|\r|\t| |\\|\\\n|`|"|\'|$|$(|)|}|{|[|]|<<EOF|<<-"E"|EOF|#|\u{feff}|\0|\u{e9}|\u{1f600}|&|*|!|:|-|?|%'.split(
    '|',
  ),
  ...['|', '>', '\n  ', '&a ', '*a', '<<: *a\n', '- ', `\${{ matrix.x }}`, `\${{`, `\${`],
  ...[
    'FROM a\n',
    'RUN ',
    'ARG TARGETARCH',
    '=amd64',
    '$TARGETARCH',
    '--platform=',
    '$BUILDPLATFORM',
    'ONBUILD ',
    'COPY --from=0 ',
    'go build ',
  ],
  ...[
    '# xbuild-lint ignore=',
    'curl https://a.example/x-linux-amd64 ',
    'GOARCH=arm64 ',
    `ENV A=\${A:-$A}\n`,
    '# escape=`\n',
    'sh -c "',
    '"$(',
  ],
]

/** A file made of another: cut short, with pieces put in, taken out, doubled or repeated, or nothing but pieces. */
export function mutate(text: string, others: readonly string[], next: () => number): string {
  const upTo = (limit: number) => Math.floor(next() * limit)
  const one = <T>(list: readonly T[]): T => list[upTo(list.length)] as T
  let result = next() < 0.1 ? Array.from({ length: upTo(60) }, () => one(pieces)).join('') : text
  for (let count = upTo(8); count > 0; count--) {
    const at = upTo(result.length + 1)
    const end = at + upTo(40)
    const kinds = [
      () => result.slice(0, at),
      () => result.slice(0, at) + one(pieces) + result.slice(at),
      () => result.slice(0, at) + result.slice(end),
      () => result.slice(0, end) + result.slice(at),
      () =>
        result.slice(0, at) + String.fromCharCode(upTo(next() < 0.5 ? 128 : 65536)) + result.slice(at + 1),
      () => result.slice(0, at) + one(others) + result.slice(at),
      () => result.slice(0, at) + one(pieces).repeat(upTo(next() < 0.02 ? 3000 : 30)) + result.slice(at),
    ]
    result = one(kinds)()
  }
  return result
}
