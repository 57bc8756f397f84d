import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { buildFlags } from '../config/flags.ts'
import { registryHosts } from '../config/image-options.ts'
import { type Options, resolveOptions } from '../config/options.ts'
import { Failure, isFailure } from '../errors.ts'
import { interruptSignal } from '../interrupt.ts'
import { defaultPlatforms, type Platform, parsePlatforms } from '../platforms.ts'
import { canAsk, confirm } from '../ui/confirm.ts'
import { cleanText, printJson } from '../util/printable.ts'
import { about } from '../version.ts'
import { defineCommand, dirPositional } from './command.ts'

/** `xbuild doctor [dir]`: looks at everything that a build of the project depends on, and says what fixes what is wrong. */
export const doctorCommand = defineCommand({
  usage: 'doctor [dir]',
  describe:
    'Check toolchain, builder, emulators, bases, registries and caches; --fix repairs what is safe to',
  positionals: dirPositional,
  flags: {
    image: {
      type: 'string',
      requiresArg: true,
      describe: 'Also check a pushed image: every platform there, whole, with a binary of its own',
    },
    fix: {
      type: 'boolean',
      describe: 'Run what is safe to: docker buildx create, tonistiigi/binfmt, rustup target add',
    },
    yes: { alias: 'y', type: 'boolean', describe: 'With --fix: run it without asking' },
    platform: buildFlags.platform,
    tag: buildFlags.tag,
    lang: buildFlags.lang,
    bin: buildFlags.bin,
    base: buildFlags.base,
    'base-registry': buildFlags['base-registry'],
    backend: buildFlags.backend,
    builder: buildFlags.builder,
    'insecure-registry': buildFlags['insecure-registry'],
    json: { type: 'boolean', describe: 'Print the report as JSON on stdout' },
  },
  run: async argv => {
    const dir = resolve(argv.dir ?? '.')
    await checkFolder(dir)
    const options = await settle(resolveOptions({ ...argv, dir }))
    const platforms = options instanceof Failure ? wantedPlatforms(argv.platform) : options.platforms
    const given = {
      dir: options instanceof Failure ? dir : options.dir,
      env: process.env,
      options,
      platforms,
      image: argv.image,
      insecure: insecureOf(options, argv.insecureRegistry),
      signal: interruptSignal,
    }
    const { look } = await import('../doctor/look.ts')
    let checked = await look(given)
    let repairs: object[] = []
    if (argv.fix) {
      const { runRepairs } = await import('../doctor/repair.ts')
      repairs = await runRepairs(checked, {
        confirm: canAsk() ? question => confirm(question, interruptSignal) : undefined,
        yes: argv.yes ?? false,
        say: line => process.stderr.write(`${cleanText(line)}\n`),
        signal: interruptSignal,
      })
      // What is reported is how things are now.
      if (repairs.length > 0) checked = await look(given)
    }
    const { doctorFailure } = await import('../doctor/run-checks.ts')
    const report = {
      about: about(),
      dir: given.dir,
      platforms: platforms.map(({ id }) => id),
      ok: checked.every(({ status }) => status !== 'problem'),
      checks: checked.map(({ repairs: _, ...found }) => found),
      repairs,
    }
    const failure = doctorFailure(checked, report)
    const { describeChecks } = await import('../doctor/describe.ts')
    if (!argv.json) process.stdout.write(`${cleanText(describeChecks(checked, given))}\n`)
    // With --json, the failure prints the report.
    if (failure) throw failure
    if (argv.json) process.stdout.write(`${printJson(report)}\n`)
  },
})

async function settle(resolving: Promise<Options>): Promise<Options | Failure> {
  return resolving.catch((error): Failure => {
    if (isFailure(error, 'usage')) return error
    throw error
  })
}

/** Those of --platform; the defaults where it is what is wrong. */
function wantedPlatforms(flag: readonly string[] = defaultPlatforms): Platform[] {
  try {
    return parsePlatforms(flag)
  } catch (error) {
    if (isFailure(error, 'usage')) return parsePlatforms(defaultPlatforms)
    throw error
  }
}

function insecureOf(options: Options | Failure, flag: readonly string[] | undefined): readonly string[] {
  if (options instanceof Failure) return registryHosts(flag ?? [])
  const images = [options.image, ...Object.values(options.images)]
  return [...new Set(images.flatMap(image => image.insecureRegistries))]
}

async function checkFolder(dir: string): Promise<void> {
  const found = await stat(dir).catch(() => undefined)
  if (found?.isDirectory()) return
  throw new Failure({
    kind: 'usage',
    what: found ? `${dir} is no folder` : `There is no folder ${dir}`,
    fix: 'xbuild doctor DIR, with the folder of a project',
  })
}
