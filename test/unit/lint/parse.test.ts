import { describe, expect, test } from 'vitest'
import { parseDockerfile } from '../../../src/dockerfile/parse.ts'
import { commandsOf } from '../../../src/dockerfile/shell.ts'
import { lintDockerfile } from '../../../src/lint/lint-dockerfile.ts'
import { short } from './lint.ts'

const parse = (text: string) => parseDockerfile(text, 'Dockerfile')
const commands = (run: string) =>
  parse(`FROM a\n${run}\n`)
    .instructions.filter(({ keyword }) => keyword === 'RUN')
    .flatMap(commandsOf)
    .map(({ words, assignments }) =>
      [...assignments.map(({ name, value }) => `${name}=${value}`), ...words.map(({ value }) => value)].join(
        ' ',
      ),
    )

describe('instructions', () => {
  test('continuations, comments between them and empty lines', () => {
    const { instructions } = parse('FROM a\nRUN one \\\n  # a comment\n\n  && two \\  \n  three\nCMD x\n')
    expect(instructions.map(({ keyword, words }) => [keyword, ...words.map(({ value }) => value)])).toEqual([
      ['FROM', 'a'],
      ['RUN', 'one', '&&', 'two', 'three'],
      ['CMD', 'x'],
    ])
  })

  test('the places of words are those of the file', () => {
    const text = 'FROM a\r\nRUN --mount=type=cache,target=/x one \\\r\n  "two" \\\r\n  # no\r\n  three\r\n'
    const { instructions } = parse(text)
    expect(instructions[1]?.words.map(({ start, end }) => text.slice(start, end))).toEqual([
      'one',
      '"two"',
      'three',
    ])
    expect(instructions[1]?.flags.map(({ start, end }) => text.slice(start, end))).toEqual([
      '--mount=type=cache,target=/x',
    ])
  })

  test('the backtick as escape character', () => {
    const { instructions } = parse('# escape=`\nFROM a\nRUN one `\n  two\nRUN C:\\\n')
    expect(instructions.map(({ words }) => words.map(({ value }) => value))).toEqual([
      ['a'],
      ['one', 'two'],
      ['C:\\'],
    ])
  })

  test('here-documents, quoted, with tabs, and two at once', () => {
    const { instructions } = parse('FROM a\nRUN <<A cat <<-"B"\none\nA\n\ttwo\n\tB\nRUN x\n')
    expect(instructions.map(({ keyword }) => keyword)).toEqual(['FROM', 'RUN', 'RUN'])
    expect(instructions[1]?.heredocs.map(({ quoted, body }) => [quoted, body.text])).toEqual([
      [false, 'one\n'],
      [true, '\ttwo\n'],
    ])
  })

  test('ONBUILD is the instruction that it triggers', () => {
    const { instructions } = parse('FROM a\nONBUILD COPY --from=x . /y\n')
    expect(instructions[1]).toMatchObject({
      keyword: 'COPY',
      onbuild: true,
      flags: [{ name: 'from', value: 'x' }],
    })
  })
})

describe('stages', () => {
  test('names, bases, and platforms that are inherited', () => {
    const { stages } = parse(`ARG IMAGE=golang
ARG P=linux/arm64
FROM --platform=$BUILDPLATFORM \${IMAGE}:1 AS Build
FROM build AS next
FROM --platform=$P alpine
FROM --platform=\${BUILDPLATFORM:-linux/amd64} alpine
FROM --platform=$OTHER alpine
FROM --platform=linux/$TARGETARCH alpine
FROM scratch
`)
    expect(stages.map(({ name, image, platform, base }) => [name, image, platform, base?.index])).toEqual([
      ['build', 'golang:1', 'build', undefined],
      ['next', 'build', 'build', 0],
      [undefined, 'alpine', 'constant', undefined],
      [undefined, 'alpine', 'build', undefined],
      [undefined, 'alpine', 'unknown', undefined],
      [undefined, 'alpine', 'target', undefined],
      [undefined, 'scratch', 'target', undefined],
    ])
  })
})

describe('the scope of ARG', () => {
  const found = (text: string) =>
    short(lintDockerfile(text, 'Dockerfile')).filter(line => line.includes('undeclared'))

  test.each([
    ['in the stage', 'FROM a\nARG TARGETARCH\nRUN echo $TARGETARCH\n', []],
    ['in its base', 'FROM a AS b\nARG TARGETARCH\nFROM b\nRUN echo $TARGETARCH\n', []],
    ['after the use', 'FROM a\nRUN echo $TARGETARCH\nARG TARGETARCH\n', ['2:10 platform-arg-undeclared']],
    [
      'before the first FROM alone',
      'ARG TARGETARCH\nFROM a\nRUN echo $TARGETARCH\n',
      ['3:10 platform-arg-undeclared'],
    ],
    ['several in one line', 'FROM a\nARG TARGETOS TARGETARCH\nRUN echo $TARGETOS "$TARGETARCH"\n', []],
    ['in FROM it is always there', 'FROM a-$TARGETARCH\n', []],
    [
      'with a default of its use',
      `FROM a\nRUN echo \${TARGETARCH:-amd64}\n`,
      ['2:10 platform-arg-undeclared'],
    ],
    [
      'once for each name',
      'FROM a\nCOPY $TARGETARCH /x\nRUN echo $TARGETARCH\n',
      ['2:6 platform-arg-undeclared'],
    ],
    ['in a quoted here-document that is copied', 'FROM a\nCOPY <<"E" /x\n$TARGETARCH\nE\n', []],
    [
      'in a here-document that is run',
      "FROM a\nRUN <<'E'\necho $TARGETARCH\nE\n",
      ['3:6 platform-arg-undeclared'],
    ],
    [
      'in a mount',
      'FROM a\nRUN --mount=type=cache,id=$TARGETARCH,target=/x true\n',
      ['2:5 platform-arg-undeclared'],
    ],
    [
      'of ONBUILD, for the child',
      'FROM a\nARG TARGETARCH\nONBUILD RUN echo $TARGETARCH\n',
      ['3:18 platform-arg-undeclared'],
    ],
    ['of ONBUILD ARG', 'FROM a\nONBUILD ARG TARGETARCH\nONBUILD RUN echo $TARGETARCH\n', []],
  ])('%s', (_, text, expected) => {
    expect(found(text)).toEqual(expected)
  })
})

describe('shell scripts', () => {
  test.each([
    ['RUN a && b || c; d | e & f', ['a', 'b', 'c', 'd', 'e', 'f']],
    ['RUN A=1 B="x y" tool "two words" \'3\'', ['A=1 B=x y tool two words 3']],
    ['RUN if [ -n "$x" ]; then go build; else true; fi', ['[ -n $x ]', 'go build', 'true', 'fi']],
    ['RUN for a in b; do go build $a; done', ['for a in b', 'go build $a', 'done']],
    ['RUN x=$(uname -m) && y `id -u`', ['x=$(uname -m)', 'y `id -u`', 'uname -m', 'id -u']],
    ['RUN ["go", "build", "-o", "/a"]', ['go build -o /a']],
    ['RUN sh -c "go build ./..."', ['sh -c go build ./...', 'go build ./...']],
    [
      'RUN export GOARCH=arm64 && env A=b /usr/local/go/bin/go build',
      ['GOARCH=arm64', 'A=b /usr/local/go/bin/go build'],
    ],
    ['RUN <<E\ngo build # not this\nE', ['<<E', 'go build']],
    ['RUN echo "a;b" \'c&&d\'', ['echo a;b c&&d']],
  ])('%s', (run, expected) => {
    expect(commands(run)).toEqual(expected)
  })
})
