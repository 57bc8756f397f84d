import { Failure } from '../errors.ts'
import { chooseExecutables } from '../languages/choose.ts'
import type { Executable, Project } from '../languages/language.ts'
import type { SourceInfo } from '../types.ts'
import type { Changes } from './git-changes.ts'
import { type GitInfo, readGit } from './git-info.ts'

/** Where the version comes from: `git`, `manifest`, or the text itself; absent takes what says most. */
export type VersionFrom = string | undefined

/**
 * The source's facts with its version: of the project's own tag, else of its manifest, else the commit's short hash, for a
 * version that somebody wrote says more than a bare hash.
 * @throws {Failure} usage, when the place named by --version-from has none.
 */
export function chooseVersion({ source, tagged }: GitInfo, project: Project, from: VersionFrom): SourceInfo {
  const { version: ofGit, ...facts } = source
  const version = versionOf(from, ofGit, tagged, project)
  return { ...facts, ...(version && { version }) }
}

function versionOf(
  from: VersionFrom,
  ofGit: string | undefined,
  tagged: boolean,
  { version: ofManifest, root }: Project,
): string | undefined {
  if (from === undefined) return tagged ? ofGit : (ofManifest ?? ofGit)
  if (from !== 'git' && from !== 'manifest') return from
  const version = from === 'git' ? ofGit : ofManifest
  if (version) return version
  throw new Failure({
    kind: 'usage',
    what: `--version-from ${from} finds no version`,
    where: root,
    why:
      from === 'git'
        ? 'the project is in no git repository with a commit that git reads'
        : 'the project’s manifest states no version (Cargo.toml and build.zig.zon may; go.mod has none)',
    fix: '--version-from TEXT, with the version itself',
  })
}

/**
 * Git's facts for the executables that are built: a module of a workspace has tags of its own. Where they are of several
 * modules, or none is chosen, those of the project's folder.
 */
export async function gitOf(
  project: Project,
  wanted: readonly string[],
  git: GitInfo,
  { signal, changes }: { readonly signal?: AbortSignal; readonly changes?: Changes | undefined },
): Promise<GitInfo> {
  const folders = new Set(chosen(project, wanted).map(({ versionFolder }) => versionFolder))
  const [folder] = folders
  return folders.size === 1 && folder !== undefined ? await readGit(folder, signal, changes) : git
}

/** The executables that will be chosen; none where choosing fails, which planning says. */
function chosen(project: Project, wanted: readonly string[]): readonly Executable[] {
  try {
    return chooseExecutables(project, wanted)
  } catch (error) {
    if (error instanceof Failure) return []
    throw error
  }
}
