import { isUnreachable } from '../base/lookup.ts'
import { isNumericUser, type KnownUsers, numericUser, parseUsers, usersOf } from '../base/users.ts'
import { Failure, isFailure } from '../errors.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import type { Recorder } from '../recorder.ts'
import type { RegistryClient } from '../registry/client.ts'
import type { ImageSpec } from '../types.ts'
import { readText } from '../util/read-file.ts'

/** What naming users by number needs. */
interface UserContext {
  readonly registries: RegistryClient
  readonly recorder: Recorder
  /** Whether only xbuild's cache is asked for the base. */
  readonly offline?: boolean
  /** A temporary folder. */
  readonly work: string
}

/**
 * The image with its user and the owners of its files as numbers, which Kubernetes asks for under runAsNonRoot, where they
 * are known without asking a registry: from the image's own /etc/passwd where `[image] files` brings one, or from a base of
 * known users.
 * @throws {Failure} usage, when no such user is there: the container would not start.
 */
export async function withKnownUser(image: ImagePlan): Promise<ImagePlan> {
  if (!namedUser(image) && namedOwners(image).length === 0) return image
  const { spec, template } = image
  const users = (await ownUsers(spec)) ?? (template === undefined ? usersOf(spec.base.family) : undefined)
  return users ? withNumbers(image, users) : image
}

/**
 * The image with its user and the owners of its files as numbers, read from its base's /etc/passwd. The user's name stays
 * where only the builder can know it: for a template of the user's own, or a base that cannot be read from here.
 * @throws {Failure} usage, as withKnownUser, and where the number of an owner cannot be known.
 */
export async function withNumericUser(image: ImagePlan, context: UserContext): Promise<ImagePlan> {
  const user = namedUser(image)
  const [owner] = namedOwners(image)
  if (!user && owner === undefined) return image
  const users = image.template === undefined ? await baseUsers(image.spec, context) : undefined
  if (users) return withNumbers(image, users)
  if (owner !== undefined) throw unknownOwner(owner, image).with({ key: ownerKey(owner, image) })
  const text = `${image.spec.name} runs as ${user}; Kubernetes' runAsNonRoot needs a number: --user UID:GID`
  context.recorder.note('warning', text)
  return image
}

/** The user that the image asks for by a name. */
function namedUser({ spec: { config } }: ImagePlan): string | undefined {
  return config.user !== undefined && !isNumericUser(config.user) ? config.user : undefined
}

function namedOwners({ spec: { files, folders = [] } }: ImagePlan): string[] {
  return [...files, ...folders].flatMap(({ owner }) => (owner && !isNumericUser(owner) ? [owner] : []))
}

function withNumbers(image: ImagePlan, users: KnownUsers): ImagePlan {
  const { spec } = image
  const { user } = spec.config
  const numbered = (name: string, where: string, key: Key) => {
    const number = numericUser(name, users)
    if (number === undefined) throw noSuchUser(name, spec, users, where).with({ key })
    return number
  }
  const owned = <T extends { readonly owner?: string }>(item: T): T =>
    item.owner === undefined
      ? item
      : {
          ...item,
          owner: numbered(item.owner, 'owner in [image] files of xbuild.toml', ownerKey(item.owner, image)),
        }
  const config =
    user === undefined
      ? spec.config
      : { ...spec.config, user: numbered(user, '--user, or [image] user of xbuild.toml', ['image', 'user']) }
  const folders = spec.folders && { folders: spec.folders.map(owned) }
  return { ...image, spec: { ...spec, config, files: spec.files.map(owned), ...folders } }
}

type Key = readonly (string | number)[]

/** Where xbuild.toml names an owner. */
function ownerKey(owner: string, { image: { files } }: ImagePlan): Key {
  return ['image', 'files', files.findIndex(file => file.owner === owner), 'owner']
}

async function baseUsers(
  { base, platforms }: ImageSpec,
  context: UserContext,
): Promise<KnownUsers | undefined> {
  const [platform] = platforms
  if (!platform) return undefined
  const { readBaseUsers } = await import('../image/base-users.ts')
  try {
    return await readBaseUsers(base, { ...context, platform })
  } catch (error) {
    // The builder may reach it another way, or have it, or can unpack what this Node cannot.
    if (isUnreachable(error) || isFailure(error, 'tool')) return undefined
    throw error
  }
}

async function ownUsers({ files }: ImageSpec): Promise<KnownUsers | undefined> {
  const read = async (path: string) => {
    const file = files.find(({ target }) => target === path)
    return file && 'path' in file.source ? readText(file.source.path) : undefined
  }
  const passwd = await read('/etc/passwd')
  return passwd === undefined ? undefined : parseUsers(passwd, (await read('/etc/group')) ?? '')
}

function noSuchUser(
  user: string,
  { base }: ImageSpec,
  { users, groups }: KnownUsers,
  where: string,
): Failure {
  const [name = '', group] = user.split(':')
  const isUser = /^\d+$/.test(name) || users.has(name)
  const names = [...(isUser ? groups : users).keys()].slice(0, 12)
  return new Failure({
    kind: 'usage',
    what: `The image has no ${isUser ? `group ${JSON.stringify(group)}` : `user ${JSON.stringify(name)}`}`,
    where,
    why:
      names.length > 0
        ? `${base.reference} has ${names.join(', ')}`
        : `${base.reference} has no /etc/passwd, so a user has a number only`,
    fix: where.startsWith('--user') ? '--user 65532:65532' : 'owner = "65532:65532"',
  })
}

function unknownOwner(owner: string, { spec, template }: ImagePlan): Failure {
  return new Failure({
    kind: 'usage',
    what: `The number of the owner ${owner} is not known`,
    where: 'owner in [image] files of xbuild.toml',
    why:
      template === undefined
        ? `the users of ${spec.base.reference} cannot be read from here`
        : 'what is in the base of a template is not known to xbuild',
    fix: 'owner = "65532:65532", in numbers',
  })
}
