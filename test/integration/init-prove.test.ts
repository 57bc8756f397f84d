import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { fakeTools } from '../support/fake-tools.ts'
import { needsTool } from '../support/needs-tool.ts'
import { helloGo, project, temporaryFolder } from '../support/projects.ts'

const dockerfile = `FROM golang AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /hello .
FROM scratch
COPY --from=build /hello /hello
EXPOSE 8080
USER 1000
ENTRYPOINT ["/hello"]
`
const arch = process.arch === 'arm64' ? 'arm64' : 'amd64'
const env = { XBUILD_BACKEND: 'oci' }

it('builds both ways, and shows what is the same and what is not', async context => {
  needsTool(context, 'go')
  const out = await temporaryFolder()
  const theirs = join(out, 'theirs.tar')
  const other = await project({
    ...helloGo,
    'extra.txt': 'extra',
    'xbuild.toml':
      '[image]\nbase = "scratch"\nports = [9090]\nfiles = [{ from = "extra.txt", to = "/extra.txt" }]\n',
  })
  const built = await xbuild([`--platform=linux/${arch}`, '-o', theirs], { cwd: other, env })
  expect(built, built.stderr).toMatchObject({ code: 0 })
  // The Dockerfile's image is made by the stand-in of docker: the archive that it is told to write is a copy of that one.
  await writeFile(join(out, 'source'), theirs)
  const tools = await fakeTools({
    docker: {
      when: /buildx build/,
      script: ({ args }, { fs }) => {
        const output = args.find(arg => arg.startsWith('--output=')) ?? ''
        const file = args.find(arg => arg.startsWith('--file=')) ?? ''
        const from = fs.readFileSync(`${process.env['THEIRS']}/source`, 'utf8')
        if (file.endsWith('/Dockerfile')) fs.copyFileSync(from, output.replace(/^.*dest=/, ''))
      },
    },
  })
  const dir = await project({ ...helloGo, Dockerfile: dockerfile })
  const args = ['init', '--yes', '--ci=none', '--prove']
  const run = { cwd: dir, env: { ...env, PATH: tools.path, THEIRS: out } }
  const result = await xbuild(args, run)
  expect(result, result.stderr).toMatchObject({ code: 0 })
  expect(result.stdout).toMatch(/^ExposedPorts +9090\/tcp +8080\/tcp +≠$/m)
  expect(result.stdout).toMatch(/^program +\/hello +\/hello$/m)
  expect(result.stdout).toMatch(
    /The program has the same bytes\.[\s\S]*1 only with the Dockerfile:\n {4}\/extra\.txt/,
  )
  const { proof } = JSON.parse((await xbuild([...args, '--json'], run)).stdout)
  expect(proof).toMatchObject({
    platform: `linux/${arch}`,
    images: { dockerfile: 'scratch', xbuild: 'scratch' },
    comparison: { program: { same: true }, files: { onlyDockerfile: ['/extra.txt'], different: [] } },
  })
  expect((await tools.calls('docker'))[0]?.args).toEqual(
    expect.arrayContaining([`--platform=linux/${arch}`, '--provenance=false', dir]),
  )
})

it('says what docker says where the Dockerfile cannot be built', async () => {
  const tools = await fakeTools({
    docker: {
      stderr:
        'ERROR: failed to solve: process "/bin/sh -c false" did not complete successfully: exit code: 1\n',
      exitCode: 1,
    },
  })
  const dir = await project({ ...helloGo, Dockerfile: dockerfile })
  const result = await xbuild(['init', '--yes', '--ci=none', '--prove'], {
    cwd: dir,
    env: { ...env, PATH: tools.path },
  })
  expect(result).toMatchObject({
    code: 7,
    stderr: expect.stringMatching(/Dockerfile cannot be built[\s\S]*exit code: 1/),
  })
})

it('needs a Dockerfile', async () => {
  const dir = await project(helloGo)
  expect(await xbuild(['init', '--yes', '--ci=none', '--prove'], { cwd: dir })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no Dockerfile to compare with'),
  })
})
