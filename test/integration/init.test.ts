import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { fakeTools } from '../support/fake-tools.ts'
import { commit, helloGo, project } from '../support/projects.ts'

const dockerfile = `FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -tags netgo -ldflags "-s -w -X main.version=$(git describe)" -o /hello .
FROM alpine:3.20
RUN apk add --no-cache ca-certificates bash
COPY --from=build /hello /usr/local/bin/hello
EXPOSE 8080
USER 1000
ENTRYPOINT ["/usr/local/bin/hello"]
`
const files = { ...helloGo, Dockerfile: dockerfile, Makefile: 'all:\n\tgo vet ./...\n' }
const read = (dir: string, path: string) => readFile(join(dir, path), 'utf8')

describe('xbuild init', () => {
  it('writes what differs, a target and a job, and nothing the second time', async () => {
    const dir = await project({ ...files, '.github/workflows/test.yml': 'on: push\njobs: {}\n' })
    commit(dir)
    const first = await xbuild(['init', '--yes'], { cwd: dir })
    expect(first, first.stderr).toMatchObject({ code: 0 })
    expect(await read(dir, 'xbuild.toml')).toMatch(
      /^#:schema \.\/\.xbuild\/schema\.json\n[\s\S]*program = "\/usr\/local\/bin\/hello"[\s\S]*user = "1000"[\s\S]*ports = \[8080\]|ports = \[8080\][\s\S]*user = "1000"/,
    )
    expect(await read(dir, 'xbuild.toml')).toContain('[go]\n# Build tags. (Dockerfile:4)\ntags = ["netgo"]\n')
    expect(JSON.parse(await read(dir, '.xbuild/schema.json'))).toMatchObject({ title: 'xbuild.toml' })
    expect(await read(dir, 'Makefile')).toMatch(/^all:\n\tgo vet \.\/\.\.\.\n\n# Container images/)
    expect(await read(dir, '.github/workflows/image.yml')).toContain('run: xbuild build --report')
    expect(first.stderr).toMatch(/Left for you to decide:\n {2}Dockerfile:6 .*the image had bash/)
    expect(await xbuild(['lint', '.github/workflows/image.yml'], { cwd: dir })).toMatchObject({ code: 0 })
    const second = await xbuild(['init', '--yes'], { cwd: dir })
    expect(second).toMatchObject({ code: 0, stdout: '' })
    expect(second.stderr).toMatch(/xbuild\.toml stays[\s\S]*Nothing to change\.\n$/)
    expect(second.stderr).not.toContain('Not in xbuild.toml')
    // A line that the Dockerfile has got since is shown, and nothing is written.
    const before = await read(dir, 'xbuild.toml')
    await writeFile(join(dir, 'Dockerfile'), `${dockerfile}EXPOSE 9090\nENV MODE=x\n`)
    const third = await xbuild(['init', '--yes'], { cwd: dir })
    expect(third.stderr).toMatch(
      /Not in xbuild\.toml, which init leaves as it is:\n.*:12 .*\[image\] env = \{ MODE = "x" \}/,
    )
    expect(third.stderr).toMatch(/\[image\] ports = \[9090\]\n/)
    expect(third.stderr).toMatch(/Nothing to change\.\n$/)
    expect(await read(dir, 'xbuild.toml')).toBe(before)
    const plan = JSON.parse((await xbuild(['plan', '--json', '--backend=oci'], { cwd: dir })).stdout)
    expect(plan.images[0].config).toMatchObject({
      entrypoint: ['/usr/local/bin/hello'],
      ports: ['8080/tcp'],
      user: '1000',
    })
    expect(plan.steps[0].command.args).toContain('-tags=netgo')
  })

  it('takes the platforms of the workflow that the base has, and says of the others', async () => {
    const workflow =
      'on: push\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          platforms: linux/amd64,linux/386,linux/arm/v7\n'
    const dir = await project({ ...files, '.github/workflows/a.yml': workflow })
    const { stderr } = await xbuild(['init', '--yes', '--ci=none'], { cwd: dir })
    expect(stderr).toMatch(/\.github\/workflows\/a\.yml:7 .*no image for linux\/386: base = "builtin"/)
    expect(await read(dir, 'xbuild.toml')).toContain('platforms = ["linux/amd64", "linux/arm/v7"]')
  })

  it('prints a patch with --dry-run, and asks nobody without a terminal', async () => {
    const dir = await project(files)
    const dry = await xbuild(['init', '--dry-run', '--ci=gitlab'], { cwd: dir })
    expect(dry).toMatchObject({ code: 0 })
    expect(dry.stdout).toMatch(
      /^diff --git a\/xbuild\.toml b\/xbuild\.toml\nnew file[\s\S]*\+image-of-the-project:/,
    )
    const asked = await xbuild(['init'], { cwd: dir })
    expect(asked).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Nothing was written[\s\S]*init --yes/),
    })
    await expect(read(dir, 'xbuild.toml')).rejects.toThrow()
  })

  it('writes none of the files where one of them cannot be written', async () => {
    const dir = await project({ ...files, '.github': 'a file\n' })
    expect(await xbuild(['init', '--yes', '--ci=github'], { cwd: dir })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /\.github\/workflows\/image\.yml cannot be written[\s\S]*a part of the path is a file\n\s+nothing was written/,
      ),
    })
    await expect(read(dir, 'xbuild.toml')).rejects.toThrow()
    expect(await read(dir, 'Makefile')).toBe(files.Makefile)
  })

  it('does not look at a Dockerfile that nobody wrote', async () => {
    const dir = await project({ ...files, Dockerfile: `FROM a\n${'ENV A=b\n'.repeat(6000)}` })
    const { code, stderr } = await xbuild(['init', '--dry-run', '--ci=none'], { cwd: dir })
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/Dockerfile:1 .*more than 5000 lines: it was not looked at/)
  })

  it('names the Dockerfiles that are in no usual place, and none of others’', async () => {
    const text = 'FROM scratch\nEXPOSE 9\n'
    const elsewhere = {
      'packaging/docker/alpine/Dockerfile': text,
      'packaging/docker/Dockerfile.debian': text,
      'vendor/example.com/x/Dockerfile': text,
    }
    const dir = await project({ ...helloGo, ...elsewhere })
    commit(dir)
    const init = (...args: string[]) => xbuild(['init', '--dry-run', '--ci=none', ...args], { cwd: dir })
    const { stderr } = await init()
    expect(stderr).toContain(
      'No Dockerfile is in a usual place, but 2 files elsewhere: packaging/docker/Dockerfile.debian, packaging/docker/alpine/Dockerfile; xbuild init --file packaging/docker/Dockerfile.debian takes the first one over\n',
    )
    const chosen = await init('--file', 'packaging/docker/Dockerfile.debian')
    expect(chosen.stderr).not.toContain('usual place')
    expect(chosen.stdout).toContain('+ports = [9]')
  })

  it('says where a release file is no YAML, and the line of what it takes from one', async () => {
    const toml = async (yaml: string) => {
      const dir = await project({ ...helloGo, '.goreleaser.yml': yaml })
      const { code, stdout, stderr } = await xbuild(['init', '--dry-run', '--ci=none'], { cwd: dir })
      expect(code, stderr).toBe(0)
      return { stdout, stderr }
    }
    expect((await toml('version: 2\nbuilds: *gone\n')).stderr).toMatch(
      /Left for you to decide:\n {2}\.goreleaser\.yml:1 .*it is not read, for it is no YAML: .*gone/,
    )
    const good = 'version: 2\nbuilds:\n  - tags: [netgo]\n'
    expect((await toml(good)).stdout).toContain('+# Build tags. (.goreleaser.yml:2)\n+tags = ["netgo"]')
    expect((await toml('builds:\n  - binary: greeter\n')).stdout).toContain('+program = "/greeter"')
    expect((await toml('builds:\n  - binary: hello\n')).stdout).not.toContain('+program')
    expect((await toml('builds:\n  - binary: "{{ .ProjectName }}"\n')).stdout).not.toContain('+program')
  })

  it('leaves a Makefile alone whose bytes it could not keep', async () => {
    const dir = await project(files)
    const latin = Buffer.from('all:\n\techo caf\xe9\n', 'latin1')
    await writeFile(join(dir, 'Makefile'), latin)
    const { code, stderr } = await xbuild(['init', '--yes', '--ci=none'], { cwd: dir })
    expect(code, stderr).toBe(0)
    expect(stderr).toContain('Makefile stays: it is not UTF-8: add make image and make image-push yourself')
    expect(await readFile(join(dir, 'Makefile'))).toEqual(latin)
  })

  it('takes --file as seen from the project and from the current folder, and absolute', async () => {
    const dir = await project({
      'app/go.mod': files['go.mod'],
      'app/main.go': files['main.go'],
      'app/b/A': dockerfile,
      'other/C': dockerfile,
    })
    for (const [file, named] of [
      ['b/A', 'b/A:8'],
      ['app/b/A', 'b/A:8'],
      ['other/C', '../other/C:8'],
      [join(dir, 'app/b/A'), 'b/A:8'],
    ] as const) {
      const found = await xbuild(['init', 'app', '--dry-run', '--ci=none', '--file', file], { cwd: dir })
      expect(found, found.stderr).toMatchObject({ code: 0 })
      expect(found.stdout).toContain(`(${named})\n+ports = [8080]`)
    }
    const none = await xbuild(['init', 'app', '--dry-run', '--file', 'none'], { cwd: dir })
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no file none') })
  })

  it('leaves an xbuild.toml, a workflow and a target of the project alone', async () => {
    const dir = await project({
      ...files,
      Makefile: 'image:\n\tdocker build .\n',
      'xbuild.toml': 'dist = "out"\n',
      '.github/workflows/image.yml': 'mine\n',
    })
    expect(await xbuild(['init', '--yes', '--ci=github'], { cwd: dir })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('it has a target image already'),
    })
    expect(await read(dir, 'xbuild.toml')).toBe('dist = "out"\n')
    expect(await read(dir, '.github/workflows/image.yml')).toBe('mine\n')
  })

  it('reads the Dockerfile where there is no toolchain', async () => {
    const dir = await project(files)
    const { bin } = await fakeTools()
    const result = await xbuild(['init', '--json', '--yes', '--ci=none'], { cwd: dir, env: { PATH: bin } })
    expect(result.stderr).toMatch(/could not be listed: go was not found/)
    const found = JSON.parse(result.stdout)
    expect(found).toMatchObject({ dockerfile: 'Dockerfile', kept: [] })
    expect(found.files.map(({ path }: { path: string }) => path)).toEqual([
      'xbuild.toml',
      '.xbuild/schema.json',
      'Makefile',
    ])
    expect(found.lines).toContainEqual(
      expect.objectContaining({ line: 8, outcome: 'moved', says: '[image] ports' }),
    )
  })

  it.each([
    [['init', '--file', 'none'], 'There is no file none'],
    [['init', '--ci', 'jenkins'], 'jenkins'],
  ])('%j is refused', async (args, what) => {
    const dir = await project(files)
    expect(await xbuild(args, { cwd: dir })).toMatchObject({ code: 2, stderr: expect.stringContaining(what) })
  })

  it('refuses a folder without a project', async () => {
    expect(
      await xbuild(['init', '--yes'], { cwd: await project({ Dockerfile: 'FROM scratch\n' }) }),
    ).toMatchObject({ code: 3 })
  })

  it('takes a Dockerfile of any content without a stack', async () => {
    const dir = await project(helloGo)
    await writeFile(join(dir, 'Dockerfile'), Buffer.from([0xff, 0x00, 0x46, 0x52, 0x4f, 0x4d, 0x0a, 0x5b]))
    expect(await xbuild(['init', '--yes', '--ci=none'], { cwd: dir })).toMatchObject({ code: 0 })
  })
})
