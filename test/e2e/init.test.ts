import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { helloGo, project } from '../support/projects.ts'
import { describeWith, rigEnvironment, rigValue } from '../support/rig.ts'

describeWith(['engine', 'buildx', 'bases', 'golang-image'], 'xbuild init --prove', () => {
  it('finds the image of a Dockerfile again, with the same bytes of the program', async () => {
    const distroless = rigValue('XBUILD_RIG_DISTROLESS')
    const dir = await project({
      ...helloGo,
      'static/a.txt': 'a\n',
      Dockerfile: [
        `FROM ${rigValue('XBUILD_RIG_GOLANG_IMAGE')} AS build`,
        'WORKDIR /src',
        'COPY . .',
        'RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /hello .',
        `FROM ${distroless}/static-debian13:nonroot`,
        'COPY static /static',
        'COPY --from=build /hello /usr/bin/hello',
        'EXPOSE 8080 53/udp',
        'ENV A=1 B="two words"',
        'VOLUME /data',
        'STOPSIGNAL SIGINT',
        'HEALTHCHECK --interval=1m --retries=2 CMD ["/usr/bin/hello", "health"]',
        'LABEL team="a b" a=b',
        'ENTRYPOINT ["/usr/bin/hello"]',
        'CMD ["serve"]',
        '',
      ].join('\n'),
    })
    await mkdir(join(dir, 'empty'))
    await writeFile(join(dir, '.dockerignore'), 'dist\n')
    const result = await xbuild(['init', '--yes', '--ci=none', '--prove', '--json'], {
      cwd: dir,
      env: rigEnvironment(),
    })
    expect(result, result.stderr).toMatchObject({ code: 0 })
    const { comparison, seconds } = JSON.parse(result.stdout).proof
    expect(comparison.config.filter(({ same }: { same: boolean }) => !same)).toEqual([])
    expect(comparison.config.length).toBeGreaterThanOrEqual(9)
    expect(comparison.program).toMatchObject({ same: true, xbuild: { path: '/usr/bin/hello' } })
    expect(comparison.files).toMatchObject({ different: [], onlyDockerfile: [], onlyXbuild: [] })
    expect(seconds.xbuild).toBeGreaterThan(0)
  })
})
