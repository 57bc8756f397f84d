export interface ElfFacts {
  readonly machine: number
}
