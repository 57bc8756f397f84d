import type { ProjectFacts } from '../../../src/init/adopt/project.ts'

/** A Go project with the program app at its root, and these files. A path with a slash at its end is a folder. */
export function goProject(files: readonly string[] = [], more: Partial<ProjectFacts> = {}): ProjectFacts {
  const app = { name: 'app', package: '.' }
  return {
    language: 'go',
    executables: [app],
    main: app,
    compilesC: false,
    kindOf: path =>
      files.includes(`${path}/`) || files.some(file => file.startsWith(`${path}/`))
        ? 'folder'
        : files.includes(path)
          ? 'file'
          : undefined,
    list: path =>
      files
        .filter(file => file.startsWith(path === '.' ? '' : `${path}/`))
        .map(file => file.replace(/^.*\//, '')),
    read: () => undefined,
    ...more,
  }
}
