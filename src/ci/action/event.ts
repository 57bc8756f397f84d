import { cleanText } from '../../util/printable.ts'
import { readTextIfThere } from '../../util/read-file.ts'

/** What started the workflow, as far as a build asks for it. */
export interface WorkflowEvent {
  /** Whether it builds what somebody proposes. */
  readonly isPullRequest: boolean
  /** The fork whose pull request runs with a token that may only read. */
  readonly fork?: string
}

interface Payload {
  readonly repository?: { readonly full_name?: unknown }
  readonly pull_request?: { readonly head?: { readonly repo?: { readonly full_name?: unknown } | null } }
}

/**
 * Reads the event from its name and its file (GITHUB_EVENT_PATH). What the file says is text of whoever made the branch: it
 * decides on nothing but a warning. A file that is missing or no JSON says nothing.
 */
export async function readEvent(env: NodeJS.ProcessEnv): Promise<WorkflowEvent> {
  const name = env['GITHUB_EVENT_NAME'] ?? ''
  // pull_request_target runs what it was proposed to, and may write.
  if (name !== 'pull_request') return { isPullRequest: name.startsWith('pull_request') }
  const { repository, pull_request: request } = await readPayload(env['GITHUB_EVENT_PATH'])
  const own = repository?.full_name
  const head = request?.head?.repo?.full_name
  const isFork =
    typeof own === 'string' && typeof head === 'string' && head.toLowerCase() !== own.toLowerCase()
  return { isPullRequest: true, ...(isFork && { fork: cleanText(head).replace(/\s+/g, ' ') }) }
}

async function readPayload(path: string | undefined): Promise<Payload> {
  try {
    const text = path ? await readTextIfThere(path) : undefined
    return (JSON.parse(text ?? '{}') as Payload | null) ?? {}
  } catch {
    return {}
  }
}
