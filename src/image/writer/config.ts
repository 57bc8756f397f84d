import type { Platform } from '../../platforms.ts'
import type { Healthcheck, ImageConfig, ImageSpec } from '../../types.ts'
import { formatTime } from '../own-annotations.ts'

/** An image config as a registry has it (image-spec config.md), with whatever else its author put there. */
export interface RawConfig {
  readonly config?: RuntimeConfig | null
  readonly history?: readonly History[] | null
  readonly [key: string]: unknown
}

/** The part of a config that says how to run the image. Go writes an empty list or map as null. */
interface RuntimeConfig {
  readonly Env?: readonly string[] | null
  readonly Entrypoint?: readonly string[] | null
  readonly Cmd?: readonly string[] | null
  readonly ExposedPorts?: Readonly<Record<string, object>> | null
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly Volumes?: Readonly<Record<string, object>> | null
  readonly [key: string]: unknown
}

interface History {
  readonly created?: string
  readonly created_by?: string
  readonly empty_layer?: boolean
}

/** What BuildKit starts `FROM scratch` with. */
export const scratchConfig: RuntimeConfig = {
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  WorkingDir: '/',
}

/**
 * The config of one platform's image: the base's with what the image sets, inherited as a Dockerfile does it.
 * @param diffIds of all layers: the base's, then the image's own
 * @param added what each of the image's own layers holds
 */
export function imageConfig(
  base: RawConfig,
  spec: ImageSpec,
  platform: Platform,
  diffIds: readonly string[],
  added: readonly string[],
): RawConfig {
  const created = formatTime(spec.epoch)
  const { variant: _, ...inherited } = base
  const own = added.map(text => ({ created, created_by: `xbuild: ${text}`.slice(0, 400) }))
  return {
    ...inherited,
    created,
    architecture: platform.arch,
    os: platform.os,
    ...(platform.variant && { variant: platform.variant }),
    config: runtimeConfig(base.config ?? {}, spec.config),
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: [...baseHistory(base, diffIds.length - added.length), ...own],
  }
}

function runtimeConfig(base: RuntimeConfig, set: ImageConfig): RuntimeConfig {
  const { OnBuild: _, Entrypoint, Cmd, ...inherited } = base
  // a new entrypoint drops the base's arguments, which were meant for another program
  const entrypoint = set.entrypoint.length > 0 ? set.entrypoint : Entrypoint
  const cmd = set.cmd.length > 0 ? set.cmd : set.entrypoint.length > 0 ? undefined : Cmd
  const ports = { ...base.ExposedPorts, ...Object.fromEntries(set.ports.map(port => [fullPort(port), {}])) }
  const labels = { ...base.Labels, ...set.labels }
  const volumes = { ...base.Volumes, ...Object.fromEntries((set.volumes ?? []).map(path => [path, {}])) }
  return {
    ...Object.fromEntries(Object.entries(inherited).filter(([, value]) => value !== null)),
    ...(set.user !== undefined && { User: set.user }),
    ...(set.workdir !== undefined && { WorkingDir: set.workdir }),
    Env: mergeEnv(base.Env ?? [], set.env),
    ...(entrypoint && { Entrypoint: entrypoint }),
    ...(cmd && { Cmd: cmd }),
    ...(Object.keys(ports).length > 0 && { ExposedPorts: sorted(ports) }),
    ...(Object.keys(labels).length > 0 && { Labels: sorted(labels) }),
    ...(Object.keys(volumes).length > 0 && { Volumes: sorted(volumes) }),
    ...(set.stopSignal !== undefined && { StopSignal: set.stopSignal }),
    ...(set.healthcheck && { Healthcheck: healthcheck(set.healthcheck) }),
  }
}

/** Docker's own field, which the image specification does not have (moby/docker-image-spec, "Healthcheck"). */
function healthcheck(check: Healthcheck): object {
  const { test, interval, timeout, startPeriod, startInterval, retries } = check
  if (test.length === 0) return { Test: ['NONE'] }
  return {
    Test: ['CMD', ...test],
    ...(interval !== undefined && { Interval: interval }),
    ...(timeout !== undefined && { Timeout: timeout }),
    ...(startPeriod !== undefined && { StartPeriod: startPeriod }),
    ...(startInterval !== undefined && { StartInterval: startInterval }),
    ...(retries !== undefined && { Retries: retries }),
  }
}

/** A variable that the base has is replaced in its place; others follow. */
function mergeEnv(base: readonly string[], set: Readonly<Record<string, string>>): string[] {
  const merged = new Map(base.map(line => [line.split('=', 1)[0] ?? '', line]))
  for (const [name, value] of Object.entries(set)) merged.set(name, `${name}=${value}`)
  return [...merged.values()]
}

function fullPort(port: string): string {
  return port.includes('/') ? port : `${port}/tcp`
}

/** The base's history; one that does not tell of every layer is replaced, for readers count the two together. */
function baseHistory(base: RawConfig, layers: number): readonly History[] {
  const history = base.history ?? []
  const told = history.filter(entry => !entry.empty_layer).length
  return told === layers ? history : Array<History>(layers).fill({ created_by: 'base image' })
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}
