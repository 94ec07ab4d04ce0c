/** Core: the catalogue of commands that a group may run in a health check. A line runs only if a template matches it word by word. Pure. */
import { isProgramWord, readLine } from './command-words.ts'

/** Compiles patterns of RE2 syntax, which match in linear time. An administrator writes them; any user's input is matched. */
export type PatternCompiler = { readonly compile: (source: string) => CompiledPattern | PatternFault }

/** Matches whole words: a pattern is anchored at both ends. */
export type CompiledPattern = { readonly matches: (word: string) => boolean }

/** Why a pattern is not valid: printable, half a sentence. */
export type PatternFault = { readonly fault: string }

/** What one word of a command may be. */
export type WordTemplate =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  /** Both ends are included. */
  | { readonly kind: 'integer'; readonly from: number; readonly to: number }
  | { readonly kind: 'path'; readonly under: string }
  | { readonly kind: 'pattern'; readonly source: string; readonly matches: CompiledPattern['matches'] }

/** One command: a template for each word. The first is a literal or an enumeration. */
export type CatalogueCommand = {
  readonly name: string | null
  readonly words: readonly WordTemplate[]
  readonly description: string | null
}

/** The commands of one group. */
export type Catalogue = { readonly commands: readonly CatalogueCommand[] }

/** The verdict on a line. */
export type LineVerdict =
  | { readonly kind: 'run'; readonly words: readonly string[] }
  | { readonly kind: 'refused'; readonly sentence: string }

/** Completions of the text before the cursor. */
export type Completion = {
  /** The text that all candidates have next; it ends with a blank if there is only one candidate. */
  readonly insert: string
  readonly candidates: readonly string[]
}

/** Words of the gateway's own commands. No command of a catalogue may start with one. */
export const ownWords: readonly string[] = ['help', 'exit']

/** Most values and templates that a sentence or a line of help names. */
const shownAtMost = 12

/** Matches a line with every template of the catalogues. */
export function matchLine(line: string, catalogues: readonly Catalogue[]): LineVerdict {
  const read = readLine(line)
  if (read.kind === 'refused') return read
  const { words } = read
  const [program = ''] = words
  if (!isProgramWord(program)) return { kind: 'refused', sentence: `${program} is not the name of a program.` }
  const templates = commandsOf(catalogues).map((command) => command.words)
  if (templates.some((template) => template.length === words.length && fitting(template, words) === words.length))
    return { kind: 'run', words }
  return { kind: 'refused', sentence: explain(words, templates) }
}

/** Returns one printable line for each command of the catalogues. */
export function helpLines(catalogues: readonly Catalogue[]): readonly string[] {
  const lines = commandsOf(catalogues).map(({ name, words, description }) => {
    const usage = words.map(describeTemplate).join(' ')
    const about = [name, description].filter((text) => text !== null).join(': ')
    return about === '' ? usage : `${usage}\n    ${about}`
  })
  return [...new Set(lines)].flatMap((line) => line.split('\n'))
}

/** Returns how the text before the cursor can continue by literals and enumerations. */
export function completeLine(before: string, catalogues: readonly Catalogue[]): Completion {
  const words = before.split(/[ \t]+/)
  const begun = words.pop() ?? ''
  const given = words.filter((word) => word !== '')
  const next = commandsOf(catalogues)
    .filter((command) => fitting(command.words, given) === given.length)
    .flatMap((command) => namedValues(command.words[given.length]))
  const candidates = [...new Set(next)].filter((value) => value.startsWith(begun)).sort()
  const shared = candidates.reduce(sharedStart, candidates[0] ?? begun)
  return { insert: shared.slice(begun.length) + (candidates.length === 1 ? ' ' : ''), candidates }
}

/** Returns a template as usage shows it. */
function describeTemplate(template: WordTemplate): string {
  switch (template.kind) {
    case 'literal':
      return template.text
    case 'enum':
      return [...template.values.slice(0, shownAtMost), ...(template.values.length > shownAtMost ? ['...'] : [])].join(
        '|',
      )
    case 'integer':
      return `<${template.from}-${template.to}>`
    case 'path':
      return `<path under ${template.under}>`
    case 'pattern':
      return `<${template.source}>`
  }
}

function commandsOf(catalogues: readonly Catalogue[]): readonly CatalogueCommand[] {
  return catalogues.flatMap(({ commands }) => commands)
}

/** Counts the words from the first on that match their templates. */
function fitting(templates: readonly WordTemplate[], words: readonly string[]): number {
  const misfit = words.findIndex((word, index) => {
    const template = templates[index]
    return template === undefined || !fits(template, word)
  })
  return misfit === -1 ? words.length : misfit
}

function fits(template: WordTemplate, word: string): boolean {
  if (template.kind === 'literal') return word === template.text
  if (template.kind === 'enum') return template.values.includes(word)
  // A word that is described and not listed is never an option.
  if (word.startsWith('-')) return false
  if (template.kind === 'integer') return isIntegerWithin(word, template)
  if (template.kind === 'path') return isPathUnder(word, template.under)
  return template.matches(word)
}

function isIntegerWithin(word: string, { from, to }: { readonly from: number; readonly to: number }): boolean {
  return /^(0|[1-9]\d{0,15})$/.test(word) && Number(word) >= from && Number(word) <= to
}

/** The server follows links: a user who can write below the prefix can make links that lead out of it. */
function isPathUnder(word: string, prefix: string): boolean {
  if (!isPlainPath(word)) return false
  return prefix === '/' || word === prefix || word.startsWith(`${prefix}/`)
}

/** Returns whether a path is absolute and has no `..`, `.` or empty segment; one slash may end it. */
export function isPlainPath(path: string): boolean {
  if (path === '/') return true
  const [root, ...segments] = path.replace(/\/$/, '').split('/')
  return root === '' && segments.length > 0 && segments.every((segment) => !['', '.', '..'].includes(segment))
}

/** Says how far the line matched the closest templates, and what could have followed. */
function explain(words: readonly string[], templates: readonly (readonly WordTemplate[])[]): string {
  const reached = templates.map((template) => fitting(template, words))
  const furthest = Math.max(0, ...reached)
  const [wrong] = words.slice(furthest)
  if (furthest === 0) return `${words[0]} is not a command of your catalogue; type help to see which are.`
  const along = templates.filter((_, index) => reached[index] === furthest)
  const next = along.flatMap((template) => template.slice(furthest, furthest + 1)).map(describeTemplate)
  const expected = [...new Set(next)].slice(0, shownAtMost).join(' or ')
  const before = words.slice(0, furthest).join(' ')
  if (expected === '') return `Nothing may follow after: ${before}`
  return wrong === undefined
    ? `The line ends too early; after ${before} comes ${expected}`
    : `${wrong} is not accepted after ${before}; there comes ${expected}`
}

function namedValues(template: WordTemplate | undefined): readonly string[] {
  if (template?.kind === 'literal') return [template.text]
  return template?.kind === 'enum' ? template.values : []
}

function sharedStart(one: string, other: string): string {
  let length = 0
  while (length < one.length && one[length] === other[length]) length += 1
  return one.slice(0, length)
}
