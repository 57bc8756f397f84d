import type { ElfFacts } from './binary/elf.ts'
import type { Platform } from './platforms.ts'

/**
 * One call of an external tool, as data: run by src/process.ts, printed by `xbuild plan`. `env` holds only what is set
 * on top of the inherited environment. Tokens of src/util/substitute.ts are in the place of what only a run knows, such
 * as its temporary folder; plans print that one as `{work}`.
 */
export interface Command {
  readonly tool: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** A binary that a step is expected to produce. Zig's names are a guess until it has run. */
export interface ExpectedArtifact {
  readonly platform: Platform
  readonly name: string
  /** Set when the name is a guess, in whose place another program may come. */
  readonly predicted?: boolean
}

/** One step of a plan. */
export interface Step {
  readonly title: string
  readonly command: Command
  readonly produces: readonly ExpectedArtifact[]
  /** The program whose settings it is compiled with, where xbuild.toml has some of its own for one. */
  readonly program?: string
  /** The oldest glibc that what it makes must run on, such as "2.17", where the user names one. */
  readonly oldestGlibc?: string
  /** What the step adds to this machine outside of the project, which is asked for first. Begins a sentence. */
  readonly installs?: string
  /** The folder that the toolchain was told to write the binaries into, where it takes one; may hold tokens. */
  readonly outputDir?: string
  /** A shared cache of compiles that the step asks, and where it writes what that had; the path may hold tokens. */
  readonly cacheLog?: { readonly program: string; readonly path: string }
  /** Set where it runs on a builder. */
  readonly stage?: BuilderStage
}

/** The stage of a builder that a step's command runs in, instead of on this machine. */
export interface BuilderStage {
  /** The toolchain's image. */
  readonly image: string
  /** Its last stage has the binaries and nothing else. */
  readonly dockerfile: string
  /** What is not sent, as a .dockerignore has it. */
  readonly ignore: string
  /** Builds it, and writes the binaries where the step's command would. */
  readonly command: Command
}

/** A small text file that a compile needs in addition to the project, such as a compiler wrapper. */
export interface SupportFile {
  readonly path: string
  readonly text: string
  readonly mode: number
}

/** What the binaries will need at run time, before a compile can tell. */
export interface LibcPrediction {
  readonly libc: 'none' | 'musl' | 'gnu' | 'unknown'
  /** Whether C++ or libgcc's unwinder is likely to be linked dynamically. */
  readonly cxx: boolean
  readonly reason: string
}

/** A binary where its compiler left it, before it was verified. */
export interface CompiledBinary {
  readonly platform: Platform
  readonly name: string
  readonly path: string
  /** Seconds of the step that made it; one cargo step for several platforms has one time. */
  readonly seconds: number
  /** Whether the compiler had nothing to compile (it may still have linked). */
  readonly cached: boolean
}

/** A verified binary. `path` is where it is kept, under dist/. */
export interface Artifact extends CompiledBinary {
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  readonly elf: ElfFacts
}

/** The facts of the source tree that go into binaries and images. */
export interface SourceInfo {
  /** Commit hash, where the project is in a git repository with a commit. */
  readonly revision?: string
  /** What the nearest tag of the project's own says, the package's own version, or the short commit hash. */
  readonly version?: string
  /** The project's own tag nearest to the commit. */
  readonly tag?: string
  readonly branch?: string
  /** Set where git refuses to read the repository: why, and the command that lets it. */
  readonly refused?: { readonly why: string; readonly fix: string }
  /** SOURCE_DATE_EPOCH: seconds since 1970 of the commit, from the environment, or 0 where there is neither. */
  readonly epoch: number
}

/** What the image runs and how: the OCI image config fields that xbuild sets (image-spec config.md). */
export interface ImageConfig {
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  /** Environment variables by name. */
  readonly env: Readonly<Record<string, string>>
  /** uid, uid:gid or a name; absent keeps the base's. */
  readonly user?: string
  readonly workdir?: string
  /** Such as "8080/tcp". */
  readonly ports: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** Absolute paths. */
  readonly volumes?: readonly string[]
  /** A name such as SIGINT, or a number. */
  readonly stopSignal?: string
  readonly healthcheck?: Healthcheck
}

/** How an engine asks whether a container is healthy. Durations are nanoseconds, as Docker's image config has them. */
export interface Healthcheck {
  /** The words of the command; none switches off the check that the base has. */
  readonly test: readonly string[]
  readonly interval?: number
  readonly timeout?: number
  readonly startPeriod?: number
  readonly startInterval?: number
  readonly retries?: number
}

/**
 * A file of the image: an artifact by name (one per platform), a file of the project (the same on every platform, or one for
 * each platform's id), or a symbolic link.
 */
export interface ImageFile {
  /** Absolute path in the image. */
  readonly target: string
  readonly source:
    | { readonly artifact: string }
    | { readonly path: string }
    | { readonly paths: Readonly<Record<string, string>> }
    | { readonly link: string }
  /** Permission bits; fixed so that two builds give the same layer. A link's are not looked at. */
  readonly mode: number
  /** Of a file of the project: UID:GID, or names until the users of the base are known; absent for root. */
  readonly owner?: string
}

/** A folder that was copied into the image. */
export interface ImageFolder {
  /** Absolute path in the image. */
  readonly path: string
  /** As of a file. */
  readonly owner?: string
}

/** A folder of the image that the program may write to. */
export interface OwnedFolder {
  /** Absolute path in the image. */
  readonly path: string
  /** Permission bits. */
  readonly mode: number
  /** Absent: the user that the image runs as. */
  readonly owner?: { readonly uid: number; readonly gid: number }
}

/** The base image that was chosen, and on what ground. */
export interface BaseChoice {
  /** A reference, "scratch", "builtin", or the path of an OCI layout or archive. */
  readonly reference: string
  /** What kind of base it is, where that is known: it tells which binaries it serves. */
  readonly family: BaseFamily
  /** Whether only a compile can confirm it. */
  readonly predicted: boolean
  readonly reason: string
  /** Digest of its index: of xbuild.lock, under `--pin`, and in a build for a builder, which is told it. */
  readonly digest?: string
}

/** The bases whose contents xbuild knows; `other` is an image of the user's own. */
export type BaseFamily = 'static' | 'base-nossl' | 'base' | 'cc' | 'scratch' | 'builtin' | 'other'

/** An image independent of the backend that makes it: both backends turn the same value into the same image. */
export interface ImageSpec {
  readonly name: string
  readonly platforms: readonly Platform[]
  readonly base: BaseChoice
  readonly config: ImageConfig
  readonly files: readonly ImageFile[]
  /** Folders that the image has whether or not a file is in them. */
  readonly folders?: readonly ImageFolder[]
  /** Folders that were asked for with an owner or a mode. */
  readonly ownedFolders?: readonly OwnedFolder[]
  /** `[target:]key=value` of --annotation, as buildx has them. */
  readonly annotations: readonly string[]
  /** Every time in the image, in seconds since 1970. */
  readonly epoch: number
  /** Full references; may be empty for a file output. */
  readonly tags: readonly string[]
}

/** What the core tells whoever draws: a task's state, or a remark. Ids are unique within a run. */
export type BuildEvent =
  | { readonly type: 'plan'; readonly tasks: readonly TaskInfo[] }
  | { readonly type: 'start'; readonly id: string }
  | { readonly type: 'progress'; readonly id: string; readonly detail: string }
  | { readonly type: 'done'; readonly id: string; readonly detail?: string }
  | { readonly type: 'failed'; readonly id: string; readonly detail: string }
  | { readonly type: 'skipped'; readonly id: string; readonly detail: string }
  | { readonly type: 'note'; readonly level: 'info' | 'hint' | 'warning'; readonly text: string }

/** A task of the list that a run shows. */
export interface TaskInfo {
  readonly id: string
  readonly title: string
  readonly parent?: string
}

export type Emit = (event: BuildEvent) => void
