import { count, describeSeconds, formatTable } from '../util/format.ts'
import type { MatrixJob } from './plan-matrix.ts'

/** One entry of a matrix. */
interface Entry {
  /** Unique, and fit for the name of an artifact or a file. */
  readonly job: string
  /** For --platform and XBUILD_PLATFORM. */
  readonly platform: string
  /** Every flag that makes `xbuild build` this job, for a shell to split. */
  readonly args: string
  readonly seconds?: number
}

function entries(jobs: readonly MatrixJob[]): Entry[] {
  const names = jobs.map(({ platforms }) => platforms.map(id => id.replaceAll('/', '-')).join('_'))
  return jobs.map(({ programs, platforms, seconds }, index) => {
    const name = names[index] as string
    const isAlone = names.filter(other => other === name).length === 1
    const platform = platforms.join(',')
    return {
      job: isAlone ? name : `${name}-${names.slice(0, index + 1).filter(other => other === name).length}`,
      platform,
      args: [`--platform=${platform}`, ...programs.map(program => `--bin=${program}`)].join(' '),
      ...(seconds !== undefined && { seconds }),
    }
  })
}

/** The most jobs that a matrix may have (GitHub: workflow limits; GitLab: parallel:matrix). */
export const maximumJobs = { github: 256, gitlab: 200 } as const

/** The value of `strategy.matrix` of a workflow, on one line for $GITHUB_OUTPUT. */
function github(jobs: readonly MatrixJob[]): string {
  return JSON.stringify({ include: entries(jobs) })
}

/** A job to extend, in a file that a child pipeline includes: JSON, which is YAML too. Its values are texts. */
function gitlab(jobs: readonly MatrixJob[]): string {
  const matrix = entries(jobs).map(({ job, platform, args }) => ({
    XBUILD_JOB: job,
    XBUILD_PLATFORM: platform,
    XBUILD_ARGS: args,
  }))
  return JSON.stringify({ '.xbuild-matrix': { parallel: { matrix } } }, undefined, 2)
}

function text(jobs: readonly MatrixJob[]): string {
  const rows = entries(jobs).map(({ job, args, seconds }) => [
    job,
    seconds === undefined ? '' : describeSeconds(seconds),
    args,
  ])
  return `${count(jobs.length, 'job')}\n${formatTable(rows)}`
}

/** A matrix in the form that each takes it in. */
export const matrixFormats = { text, github, gitlab } as const satisfies Record<
  string,
  (jobs: readonly MatrixJob[]) => string
>
