import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load.ts'
import { adoptDockerfile } from '../../../src/init/adopt/adopt-dockerfile.ts'
import { mergeSettings } from '../../../src/init/settings.ts'
import { readMakefile } from '../../../src/init/sources/makefile-flags.ts'
import { tomlText } from '../../../src/init/write/toml.ts'
import { mutate, random } from '../lint/mutate.ts'
import { cases } from './dockerfiles.ts'
import { goProject } from './project-facts.ts'

// `npm run fuzz` tries 100,000 files; XBUILD_FUZZ_SEED repeats a run.
const files = Number(process.env['XBUILD_FUZZ'] ?? 400)
const seed = Number(process.env['XBUILD_FUZZ_SEED'] ?? 15)

const makefiles = [
  'VERSION := $(shell git describe)\nbuild:\n\tgo build -ldflags "-X main.v=$(VERSION)" -o bin/app .\n',
  'define X\nendef\n.RECIPEPREFIX = >\nall: ; go build $(A:.c=.o) $$B $(strip $(C))\n',
]
const seeds = [
  ...cases.map(({ text }) => text),
  'FROM golang AS b\nARG V=1\nCOPY conf[a-z].json static/*.html /etc/\nRUN go build\nFROM scratch\nCOPY --from=b /app* /app\n',
  ...makefiles,
]
const project = goProject(['static/a.html', 'confa.json', 'conf/a', 'app.sh'], { read: () => '#!/bin/sh\n' })

test(`${files} random, truncated and changed Dockerfiles and Makefiles: no crash, and TOML as xbuild reads it`, async () => {
  const next = random(seed)
  for (let index = 0; index < files; index++) {
    const changed = mutate(seeds[index % seeds.length] as string, seeds, next)
    // As it is read from a file: without halves of a surrogate pair.
    const text = Buffer.from(changed).toString()
    try {
      const { settings } = adoptDockerfile(text, 'Dockerfile', project)
      readMakefile(text)
      await parseConfig(tomlText(mergeSettings(settings)), 'xbuild.toml').catch(error => {
        // What the schema refuses, keep-usable.ts leaves out; what is no TOML, nothing does.
        if (!/ha(?:s|ve) .*mistake|holds the character NUL/.test(error.what)) throw error
      })
    } catch (error) {
      throw new Error(`seed ${seed}, file ${index}: ${JSON.stringify(text)}`, { cause: error })
    }
  }
}, 3_600_000)

test.each([
  ['conf[a-c].json', ['confa.json', 'confb.json']],
  ['conf[^a].json', ['confb.json']],
  ['*.json', ['confa.json', 'confb.json', 'x+.json']],
  ['x\\+.json', ['x+.json']],
  ['x[+].json', ['x+.json']],
  ['conf?.js', []],
])('COPY %s takes the files that BuildKit takes', (pattern, names) => {
  const files = ['confa.json', 'confb.json', 'x+.json']
  const text = `FROM scratch\nCOPY ${pattern} /etc/\n`
  const found = adoptDockerfile(text, 'Dockerfile', goProject(files)).settings.filter(
    ({ key }) => key === 'files',
  )
  expect(found.flatMap(({ value }) => value)).toEqual(names.map(from => ({ from, to: '/etc/' })))
})

test.each([['FROM a\nCOPY conf[z-a].json x[ [ab]*.md /etc/\n'], ['FROM a\nARG a(b=1\nARG [z-a]\n']])(
  '%j is read to its end',
  text =>
    expect(adoptDockerfile(text, 'Dockerfile', goProject(['static/a'])).entries.length).toBeGreaterThan(1),
)
