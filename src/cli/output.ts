/** Cli: prints results. No stored text can move the cursor, change a colour or reverse the direction of text. */
import type { Writable } from 'node:stream'
import { cannotWrite } from './failure.ts'

// Controls, invisible format characters (bidi overrides among them), line separators, private and unassigned characters, lone surrogates.
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/gu

/** Returns the text with each invisible character as `\uXXXX`, so that two different texts look different. */
export function visible(text: string): string {
  return text.replace(unprintable, (character) =>
    Array.from({ length: character.length }, (_, index) => escapeUnit(character.charCodeAt(index))).join(''),
  )
}

/** Prints lines on standard output. @throws CommandFailure when they cannot be written. */
export async function printLines(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await write(process.stdout, `${lines.join('\n')}\n`)
}

/** Prints one sentence on standard error. */
export async function printNotice(sentence: string): Promise<void> {
  await write(process.stderr, `${sentence}\n`)
}

/** Prints a value as JSON, with invisible characters escaped. */
export async function printJson(value: unknown): Promise<void> {
  await printLines([jsonText(value, 2)])
}

/** Returns a value as JSON, with invisible characters escaped. They occur only in strings, in which JSON allows escapes. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).split('\n').map(visible).join('\n')
}

/** The flag `--json`, for Commander. */
export const jsonOption: readonly [flag: string, sentence: string] = ['--json', 'Prints JSON.']

/** A value of a table or a pair. */
export type Value = string | number | boolean | null | readonly string[]

/** The header of each column, and the value of a row in it. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => Value>>

/** A list. */
export type Listing<Row> = {
  readonly rows: readonly Row[]
  readonly columns: Columns<Row>
  /** The sentence for an empty list. */
  readonly whenEmpty: string
}

/** Prints a list as JSON if `--json` was given, else as a table. @param json the JSON of a row; by default the row. */
export async function printList<Row>(
  list: Listing<Row>,
  flags: { readonly json?: boolean },
  json: (row: Row) => unknown = (row) => row,
): Promise<void> {
  await (flags.json === true ? printJson(list.rows.map(json)) : printTable(list))
}

/** Prints rows as aligned columns under one header line. An empty list is one sentence on standard error. */
export async function printTable<Row>({ rows, columns, whenEmpty }: Listing<Row>): Promise<void> {
  if (rows.length === 0) return printNotice(whenEmpty)
  const cells = rows.map((row) => Object.values(columns).map((show) => cell(show(row))))
  await printLines(align([Object.keys(columns), ...cells]))
}

/** Prints each name with its value on one line, the values aligned. An underscore of a name is a blank. */
export async function printPairs(pairs: Readonly<Record<string, Value>>): Promise<void> {
  await printLines(align(Object.entries(pairs).map(([name, value]) => [name.replaceAll('_', ' '), cell(value)])))
}

function cell(value: Value): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  const text = typeof value === 'object' ? (value ?? []).join(', ') : String(value)
  return text === '' ? '-' : visible(text)
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, [...text].length)
  }
  return rows.map((row) =>
    row
      .map((text, column) => text + ' '.repeat((widths[column] ?? 0) - [...text].length))
      .join('  ')
      .trimEnd(),
  )
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}

function write(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error === null || error === undefined) resolve()
      else reject(cannotWrite('The output', error))
    })
  })
}
