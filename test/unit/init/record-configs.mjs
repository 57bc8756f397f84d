// Records what BuildKit makes of the Dockerfiles of the round trip, into test/fixtures/init/configs.json:
//
//   node test/unit/init/record-configs.mjs CASES.json        with docker buildx on PATH
//
// Bases are replaced by scratch, and RUN, COPY and ADD are taken out: what is left decides the config alone.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const cases = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'record-'))
const configs = {}
for (const { name, text } of cases) {
  const stages = [...text.matchAll(/^\s*from\s+\S+\s+as\s+(\S+)/gim)].map(([, stage]) => stage)
  const bare = text
    .replace(/^\s*(?:RUN|COPY|ADD)\s.*\n/gim, '')
    .replace(/^(\s*from\s+)(\S+)/gim, (whole, from, image) =>
      stages.includes(image) ? whole : `${from}scratch`,
    )
  writeFileSync(join(folder, 'Dockerfile'), `${bare}\n`)
  const out = join(folder, 'out')
  const args = ['buildx', 'build', '--provenance=false', '--output', `type=oci,dest=${out},tar=false`, folder]
  execFileSync('docker', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const blob = digest => JSON.parse(readFileSync(join(out, 'blobs', digest.replace(':', '/')), 'utf8'))
  const index = JSON.parse(readFileSync(join(out, 'index.json'), 'utf8'))
  configs[name] = blob(blob(index.manifests[0].digest).config.digest).config
  rmSync(out, { recursive: true })
}
rmSync(folder, { recursive: true })
writeFileSync(
  new URL('../../fixtures/init/configs.json', import.meta.url),
  `${JSON.stringify(configs, undefined, 2)}\n`,
)
