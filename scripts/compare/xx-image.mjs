// An image of the scripts of xx (github.com/tonistiigi/xx), as its own Dockerfile makes it, from a checkout.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** What its Dockerfile links. */
const links = { 'xx-clang': 'xx-cc', 'xx-clang++': 'xx-cc', 'xx-c++': 'xx-cc', 'xx-apt-get': 'xx-apt' }

/**
 * Pushes the image. @returns its reference
 * @param {string} checkout @param {string} registry @param {string} folder where its context is put
 */
export function pushXx(checkout, registry, folder) {
  const context = join(folder, 'xx')
  const bin = join(context, 'root/usr/bin')
  mkdirSync(bin, { recursive: true })
  const source = join(checkout, 'src')
  for (const name of readdirSync(source).filter(each => /^xx-[a-z-]+$/.test(each)))
    cpSync(join(source, name), join(bin, name))
  for (const [link, target] of Object.entries(links)) symlinkSync(target, join(bin, link))
  addCommands(join(context, 'root'))
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY root/ /\n')
  const reference = `${registry}/xx:compared`
  const args = ['buildx', 'build', `--tag=${reference}`, '--push', '--provenance=false', context]
  const { status, stderr } = spawnSync('docker', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`)
  return reference
}

/**
 * xx-verify calls file(1), which it installs from the network where the image has none, and flock(1): this machine's are put into
 * the image, with the libraries that they need. An image of a distribution has flock.
 */
const commands = {
  '/usr/bin/file': { data: ['/usr/lib/file/magic.mgc'], flags: ['-m', '/opt/xx/magic.mgc'] },
  '/usr/bin/flock': { data: [], flags: [] },
}

/** @param {string} root */
function addCommands(root) {
  const own = join(root, 'opt/xx')
  mkdirSync(own, { recursive: true })
  for (const [program, { data, flags }] of Object.entries(commands)) {
    const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' })
    const libraries = [...(stdout ?? '').matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)
    const loader = libraries.find(path => basename(path).startsWith('ld-'))
    if (!loader || !data.every(existsSync)) continue
    for (const path of [program, ...data, ...libraries])
      cpSync(path, join(own, basename(path)), { dereference: true })
    const name = basename(program)
    const call = [`/opt/xx/${basename(loader)}`, '--library-path', '/opt/xx', `/opt/xx/${name}`, ...flags]
    const script = join(root, 'usr/bin', name)
    writeFileSync(script, `#!/bin/sh\nexec ${call.join(' ')} "$@"\n`)
    chmodSync(script, 0o755)
  }
}
