import { readTextIfThere } from '../../util/read-file.ts'

/** A variable of Go that somebody has set, and where: the words that messages use. */
export interface GoSetting {
  readonly value: string
  readonly from: '[go] env' | 'the environment' | 'go env -w'
}

/** The variables that are set, by name. Go's own defaults are not among them. */
export type GoSettings = ReadonlyMap<string, GoSetting>

/**
 * Who has set what, in Go's order: `[go] env` becomes part of the environment, the environment goes before the file that
 * `go env -w` writes, and an empty variable counts as none (cmd/go/internal/cfg, Getenv).
 * @param file the path of that file, or "off", as `go env GOENV` says
 */
export async function readGoSettings(
  file: string,
  goEnv: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<GoSettings> {
  const written = file === 'off' || file === '' ? '' : ((await readTextIfThere(file)) ?? '')
  const settings = new Map<string, GoSetting>()
  for (const line of written.split(/\r?\n/)) {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(line) ?? []
    if (name && value) settings.set(name, { value, from: 'go env -w' })
  }
  for (const [name, value] of Object.entries(environment)) {
    if (value && goEnv[name] === undefined) settings.set(name, { value, from: 'the environment' })
  }
  for (const [name, value] of Object.entries(goEnv))
    if (value) settings.set(name, { value, from: '[go] env' })
  return settings
}

/** `GOARCH=arm64 of the environment`. */
export function describeSetting(name: string, { value, from }: GoSetting): string {
  return from === 'go env -w' ? `${name}=${value}, set by go env -w,` : `${name}=${value} of ${from}`
}

/** The key of xbuild.toml that has a setting; undefined where another place has it. */
export function settingKey(name: string, { from }: GoSetting): readonly string[] | undefined {
  return from === '[go] env' ? ['go', 'env', name] : undefined
}

/** The command or change that takes a setting back. */
export function unset(name: string, { from }: GoSetting): string {
  if (from === '[go] env') return `remove ${name} from [go] env in xbuild.toml`
  return from === 'go env -w' ? `go env -u ${name}` : `unset ${name}`
}
