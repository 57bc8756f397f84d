import { loadConfig } from '../../config/load.ts'
import { Failure } from '../../errors.ts'
import { lintDockerfile } from '../../lint/lint-dockerfile.ts'
import { dockerignoreOf } from '../../lint/lint-files.ts'
import { count } from '../../util/format.ts'
import { quoteWord } from '../../util/quote-word.ts'
import type { Check } from '../check.ts'
import { notApplicable, ok, problem, warning } from '../outcome.ts'

/** How many findings are shown. */
const shown = 5

export const dockerfile: Check = {
  id: 'dockerfile',
  title: 'Dockerfiles',
  question: 'Do the Dockerfiles of the project use TARGETOS, TARGETARCH and --platform rightly?',
  findings: 'What `xbuild lint` finds in them: a problem for an error, a warning for a warning.',
  run: async ({ dir, options, files: read }) => {
    const files = await read('dockerfile')
    if (files.length === 0) return notApplicable('there is none; xbuild needs none')
    const ignore = options instanceof Failure ? [] : (await loadConfig(options.dir)).lint.ignore
    const findings = files.flatMap(({ path, absolute, text }) =>
      lintDockerfile(text, path, { ignore, dockerignore: dockerignoreOf(absolute) }),
    )
    const bad = findings.filter(({ severity }) => severity !== 'info')
    const named = files.length === 1 ? (files[0]?.path ?? '') : count(files.length, 'Dockerfile')
    if (bad.length === 0) return ok(`${named}: nothing found`)
    const lines = bad.map(({ file, line, message, ruleId }) => `${file}:${line}: ${message} (${ruleId})`)
    const found = {
      why: `${named}: ${count(bad.length, 'finding')}`,
      details: [...lines.slice(0, shown), ...(lines.length > shown ? [`${lines.length - shown} more`] : [])],
      fix: `xbuild lint ${files.length === 1 ? quoteWord(files[0]?.path ?? '') : quoteWord(dir)}`,
    }
    return bad.some(({ severity }) => severity === 'error') ? problem(found) : warning(found)
  },
}
