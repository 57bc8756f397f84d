import { isFailure } from '../../errors.ts'
import { parseReference } from '../../oci/reference.ts'
import { type AuthFile, authFiles, isText } from '../../registry/auth-files.ts'
import { askHelper } from '../../registry/credential-helper.ts'
import type { Check } from '../check.ts'
import { combine, fromFailure, notApplicable, type Outcome, ok } from '../outcome.ts'
import type { Surroundings } from '../surroundings.ts'

const hub = 'https://index.docker.io/v1/'

/** Seconds that a helper may take. */
const patience = 4

export const credentials: Check = {
  id: 'credentials',
  title: 'Credentials',
  question: 'Does every credential helper of docker and podman answer?',
  findings: `Each helper that a file of logins names is asked once, as a push would ask it. A problem where one hangs or fails for a registry of this
project or for all registries, else a warning. Nothing that it says is printed.`,
  run: async around => {
    const wanted = await wantedRegistries(around)
    const files: AuthFile[] = []
    for await (const file of authFiles(around.env)) files.push(file)
    if (files.length === 0) return notApplicable('nobody is logged in to a registry here')
    const questions = files.flatMap(file => questionsOf(file, wanted))
    const outcomes = await Promise.all(questions.map(question => ask(question, around)))
    const without = [...new Set(files.map(({ where }) => where))]
    if (outcomes.length === 0) return ok(`${without.join(', ')}: no helper`)
    return combine(outcomes, ([first = '', ...more]) => ok(first, more))
  },
}

/** What a helper is asked, and whether its silence stops this project. */
interface Question {
  readonly helper: string
  readonly serverUrl: string
  readonly where: string
  readonly matters: boolean
}

/** One for each helper of a file: about a registry of this project, where it serves one. */
function questionsOf({ where, credHelpers, credsStore }: AuthFile, wanted: readonly string[]): Question[] {
  const urlOf = (registry: string) => (registry === 'docker.io' ? hub : registry)
  const byHelper = new Map<string, Question>()
  for (const [key, helper] of Object.entries(credHelpers)) {
    if (!isText(helper)) continue
    const matters = wanted.some(registry => registry === key || urlOf(registry) === key)
    if (byHelper.get(helper)?.matters) continue
    byHelper.set(helper, { helper, serverUrl: key, where, matters })
  }
  if (isText(credsStore))
    byHelper.set(credsStore, {
      helper: credsStore,
      serverUrl: urlOf(wanted[0] ?? 'docker.io'),
      where,
      matters: true,
    })
  return [...byHelper.values()]
}

async function ask(
  { helper, serverUrl, where, matters }: Question,
  { env, signal }: Surroundings,
): Promise<Outcome> {
  const name = `docker-credential-${helper}`
  try {
    const found = await askHelper(helper, serverUrl, where, { env, helperTimeout: patience, signal })
    return ok(`${name}: ${found ? 'has credentials' : 'has none'} for ${serverUrl}`)
  } catch (error) {
    if (!isFailure(error, 'registry')) throw error
    return fromFailure(error, matters ? 'problem' : 'warning')
  }
}

/** The registries that a build would call: of the tags and of the bases. */
export async function wantedRegistries({ repositories, bases }: Surroundings): Promise<string[]> {
  const found = [
    ...(await repositories()).map(({ registry }) => registry),
    ...(await bases()).map(reference => parseReference(reference).registry),
  ]
  return [...new Set(found)]
}
