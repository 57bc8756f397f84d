import { type Platform, platforms } from '../../platforms.ts'
import { builderCommand } from './builder/command.ts'
import { prepareStage } from './builder/stage.ts'
import { compileAlone, type Strategy, type Subject } from './job.ts'
import type { StrategyName } from './measurement.ts'
import { native } from './native.ts'

/** Why a builder of unknown architecture is not measured: what it compiles natively might be called emulated. */
const unknownMachine =
  'what the builder’s machine runs itself cannot be told: choose one of a single node, created without --platform, with --builder'

/** The stage of a Dockerfile path runs one command. */
const severalSteps = 'programs with settings of their own take a command each: --bin names the one to measure'

/** The guide's Dockerfile: the builder stage runs as the builder's own platform and compiles for the target. */
const dockerfileCross: Strategy = {
  name: 'dockerfile-cross',
  usesBuilder: true,
  refuses: (subject, platform) => {
    if (subject.noBuilder !== undefined) return subject.noBuilder
    if (subject.builder?.arch === undefined) return unknownMachine
    const [step, ...others] = compileAlone(subject, platform).steps
    if (others.length > 0) return severalSteps
    const foreign = step ? builderCommand(step.command, subject, { ownC: false }).foreign : []
    return foreign.length === 0
      ? undefined
      : `its C code needs a cross compiler that the builder's image has not: ${foreign.join(' ')}`
  },
  prepare: (subject, platform, signal, onProgress) =>
    prepareStage('dockerfile-cross', subject, platform, builderPlatform(subject), signal, onProgress),
}

/** The conventional Dockerfile: the builder stage runs as the target, which for a foreign one means under an emulator. */
const emulated: Strategy = {
  name: 'emulated',
  usesBuilder: true,
  refuses: (subject, platform) => {
    const { builder, noBuilder } = subject
    if (noBuilder !== undefined) return noBuilder
    if (builder?.arch === undefined) return unknownMachine
    if (compileAlone(subject, platform).steps.length > 1) return severalSteps
    return runsItself(builder.arch, platform)
      ? `the builder runs ${platform.id} itself, so nothing is emulated`
      : undefined
  },
  prepare: (subject, platform, signal, onProgress) =>
    prepareStage('emulated', subject, platform, platform, signal, onProgress),
}

/** Every strategy that is measured. */
export const strategies: Readonly<Record<StrategyName, Strategy>> = {
  native,
  'dockerfile-cross': dockerfileCross,
  emulated,
}

/** Whether a processor runs programs of a platform without an emulator. */
export function runsItself(arch: string, platform: Platform): boolean {
  return platform.arch === arch || (arch === 'amd64' && platform.arch === '386')
}

function builderPlatform({ builder }: Subject): Platform {
  return platforms.find(({ arch }) => arch === builder?.arch) ?? (platforms[0] as Platform)
}
