import type { LanguageName } from '../../languages/options.ts'
import type { BuilderLanguage } from './builder-language.ts'
import { goOnBuilder } from './go.ts'
import { rustOnBuilder } from './rust.ts'
import { zigOnBuilder } from './zig.ts'

/** What compiling on a builder needs to know of each language. */
export const builderLanguages = {
  go: goOnBuilder,
  rust: rustOnBuilder,
  zig: zigOnBuilder,
} as const satisfies Record<LanguageName, BuilderLanguage>
