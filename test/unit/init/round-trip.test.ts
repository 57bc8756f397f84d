import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { chosenBase, planImage } from '../../../src/build/plan-image.ts'
import { imageOptions } from '../../../src/config/image-options.ts'
import { parseConfig } from '../../../src/config/load.ts'
import type { Options } from '../../../src/config/options.ts'
import { adoptDockerfile } from '../../../src/init/adopt/adopt-dockerfile.ts'
import { mergeSettings } from '../../../src/init/settings.ts'
import { tomlText } from '../../../src/init/write/toml.ts'
import { parsePlatforms } from '../../../src/platforms.ts'
import type { Healthcheck, ImageConfig } from '../../../src/types.ts'
import { cases } from './dockerfiles.ts'
import { goProject } from './project-facts.ts'

/** What BuildKit makes of each Dockerfile (record-configs.mjs). */
const recorded: Record<string, Record<string, unknown>> = JSON.parse(
  readFileSync(new URL('../../fixtures/init/configs.json', import.meta.url), 'utf8'),
)

/** The config of the image that xbuild makes with the adopted xbuild.toml. */
async function configOf(text: string) {
  const { settings, entries } = adoptDockerfile(
    text,
    'Dockerfile',
    goProject(['static/index.html', 'conf/a.toml', 'conf/b.toml', 'static/', 'conf/']),
  )
  const toml = tomlText(mergeSettings(settings))
  const config = await parseConfig(toml, 'xbuild.toml')
  const image = imageOptions(config.image, '/project', {})
  const platforms = parsePlatforms(['linux/amd64'])
  const options = { platforms, dist: '/d', outputs: [], push: false, load: false } as unknown as Options
  const base = chosenBase(image.base ?? 'gcr.io/distroless/static-debian13:nonroot')
  const executable = { name: 'app', package: '.' }
  const { spec } = planImage({ name: 'app', executables: [executable], image }, base, { epoch: 0 }, options)
  return { config: asOci(spec.config), entries, toml }
}

/** As image-spec and Docker write it. */
function asOci(config: ImageConfig): Record<string, unknown> {
  const set = (keys: readonly string[] = []) =>
    keys.length > 0 ? Object.fromEntries(keys.map(key => [key, {}])) : undefined
  const labels = Object.entries(config.labels)
  return {
    Entrypoint: config.entrypoint.length > 0 ? config.entrypoint : undefined,
    Cmd: config.cmd.length > 0 ? config.cmd : undefined,
    Env: Object.entries(config.env)
      .map(([name, value]) => `${name}=${value}`)
      .sort(),
    User: config.user ?? '',
    WorkingDir: config.workdir ?? '/',
    ExposedPorts: set(config.ports),
    Volumes: set(config.volumes),
    Labels: labels.length > 0 ? config.labels : undefined,
    StopSignal: config.stopSignal,
    Healthcheck: config.healthcheck && healthcheck(config.healthcheck),
  }
}

function healthcheck({ test, interval, timeout, startPeriod, startInterval, retries }: Healthcheck) {
  return {
    Test: test.length > 0 ? ['CMD', ...test] : ['NONE'],
    ...(interval && { Interval: interval }),
    ...(timeout && { Timeout: timeout }),
    ...(startPeriod && { StartPeriod: startPeriod }),
    ...(startInterval && { StartInterval: startInterval }),
    ...(retries && { Retries: retries }),
  }
}

describe('an adopted Dockerfile has the config that BuildKit makes of it', () => {
  test.each(cases)('$name', async ({ name, text, instead = {}, left = [] }) => {
    const { config, entries } = await configOf(text)
    const expected = recorded[name] ?? {}
    const env = (expected['Env'] as string[]).filter(pair => !pair.startsWith('PATH=')).sort()
    const fields = Object.fromEntries(Object.keys(config).map(key => [key, expected[key]]))
    expect(config).toEqual({ ...fields, Env: env, User: expected['User'] ?? '', ...instead })
    const lines = entries.filter(({ outcome }) => outcome === 'left').map(({ line }) => line)
    expect(lines.filter(line => !isRoot(entries, line))).toEqual(left.filter(line => !isRoot(entries, line)))
  })
})

/** Whether the line is FROM, of which it is said that it runs as root. */
const isRoot = (entries: readonly { line: number; says: string }[], line: number) =>
  entries.some(entry => entry.line === line && /runs as root/.test(entry.says))

test('every instruction of each is spoken of', () => {
  for (const { text } of cases) {
    const { entries } = adoptDockerfile(text, 'Dockerfile', goProject(['static/', 'conf/']))
    const lines = new Set(entries.map(({ line }) => line))
    for (const [index, line] of text.split('\n').entries()) {
      const begins =
        /^\s*(?:from|run|copy|add|env|arg|label|expose|user|workdir|volume|cmd|entrypoint|healthcheck|stopsignal|maintainer)\s/i
      const isContinuation = /[\\`]\s*$/.test(text.split('\n')[index - 1] ?? '')
      if (begins.test(line) && !isContinuation) expect(lines, `${line} of\n${text}`).toContain(index + 1)
    }
  }
})
