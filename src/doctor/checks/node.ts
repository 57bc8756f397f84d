import { about } from '../../version.ts'
import type { Check } from '../check.ts'
import { notApplicable, ok, warning } from '../outcome.ts'

/** When the last fixes of a release of Node.js come (nodejs/Release, schedule.json). Odd ones live for half a year. */
const endOfLife: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
}

export const node: Check = {
  id: 'node',
  title: 'Node.js',
  question: 'Does the Node.js that runs xbuild still get fixes?',
  findings: 'xbuild runs on 20.19 and later. A warning for a release that gets no security fixes any more.',
  run: async ({ machine }) => {
    if (about().executable) return notApplicable(`the executable has its own, ${machine.nodeVersion}`)
    const last = endOfLife[Number(machine.nodeVersion.split('.')[0])]
    if (last === undefined || machine.now() < Date.parse(last)) return ok(machine.nodeVersion)
    return warning({
      why: `Node.js ${machine.nodeVersion} has had no fixes since ${last}`,
      fix: 'install the current LTS release: https://nodejs.org/en/download',
    })
  },
}
