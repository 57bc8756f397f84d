import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { project, temporaryFolder } from '../support/projects.ts'
import { describeWith, rigValue } from '../support/rig.ts'

const mega = 1024 * 1024

/** Writes what the kernel counted for the process, when it ends. */
const recorder = `
import { readFileSync, writeFileSync } from 'node:fs'
process.on('exit', () => writeFileSync(process.env.XBUILD_TEST_STATUS, readFileSync('/proc/self/status')))
`

describeWith(['registry'], 'a Go program of 300 MB for four platforms', () => {
  it('is packed, pushed, written to an archive and read back in less than 150 MB of memory', async context => {
    if (process.platform !== 'linux') return context.skip('needs /proc')
    const dir = await project({
      'go.mod': 'module example.com/large\n\ngo 1.21\n',
      'main.go':
        'package main\n\nimport _ "embed"\n\n//go:embed large\nvar large string\n\nfunc main() { println(len(large)) }\n',
    })
    // Sparse but for 20 MB that do not compress: it is the memory that is measured, not the processor.
    const handle = await open(join(dir, 'large'), 'w')
    for (let at = 0; at < 300; at += 15) await handle.write(randomBytes(mega), 0, mega, at * mega)
    await handle.truncate(300 * mega)
    await handle.close()
    const status = join(await temporaryFolder(), 'status')
    const result = await xbuild(
      [
        '--platform=linux/amd64,linux/arm64,linux/riscv64,linux/s390x',
        ...['--backend=oci', '--base=builtin', '--push', `--output=${join(dir, 'large.tar')}`],
        `--tag=${rigValue('XBUILD_RIG_REGISTRY')}/oci-e2e-${process.pid}/large:1`,
      ],
      {
        cwd: dir,
        env: {
          GOCACHE: await temporaryFolder(), // a gigabyte
          XDG_CACHE_HOME: await temporaryFolder(),
          NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(recorder)}`,
          XBUILD_TEST_STATUS: status,
        },
      },
    )
    expect(result, result.stderr).toMatchObject({ code: 0 })
    expect(result.stderr).toContain('every binary equal to the one compiled')
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))?.[1]) / 1024
    console.log(`VmHWM of xbuild: ${Math.round(peak)} MB`)
    expect(peak).toBeGreaterThan(20)
    expect(peak).toBeLessThan(150)
  }, 900_000)
})
