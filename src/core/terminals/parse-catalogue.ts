/** Core: reads the document of a catalogue. An accepted catalogue only matches words that are safe in every shell. Pure. */
import { printable } from '../audit/printable.ts'
import { type FieldFault, Refusal } from '../errors.ts'
import {
  type Catalogue,
  type CatalogueCommand,
  isPlainPath,
  ownWords,
  type PatternCompiler,
  type WordTemplate,
} from './catalogue.ts'
import { isProgramWord, isSafeWord, lineLimits } from './command-words.ts'

/** Limits of a catalogue: commands, values of an enumeration, characters of texts and of patterns. */
const limits = { commands: 500, values: 200, name: 80, description: 200, pattern: 200 } as const

const wordSentence = `must be 1 to ${lineLimits.word} letters, digits and _ . / : @ , + - =, and not begin with =`

/** A value with its dotted path, and the list for its faults. */
type Place = { readonly at: string; readonly faults: FieldFault[]; readonly patterns: PatternCompiler }

/**
 * Reads `{commands: [{name?, words, description?}]}`; a word is a text, or an object with `enum`, `integer`, `path` or
 * `pattern`.
 *
 * @param document Parsed JSON.
 * @throws INPUT_INVALID with the dotted path of every fault.
 */
export function parseCatalogue(document: unknown, patterns: PatternCompiler): Catalogue {
  const faults: FieldFault[] = []
  const catalogue = readCatalogue(document, { at: '', faults, patterns })
  const [first] = faults
  if (first === undefined) return catalogue
  throw new Refusal('INPUT_INVALID', { message: `${first.field}: ${first.description}.`, fields: faults })
}

/** Returns the document of a catalogue in the form that {@link parseCatalogue} reads. */
export function catalogueDocument(catalogue: Catalogue): Readonly<Record<string, unknown>> {
  return {
    commands: catalogue.commands.map(({ name, words, description }) => ({
      ...(name === null ? {} : { name }),
      words: words.map(templateDocument),
      ...(description === null ? {} : { description }),
    })),
  }
}

function templateDocument(template: WordTemplate): unknown {
  switch (template.kind) {
    case 'literal':
      return template.text
    case 'enum':
      return { enum: template.values }
    case 'integer':
      return { integer: { from: template.from, to: template.to } }
    case 'path':
      return { path: { under: template.under } }
    case 'pattern':
      return { pattern: template.source }
  }
}

function readCatalogue(value: unknown, place: Place): Catalogue {
  const document = readObject(value, ['commands'], place)
  const commands = readList(document.commands, limits.commands, below(place, 'commands'))
  return { commands: commands.map((command, index) => readCommand(command, below(place, `commands.${index}`))) }
}

function readCommand(value: unknown, place: Place): CatalogueCommand {
  const document = readObject(value, ['name', 'words', 'description'], place)
  const words = readList(document.words, lineLimits.words, below(place, 'words')).map((word, index) =>
    readTemplate(word, below(place, `words.${index}`)),
  )
  const [first] = words
  if (first !== undefined) judgeProgram(first, below(place, 'words.0'))
  return {
    name: readText(document.name, limits.name, below(place, 'name')),
    words,
    description: readText(document.description, limits.description, below(place, 'description')),
  }
}

/** A program is a name, never a description, and may not be one of the gateway's own commands. */
function judgeProgram(template: WordTemplate, place: Place): void {
  if (template.kind !== 'literal' && template.kind !== 'enum') {
    fault(place, 'must be a text or an enum, because it names the program')
    return
  }
  const names = (template.kind === 'literal' ? [template.text] : template.values).filter((name) => name !== '')
  if (!names.every(isProgramWord)) fault(place, 'must name programs: no option, and no =')
  const own = names.find((name) => ownWords.includes(name))
  if (own !== undefined) fault(place, `must not be ${own}, which the health check itself answers`)
}

function readTemplate(value: unknown, place: Place): WordTemplate {
  if (typeof value === 'string') return { kind: 'literal', text: readWord(value, place) }
  const [member, ...more] = isObject(value) ? Object.entries(value) : []
  const read = member === undefined ? undefined : templateReaders.get(member[0])
  if (member !== undefined && read !== undefined && more.length === 0) return read(member[1], below(place, member[0]))
  fault(place, 'must be a text, or an object with one of enum, integer, path and pattern')
  return { kind: 'literal', text: '' }
}

const templateReaders: ReadonlyMap<string, (value: unknown, place: Place) => WordTemplate> = new Map([
  ['enum', readEnum],
  ['integer', readInteger],
  ['path', readPath],
  ['pattern', readPattern],
])

function readEnum(value: unknown, place: Place): WordTemplate {
  const values = readList(value, limits.values, place)
  return { kind: 'enum', values: values.map((one, index) => readWord(one, below(place, String(index)))) }
}

function readInteger(value: unknown, place: Place): WordTemplate {
  const { from, to } = readObject(value, ['from', 'to'], place)
  if (isCount(from) && isCount(to) && from <= to) return { kind: 'integer', from, to }
  fault(place, 'must have from and to, whole numbers from 0 on, from not above to')
  return { kind: 'integer', from: 0, to: 0 }
}

function readPath(value: unknown, place: Place): WordTemplate {
  const { under } = readObject(value, ['under'], place)
  if (typeof under === 'string' && isPrefix(under)) return { kind: 'path', under }
  fault(below(place, 'under'), 'must be an absolute path without .. and empty segments, and without a slash at its end')
  return { kind: 'path', under: '/' }
}

function isPrefix(path: string): boolean {
  return path === '/' || (isSafeWord(path) && isPlainPath(path) && !path.endsWith('/'))
}

function readPattern(source: unknown, place: Place): WordTemplate {
  const nothing: WordTemplate = { kind: 'pattern', source: '', matches: () => false }
  if (typeof source !== 'string' || source === '' || source.length > limits.pattern || printable(source) !== source) {
    fault(place, `must be 1 to ${limits.pattern} printable characters`)
    return nothing
  }
  const compiled = place.patterns.compile(source)
  if ('matches' in compiled) return { kind: 'pattern', source, matches: compiled.matches }
  fault(place, compiled.fault)
  return nothing
}

function readWord(value: unknown, place: Place): string {
  if (typeof value === 'string' && isSafeWord(value)) return value
  fault(place, wordSentence)
  return ''
}

/** Texts are shown on terminals: one line, without control characters. */
function readText(value: unknown, maximum: number, place: Place): string | null {
  if (value === undefined) return null
  if (typeof value === 'string' && value !== '' && value.length <= maximum && printable(value) === value) return value
  fault(place, `must be one printable line of 1 to ${maximum} characters`)
  return null
}

function readList(value: unknown, maximum: number, place: Place): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= maximum) return value
  fault(place, `must be a list of 1 to ${maximum}`)
  return []
}

function readObject(value: unknown, members: readonly string[], place: Place): Readonly<Record<string, unknown>> {
  if (!isObject(value)) {
    fault(place, `must be an object with ${members.join(', ')}`)
    return {}
  }
  for (const name of Object.keys(value))
    if (!members.includes(name)) fault(place, `has no member ${JSON.stringify(name.slice(0, 40))}`)
  return value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function below(place: Place, name: string): Place {
  return { ...place, at: place.at === '' ? name : `${place.at}.${name}` }
}

function fault({ at, faults }: Place, description: string): void {
  faults.push({ field: at === '' ? 'catalogue' : at, description })
}
