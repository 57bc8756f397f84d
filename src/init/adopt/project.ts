import type { Executable } from '../../languages/language.ts'
import type { LanguageName } from '../../languages/options.ts'

/** What init knows of the project whose Dockerfile it adopts. */
export interface ProjectFacts {
  readonly language: LanguageName
  /** The programs, where the toolchain could list them. */
  readonly executables: readonly Pick<Executable, 'name' | 'package' | 'aliases'>[]
  /** The program that xbuild builds where none is named. */
  readonly main?: Pick<Executable, 'name' | 'package' | 'aliases'> | undefined
  /** Whether some of it is C code. */
  readonly compilesC: boolean
  /** What is at a path of the project. */
  kindOf(path: string): 'file' | 'folder' | undefined
  /** The files and folders of a folder. */
  list(path: string): readonly string[]
  /** The text of a file of the project. */
  read(path: string): string | undefined
}
