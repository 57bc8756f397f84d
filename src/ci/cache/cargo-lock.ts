/** A package of Cargo.lock that is not the project's own. */
export interface Crate {
  readonly name: string
  readonly version: string
  /** As Cargo.lock has it: `registry+URL`, `git+URL#COMMIT`. */
  readonly source: string
}

/** The packages with a source; those without are the workspace's, or in a folder. */
export function cratesOf(lock: string): Crate[] {
  return lock.split('[[package]]').flatMap(text => {
    const field = (key: string) => new RegExp(`^${key} = "([^"]+)"`, 'm').exec(text)?.[1]
    const [name, version, source] = [field('name'), field('version'), field('source')]
    return name && version && source ? [{ name, version, source }] : []
  })
}

/** Of `git/db`, whose folders cargo names `REPOSITORY-HASH`: the repositories that Cargo.lock names. */
export function isRepositoryOf(lock: string): (file: string) => boolean {
  const urls = [...lock.matchAll(/^source = "git\+([^"?#]+)/gm)].map(([, url = '']) =>
    url.replace(/\/+$/, ''),
  )
  const names = new Set(urls.map(url => url.slice(url.lastIndexOf('/') + 1).replace(/\.git$/, '')))
  return file => names.has(file.replace(/-[0-9a-f]{16}(?:\/.*)?$/s, '').replace(/\.git$/, ''))
}
