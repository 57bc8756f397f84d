import { Failure } from '../errors.ts'
import { initWords } from '../image/init.ts'
import { linkedPath } from '../image/paths.ts'
import { entrypointPaths } from '../image/verify/entrypoint.ts'
import type { ImageSpec } from '../types.ts'

/** As Linux follows (path_resolution(7)). */
const mostLinks = 40

/**
 * Checks that the program which a container runs is one of the image's own files, where the base is known to bring none.
 * @throws {Failure} usage
 */
export function checkEntrypoint({ config, files, base }: ImageSpec): void {
  // Of a base that xbuild does not know, and of distroless's with a shell, only the finished image can tell.
  if (base.family === 'other' || /:debug/.test(base.reference)) return
  const isInit = initWords.every((part, index) => config.entrypoint[index] === part)
  const entrypoint = isInit ? config.entrypoint.slice(initWords.length) : config.entrypoint
  const [word] = [...entrypoint, ...config.cmd]
  if (word === undefined || (/^[^/]+\//.test(word) && config.workdir === undefined)) return
  const paths = entrypointPaths({
    config: {
      Entrypoint: entrypoint,
      Cmd: config.cmd,
      Env: Object.entries(config.env).map(([name, value]) => `${name}=${value}`),
      WorkingDir: config.workdir,
    },
  })
  const isThere = (path: string, links = 0): boolean =>
    files.some(({ target, source }) => {
      if (path !== target && !path.startsWith(`${target}/`)) return false
      return !('link' in source) || (links < mostLinks && isThere(linkedPath(target, source.link), links + 1))
    })
  if (paths.some(path => isThere(path))) return
  const [program, ...others] = files.map(({ target }) => target)
  const shown = [program, ...others.slice(0, 4), ...(others.length > 4 ? ['…'] : [])]
  throw new Failure({
    kind: 'usage',
    what: `The entrypoint ${JSON.stringify(word)} is not in the image`,
    where: '[image] entrypoint of xbuild.toml',
    key: ['image', 'entrypoint'],
    why: `the image has ${shown.join(', ')}, and the base ${base.reference} has no programs`,
    fix: word.startsWith('/')
      ? `program = ${JSON.stringify(word)} in [image] puts the program there`
      : `entrypoint = [${JSON.stringify(program)}, …] in [image]`,
  })
}
