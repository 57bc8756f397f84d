const marker = '# Container images, by xbuild.'

/** The names under which make looks for its file, in its order (GNU make manual, Makefile Names). */
export const makefileNames = ['GNUmakefile', 'makefile', 'Makefile'] as const

/** A Makefile with the targets image and image-push, or why it stays as it is. */
export type MakefileChange = { readonly text: string } | { readonly kept: string }

/**
 * Adds the targets to the end of a Makefile, so that its default goal stays.
 * @param before its text; undefined where there is none
 * @param image the repository that the image is pushed to
 */
export function addTargets(before: string | undefined, image: string): MakefileChange {
  if (before?.includes(marker) || (before !== undefined && /^\t.*\bxbuild\b/m.test(before)))
    return { kept: 'it calls xbuild already' }
  const targets = ['image', 'image-push'].filter(name => hasTarget(before ?? '', name))
  if (targets.length > 0) return { kept: `it has a target ${targets.join(' and ')} already` }
  if (before !== undefined && isSet(before, '\\.RECIPEPREFIX'))
    return { kept: 'its recipes do not begin with a tab (.RECIPEPREFIX): add xbuild --tag IMAGE yourself' }
  // Of other variables of these names nobody knows what they hold.
  const name = isSet(before ?? '', 'IMAGE') ? 'XBUILD_IMAGE' : 'IMAGE'
  const tag = isSet(before ?? '', 'IMAGE_TAG') ? 'XBUILD_TAG' : 'IMAGE_TAG'
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

function hasTarget(text: string, name: string): boolean {
  return text.split('\n').some(line => {
    const [, targets = ''] = /^([^\t#=:][^=:]*):(?!=)/.exec(line) ?? []
    return targets.trim().split(/\s+/).includes(name)
  })
}

const isSet = (text: string, name: string) =>
  new RegExp(`^\\s*(?:export\\s+|override\\s+)*${name}\\s*[:?+!]*=`, 'm').test(text)
