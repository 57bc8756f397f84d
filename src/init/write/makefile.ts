import type { ProjectFacts } from '../adopt/project.ts'

const marker = '# Container images, by xbuild.'

/** The names under which make looks for its file, in its order (GNU make manual, Makefile Names). */
export const makefileNames = ['GNUmakefile', 'makefile', 'Makefile'] as const

/** A Makefile with the targets image and image-push, or why it stays as it is. */
export type MakefileChange = { readonly text: string } | { readonly kept: string }

/**
 * Adds the targets to the end of a Makefile, so that its default goal stays.
 * @param before its text; undefined where there is none
 * @param image the repository that the image is pushed to
 * @param included the text of the files that it includes
 */
export function addTargets(before: string | undefined, image: string, included = ''): MakefileChange {
  const known = `${before ?? ''}\n${included}`
  if (before?.includes(marker) || (before !== undefined && /^\t.*\bxbuild\b/m.test(before)))
    return { kept: 'it calls xbuild already' }
  const targets = ['image', 'image-push'].filter(name => hasTarget(known, name))
  if (targets.length > 0) return { kept: `it has a target ${targets.join(' and ')} already` }
  if (isSet(known, '\\.RECIPEPREFIX'))
    return { kept: 'its recipes do not begin with a tab (.RECIPEPREFIX): add xbuild --tag IMAGE yourself' }
  // Of other variables of these names nobody knows what they hold.
  const name = isSet(known, 'IMAGE') ? 'XBUILD_IMAGE' : 'IMAGE'
  const tag = isSet(known, 'IMAGE_TAG') ? 'XBUILD_TAG' : 'IMAGE_TAG'
  const block = [
    marker,
    `${name} ?= ${image}`,
    `${tag} ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo latest)`,
    '',
    '.PHONY: image image-push',
    'image: ## Build the image into dist/',
    `\txbuild --tag $(${name}):$(${tag})`,
    '',
    'image-push: ## Build the image and push it',
    `\txbuild --tag $(${name}):$(${tag}) --push`,
    '',
  ].join('\n')
  if (before === undefined || before.trim() === '') return { text: block }
  return { text: `${before.replace(/\n*$/, '\n')}\n${block}` }
}

/** The text of the files that a Makefile includes, of those whose names it says. */
export function includedText(
  text: string,
  { read, list }: Pick<ProjectFacts, 'read' | 'list'>,
  seen = new Set<string>(),
): string {
  return [...text.matchAll(/^ *(?:-|s)?include[ \t]+([^#\n]+)/gm)]
    .flatMap(([, names = '']) => names.trim().split(/\s+/))
    .flatMap(name => {
      const [, folder = '.', end] = /^(?:(.*)\/)?\*([\w.-]*)$/.exec(name) ?? []
      if (end === undefined) return [name]
      return list(folder)
        .filter(file => file.endsWith(end))
        .map(file => `${folder}/${file}`)
    })
    .filter(name => !seen.has(name) && seen.add(name))
    .map(name => {
      const found = read(name) ?? ''
      return `${found}\n${includedText(found, { read, list }, seen)}`
    })
    .join('\n')
}

function hasTarget(text: string, name: string): boolean {
  return text.split('\n').some(line => {
    const [, targets = ''] = /^([^\t#=:][^=:]*):(?!=)/.exec(line) ?? []
    return targets.trim().split(/\s+/).includes(name)
  })
}

const isSet = (text: string, name: string) =>
  new RegExp(`^\\s*(?:export\\s+|override\\s+)*${name}\\s*[:?+!]*=`, 'm').test(text)
