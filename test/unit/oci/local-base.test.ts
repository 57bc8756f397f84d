import { expect, it } from 'vitest'
import { isLocalBase } from '../../../src/oci/local-base.ts'

it.each(['builtin', '/srv/base.tar', './layout', '../layout', 'oci:layout', 'base.tar'])(
  'reads %s on this machine',
  reference => expect(isLocalBase(reference)).toBe(true),
)

it.each(['scratch', 'alpine:3.22', 'registry.example/builtin', 'registry.example/base.tar:1', 'builtin:1'])(
  'leaves %s to a registry',
  reference => expect(isLocalBase(reference)).toBe(false),
)
