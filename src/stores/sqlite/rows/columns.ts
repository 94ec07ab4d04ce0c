/** SQLite store: SQL from lists of members. The column of a member has the member's name in snake case. */
import type { SqlValue, SqlValues } from '../database.ts'

/** A value as its row has it: the named members are JSON texts. */
export type WithJson<Value, Member extends keyof Value> = Omit<Value, Member> & { readonly [Name in Member]: string }

/** The words of a text. */
type Words<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Text

/** Returns the words of lines: a list of members that takes few lines, and that the compiler checks. */
export function words<const Line extends string>(...lines: readonly Line[]): Words<Line>[] {
  return lines.flatMap((line) => line.split(' ') as Words<Line>[])
}

/** Returns the columns under the names of their members. Quotes keep the case of a name in every engine. */
export function columnsAs(members: readonly string[]): string {
  return members.map((member) => `${columnOf(member)} AS "${member}"`).join(', ')
}

/** Returns the assignments of an UPDATE; each parameter has the name of its member. */
export function assignmentsOf(members: readonly string[]): string {
  return members.map((member) => `${columnOf(member)} = :${member}`).join(', ')
}

/** Returns an INSERT of one row; each parameter has the name of its member. */
export function insertInto(table: string, members: readonly string[]): string {
  const parameters = members.map((member) => `:${member}`)
  return `INSERT INTO ${table} (${members.map(columnOf).join(', ')}) VALUES (${parameters.join(', ')})`
}

/** Returns the named members of a value as parameters, without its other members. */
export function valuesOf<Member extends string>(
  members: readonly Member[],
  value: Readonly<Record<Member, SqlValue>>,
): SqlValues {
  const values: Record<string, SqlValue> = {}
  for (const member of members) values[member] = value[member]
  return values
}

/** Returns a row as a plain object, because rows of node:sqlite have no prototype. */
export function plainRow<Row extends object>(row: Row): Row {
  return { ...row }
}

function columnOf(member: string): string {
  return member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
