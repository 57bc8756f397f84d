import { describe, expect, it } from 'vitest'
import { chooseExecutables } from '../../../../src/languages/choose.ts'
import type { Project } from '../../../../src/languages/language.ts'
import { enabledFeatures } from '../../../../src/languages/rust/features.ts'
import {
  type CargoMetadata,
  type CargoPackage,
  choosePackages,
  listExecutables,
  packageOf,
  packageSpec,
} from '../../../../src/languages/rust/metadata.ts'
import { defaultOptions } from '../../../support/compile-request.ts'

const options = (changes = {}) => ({ ...defaultOptions.rust, ...changes })

function cargoPackage(
  name: string,
  bins: readonly string[],
  changes: Partial<CargoPackage> = {},
): CargoPackage {
  return {
    id: `path+file:///w/${name}#0.1.0`,
    name,
    version: '0.1.0',
    manifest_path: `/w/${name}/Cargo.toml`,
    features: {},
    dependencies: [],
    targets: [
      { name: name.replaceAll('-', '_'), kind: ['lib'] },
      ...bins.map(bin => ({ name: bin, kind: ['bin'] })),
    ],
    ...changes,
  }
}

function workspace(packages: readonly CargoPackage[], defaults?: readonly string[]): CargoMetadata {
  return {
    packages,
    workspace_members: packages.map(({ id }) => id),
    ...(defaults && {
      workspace_default_members: packages.filter(({ name }) => defaults.includes(name)).map(({ id }) => id),
    }),
    workspace_root: '/w',
    target_directory: '/w/target',
  }
}

describe('the packages of a workspace', () => {
  const all = [cargoPackage('core', []), cargoPackage('server', ['server']), cargoPackage('cli', ['cli'])]
  const names = (dir: string, defaults?: readonly string[], chosen?: string) =>
    choosePackages(workspace(all, defaults), dir, chosen).map(({ name }) => name)

  it('are its default members', () => {
    expect(names('/w', ['server'])).toEqual(['server'])
    expect(names('/w')).toEqual(['core', 'server', 'cli'])
  })

  it('are all where the default members have no program', () => {
    expect(names('/w', ['core'])).toEqual(['core', 'server', 'cli'])
  })

  it('are the one whose folder it is', () => {
    expect(names('/w/cli', ['server'])).toEqual(['cli'])
  })

  it('are the one that [rust] package names', () => {
    expect(names('/w', ['server'], 'cli')).toEqual(['cli'])
    expect(() => names('/w', undefined, 'servr')).toThrow('did you mean server?')
  })
})

describe('the programs of a package', () => {
  it('are its bins, whatever their package is called', () => {
    const programs = [
      ...listExecutables(cargoPackage('web', ['server']), options()),
      ...listExecutables(cargoPackage('api', ['server']), options()),
      ...listExecutables(cargoPackage('tools', ['web', 'fetch']), options()),
    ]
    const project = { root: '/w', executables: programs } as unknown as Project
    const choose = (name: string) => chooseExecutables(project, [name]).map(item => item.package)
    // A program of the name goes before a package of it, and a package of several programs names none.
    expect(choose('api')).toEqual(['api/server'])
    expect(choose('web')).toEqual(['tools/web'])
    expect(choose('web/server')).toEqual(['web/server'])
    expect(() => choose('tools')).toThrow('There is no executable "tools"')
    const [server, worker] = listExecutables(cargoPackage('backend', ['server', 'worker']), options())
    expect(server).toEqual({ name: 'server', package: 'backend/server' })
    expect(worker && packageOf(worker)).toBe('backend')
  })

  it('say what they lack where required features are off', () => {
    const item = cargoPackage('app', [], {
      features: { default: ['a'], a: [], b: ['c'], c: [] },
      targets: [
        { name: 'one', kind: ['bin'], 'required-features': ['a'] },
        { name: 'two', kind: ['bin'], 'required-features': ['a', 'c', 'dependency/x'] },
      ],
    })
    const problems = (changes = {}) => listExecutables(item, options(changes)).map(({ problem }) => problem)
    expect(problems()).toEqual([undefined, 'it requires the features c: [rust] features = ["c"]'])
    expect(problems({ features: ['b'] })).toEqual([undefined, undefined])
    expect(problems({ features: ['app/b'] })).toEqual([undefined, undefined])
    expect(problems({ allFeatures: true })).toEqual([undefined, undefined])
    expect(problems({ defaultFeatures: false })).toEqual([
      'it requires the features a: [rust] features = ["a"]',
      'it requires the features a, c: [rust] features = ["a","c"]',
    ])
  })
})

describe('features', () => {
  it('follow from each other, those of dependencies aside', () => {
    const table = { default: ['std'], std: ['dep:x', 'y/std', 'alloc'], alloc: [], other: [] }
    expect([...enabledFeatures('app', table, options())].sort()).toEqual(['alloc', 'default', 'std'])
  })

  it('may go round in a circle', () => {
    expect([...enabledFeatures('app', { a: ['b'], b: ['a'] }, options({ features: ['a'] }))].sort()).toEqual([
      'a',
      'b',
    ])
  })
})

describe('the name of a package for cargo', () => {
  it.each([
    ['path+file:///w/tool#2.0.0', 'path+file:///w/tool#tool@2.0.0'],
    ['path+file:///w/a@b/tool#2.0.0', 'path+file:///w/a@b/tool#tool@2.0.0'],
    ['path+file:///w/p#tool@2.0.0', 'path+file:///w/p#tool@2.0.0'],
    ['tool 2.0.0 (path+file:///w/my%20tool)', 'file:///w/my%20tool#tool:2.0.0'],
  ])('is its id with its name, which older cargos spell otherwise: %s', (id, spec) => {
    expect(packageSpec({ id, name: 'tool' })).toBe(spec)
  })
})
