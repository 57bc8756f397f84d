import { checks } from './checks.ts'
import { thisMachine } from './machine.ts'
import { type Checked, runChecks } from './run-checks.ts'
import { type Given, readSurroundings } from './surroundings.ts'

/** Looks at everything once. @throws {Failure} interrupted */
export async function look(given: Omit<Given, 'machine'>): Promise<Checked[]> {
  const around = readSurroundings({ ...given, machine: thisMachine })
  try {
    return await runChecks(checks, around)
  } finally {
    await around.close()
  }
}
