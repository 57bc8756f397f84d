import type { LanguageName } from '../../languages/options.ts'
import type { BenchLanguage } from './bench-language.ts'
import { goBench } from './go.ts'
import { rustBench } from './rust.ts'
import { zigBench } from './zig.ts'

/** What measuring needs to know of each language. */
export const benchLanguages = {
  go: goBench,
  rust: rustBench,
  zig: zigBench,
} as const satisfies Record<LanguageName, BenchLanguage>
