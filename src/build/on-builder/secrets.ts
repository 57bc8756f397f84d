import { Failure } from '../../errors.ts'
import { isSecretWord } from '../../util/secret-name.ts'

/** What a stage is given of secrets: flags of RUN, flags of `docker buildx build`, and variables. */
export interface StageSecrets {
  readonly mounts: readonly string[]
  readonly flags: readonly string[]
  /** Variables of the stage that are no secret. */
  readonly env: Readonly<Record<string, string>>
  /** Variables of docker that hold the secrets. */
  readonly values: Readonly<Record<string, string>>
}

/** Secrets that a tool looks for in a file of a certain name; images run as root. */
const files: Readonly<Record<string, string>> = {
  netrc: '/root/.netrc',
  gitconfig: '/root/.gitconfig',
  'git-credentials': '/root/.git-credentials',
  known_hosts: '/root/.ssh/known_hosts',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a Dockerfile's, with the image's own folder
  'cargo-credentials': '${CARGO_HOME:-/root/.cargo}/credentials.toml',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as above
  'cargo-config': '${CARGO_HOME:-/root/.cargo}/config.toml',
}

/**
 * The secrets and keys of --secret and --ssh for a RUN, and the variables that are secret themselves, which go the same way. BuildKit shows them to that command and keeps them in no layer, no cache and no argument.
 * @throws {Failure} usage, for a secret without an id.
 */
export function stageSecrets(
  { secrets, ssh }: { readonly secrets: readonly string[]; readonly ssh: readonly string[] },
  env: Readonly<Record<string, string>>,
): StageSecrets & { readonly plain: Readonly<Record<string, string>> } {
  const ids = secrets.map(idOf)
  const hidden = Object.entries(env).filter(([name, value]) => isSecret(name, value) && !ids.includes(name))
  return {
    mounts: [
      ...ids.map(secretMount),
      ...hidden.map(([name]) => `--mount=type=secret,id=${name},required=true,env=${name}`),
      ...ssh.map(value => {
        const [id = 'default'] = value.split('=')
        return `--mount=type=ssh,id=${checkId(id, '--ssh', value)},required=true`
      }),
    ],
    flags: [
      ...secrets.flatMap(value => ['--secret', value]),
      ...hidden.flatMap(([name]) => ['--secret', `id=${name},env=${name}`]),
      ...ssh.flatMap(value => ['--ssh', value]),
    ],
    env: ids.includes('git-credentials')
      ? { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'credential.helper', GIT_CONFIG_VALUE_0: 'store' }
      : {},
    values: Object.fromEntries(hidden),
    plain: Object.fromEntries(
      Object.entries(env).filter(([name, value]) => !isSecret(name, value) && !ids.includes(name)),
    ),
  }
}

/** An id in capitals is a variable of that name, a known one the file that its tool reads, any other one in /run/secrets. */
function secretMount(id: string): string {
  const file = Object.hasOwn(files, id) ? files[id] : undefined
  const place = file ? `,target=${file}` : /^[A-Z_][A-Z0-9_]*$/.test(id) ? `,env=${id}` : ''
  return `--mount=type=secret,id=${id},required=true${place}`
}

/** A variable that is named as secrets are, or has a URL with a password or a token in it. */
const isSecret = (name: string, value: string) =>
  isSecretWord(name) || /\b[a-z][a-z0-9+.-]*:\/\/[^\s/@]+@/i.test(value)

function idOf(value: string): string {
  const [, id] = /(?:^|,)\s*id=([^,]*)/.exec(value) ?? []
  return checkId(id ?? '', '--secret', value)
}

function checkId(id: string, flag: string, value: string): string {
  if (/^[\w.-]+$/.test(id)) return id
  throw new Failure({
    kind: 'usage',
    what: `${flag} ${JSON.stringify(value)} has no id that a Dockerfile can hold`,
    why: 'an id is made of letters, digits, "_", "." and "-"',
    fix: flag === '--ssh' ? '--ssh default' : '--secret id=netrc,src=$HOME/.netrc',
  })
}
