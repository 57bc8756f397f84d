import { Failure } from '../errors.ts'
import { movedBy } from './cache-folder.ts'
import { quoteWord } from './quote-word.ts'

/** What the operating system refuses for a reason outside this program, in words. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EMFILE: 'this process may open no more files',
  ENFILE: 'the system can open no more files',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of the path is a file',
  EISDIR: 'it is a folder',
  ELOOP: 'symbolic links go in a circle',
  ENAMETOOLONG: 'the name is too long',
  ENOMEM: 'there is not enough memory',
  EAGAIN: 'the limit of processes or memory is reached',
  E2BIG: 'the arguments and the environment are too long',
  EIO: 'the device failed',
}

/**
 * The failure that an error of the operating system is, where no part of the program has said it better: a missing or
 * read-only folder, a full disk, a limit of the process. Anything else stays as it is.
 */
export function systemFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Failure) return error
  const { code = '', syscall, path, dest = path } = error as NodeJS.ErrnoException & { dest?: string }
  const why = Object.hasOwn(reasons, code) ? reasons[code] : undefined
  if (why === undefined || syscall === undefined) return error
  return new Failure({
    kind: 'usage',
    what: `The operating system refused to ${verbs[syscall] ?? syscall}${dest ? ` ${dest}` : ''}`,
    where: dest,
    why: `${why} (${code})`,
    fix: wayOut(code, dest),
    cause: error,
  })
}

const verbs: Readonly<Record<string, string>> = {
  mkdir: 'make the folder',
  open: 'open',
  scandir: 'list',
  rename: 'rename to',
  copyfile: 'copy to',
  unlink: 'remove',
  rmdir: 'remove',
  uv_cwd: 'tell the working directory',
}

function wayOut(code: string, path: string | undefined): string | undefined {
  if (code === 'EMFILE') return 'ulimit -n 4096'
  if (code === 'EAGAIN') return 'ulimit -u, or fewer processors: -j 1'
  const moved = path === undefined ? undefined : movedBy(path)
  if (moved !== undefined) return moved
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'df -h, and free some space'
  return path === undefined ? undefined : `ls -ld ${quoteWord(path)}`
}
