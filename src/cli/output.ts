/** Cli: what commands print. Nothing that comes from the store can move a cursor, change a colour or turn text around. */
import type { Writable } from 'node:stream'
import { CommandFailure } from './failure.ts'

// Controls, invisible format characters (bidi overrides among them), line separators, private and unassigned ones, lone surrogates.
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/gu

/** Returns the text with every character that cannot be seen as `\uXXXX`, so that two texts that differ look different. */
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

/** Prints a value as JSON: what cannot be seen is escaped, which JSON allows in texts, the only place where it can stand. */
export async function printJson(value: unknown): Promise<void> {
  await printLines([jsonText(value, 2)])
}

/** Returns a value as JSON in which everything can be seen. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).split('\n').map(visible).join('\n')
}

/** A list: the header of each column and how a row shows there. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string | number | null>>

/** A list with what is printed where it is empty. */
export type Listing<Row> = {
  readonly rows: readonly Row[]
  readonly columns: Columns<Row>
  readonly whenEmpty: string
}

/** Prints rows as aligned columns under one header line; where there are none, says so on standard error. */
export async function printTable<Row>({ rows, columns, whenEmpty }: Listing<Row>): Promise<void> {
  if (rows.length === 0) return printNotice(whenEmpty)
  const cells = rows.map((row) => Object.values(columns).map((show) => cell(show(row))))
  await printLines(align([Object.keys(columns), ...cells]))
}

/** Prints pairs of a name and a value, one a line, the values aligned. */
export async function printPairs(pairs: Readonly<Record<string, string | number | null>>): Promise<void> {
  await printLines(align(Object.entries(pairs).map(([name, value]) => [name, cell(value)])))
}

function cell(value: string | number | null): string {
  return value === null || value === '' ? '-' : visible(String(value))
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
      else
        reject(new CommandFailure(`The output cannot be written (${String((error as NodeJS.ErrnoException).code)}).`))
    })
  })
}
