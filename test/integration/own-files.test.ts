import { expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { commit, helloGo, project } from '../support/projects.ts'

it('a Dockerfile and a Makefile are hinted at in one line each, until there is an xbuild.toml', async () => {
  const files = {
    ...helloGo,
    Dockerfile:
      'FROM golang AS b\nRUN go build -o /hello .\nFROM alpine\nEXPOSE 8080\nVOLUME /data\nCOPY web /web\n',
    Makefile: 'all:\n\tgo build -ldflags "-X example.com/hello/v.Version=$(V)"\n',
  }
  const notes = async (extra: Record<string, string> = {}) => {
    const { stdout } = await xbuild(['plan', '--json', '--backend=oci'], {
      cwd: await project({ ...files, ...extra }),
    })
    return (JSON.parse(stdout).notes as string[]).filter(note => /xbuild init/.test(note))
  }
  expect(await notes()).toEqual([
    expect.stringMatching(/^Dockerfile is not used, .*EXPOSE 8080; VOLUME \/data; COPY web\. xbuild init/),
    expect.stringMatching(/^Makefile sets example\.com\/hello\/v\.Version by -X/),
  ])
  expect(await notes({ 'xbuild.toml': '' })).toEqual([])
})

const note = async (files: Record<string, string>, about: RegExp, tracked = false) => {
  const cwd = await project({ ...helloGo, ...files })
  if (tracked) commit(cwd)
  const { stdout } = await xbuild(['plan', '--json', '--backend=oci'], { cwd })
  return (JSON.parse(stdout).notes as string[]).filter(text => about.test(text))
}

it('a Dockerfile in a folder is hinted at where it names the program', async () => {
  const text =
    'FROM golang AS b\nRUN go build -o /PROGRAM .\nFROM alpine\nCOPY --from=b /PROGRAM /\nEXPOSE 80\n'
  const own = { 'scripts/Dockerfile': text.replaceAll('PROGRAM', 'hello') }
  expect(await note(own, /Dockerfile/)).toEqual([expect.stringMatching(/^scripts\/Dockerfile is not used/)])
  expect(await note({ 'scripts/Dockerfile': text }, /Dockerfile/)).toEqual([])
})

it('a front end that nobody made is hinted at, with the steps that make it', async () => {
  const files = { 'web/package.json': '{"scripts":{"build":"vite build"}}', 'web/yarn.lock': '' }
  expect(await note(files, /front end/)).toEqual([
    expect.stringMatching(
      /^web\/package\.json has .*before = \[\{ args = \["yarn", "install", .*cwd = "web" \}\]/,
    ),
  ])
  expect(await note({ ...files, 'web/dist/index.html': '' }, /front end/, true)).toEqual([])
})

it.each<[string, string, string | undefined]>([
  [
    'the program that it builds',
    'builds:\n  - main: ./examples/base   # the program\n    binary: app\n',
    'base',
  ],
  ['a file of the program', "builds:\n- id: x\n  main: 'examples/base/main.go'\n", 'base'],
  ['two programs', 'builds:\n- main: ./examples/base\n- main: ./tools/gen\n', undefined],
  ['a program of another folder', 'builds:\n- main: ./examples/base\n  dir: sub\n', undefined],
])('.goreleaser.yaml chooses where several could be meant: %s', async (_, yaml, expected) => {
  const main = 'package main\nfunc main() {}\n'
  const files = { 'examples/base/main.go': main, 'tools/gen/main.go': main, 'go.mod': helloGo['go.mod'] }
  const cwd = await project({ ...files, '.goreleaser.yaml': yaml })
  const { code, stdout, stderr } = await xbuild(['plan', '--json', '--backend=oci'], { cwd })
  if (expected === undefined) expect([code, stderr]).toEqual([3, expect.stringContaining('2 executables')])
  else expect(JSON.parse(stdout).images[0].name).toBe(expected)
})
