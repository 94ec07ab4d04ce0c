/** sftpgo: tables of members. One table reads the request, shows the stored value in the order of the original, and documents both. */
import { type TProperties, Type } from 'typebox'
import type { Kind, Reading } from './account-shape-kinds.ts'
import { asObject, isObject, type JsonObject } from './attributes.ts'
import { invalidAccount } from './validation-error.ts'

/** One member. */
export type Field<Value = unknown> = {
  readonly kind: Kind<Value>
  /** Whether it is shown with its default too, only when it has another value, or never. */
  readonly shown: 'always' | 'filled' | 'never'
  /**
   * Whether the account itself has the member. The request's value is checked, and never stored among the attributes.
   */
  readonly isOwn: boolean
}

/** Members by name, in the order in which they are shown. */
export type Fields = Readonly<Record<string, Field>>

/** The members that a table reads. */
export type Values<Table> = { readonly [Name in keyof Table]: Table[Name] extends Field<infer Value> ? Value : never }

/** A member that is shown with its default too. */
export function always<Value>(kind: Kind<Value>): Field<Value> {
  return { kind, shown: 'always', isOwn: false }
}

/** A member that is left out of answers if it has its default. */
export function filled<Value>(kind: Kind<Value>): Field<Value> {
  return { kind, shown: 'filled', isOwn: false }
}

/** A member that the account has as its own. */
export function own<Value>(kind: Kind<Value>, shown: Field['shown'] = 'always'): Field<Value> {
  return { kind, shown, isOwn: true }
}

/**
 * Reads every member of a table; other members are ignored. Names match in any case, as in SFTPGo.
 *
 * @throws INPUT_INVALID for a member that is not valid, and for one that came in two spellings.
 */
export function readFields<Table extends Fields>(table: Table, sent: JsonObject, reading: Reading): Values<Table> {
  const body = spelled(table, sent)
  const before = asObject(reading.before)
  return Object.fromEntries(
    Object.entries(table).map(([name, { kind }]) => [
      name,
      kind.read(body[name], { ...reading, name, before: ownMember(before, name) }),
    ]),
  ) as Values<Table>
}

/** Returns the members of a table that were sent, by the names of the table. @throws INPUT_INVALID for two spellings of one. */
export function spelled(table: Fields, sent: JsonObject): JsonObject {
  const names = new Map(Object.keys(table).map((name) => [name.toLowerCase(), name]))
  const body: Record<string, unknown> = {}
  for (const [spelling, member] of Object.entries(sent)) {
    const name = names.get(spelling.toLowerCase())
    if (name === undefined) continue
    if (Object.hasOwn(body, name)) throw invalidAccount(`the body names ${name} twice`)
    body[name] = member
  }
  return body
}

/** Returns what of the read members is to be kept: all that are no default and not the account's own. */
export function keepFields(table: Fields, values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => table[name]?.isOwn === false && !isDefault(value)),
  )
}

/** Returns members as they are shown. @param owned the members that the account itself has. */
export function showFields(table: Fields, kept: JsonObject, owned: JsonObject = {}): JsonObject {
  const all: Record<string, unknown> = {}
  for (const [name, { kind, shown, isOwn }] of Object.entries(table)) {
    if (shown === 'never') continue
    const value = isOwn && Object.hasOwn(owned, name) ? owned[name] : kind.show(ownMember(kept, name))
    if (shown === 'always' || !isDefault(value)) all[name] = value
  }
  return all
}

/** Returns a function that shows members of a table. If nothing is stored, it always returns the same object. */
export function showBy(table: Fields): (kept: unknown) => JsonObject {
  let nothing: JsonObject | undefined
  return function showKept(kept) {
    if (isObject(kept)) return showFields(table, kept)
    nothing ??= showFields(table, {})
    return nothing
  }
}

/** An object with a table of its own. @param rule looks at the whole, and returns it normalised. */
export function object<Table extends Fields>(
  title: string,
  table: Table,
  rule: (values: Values<Table>) => Values<Table> = (values) => values,
): Kind<JsonObject> {
  return {
    form: 'object',
    read: (sent, reading) => {
      const value = sent ?? {}
      if (!isObject(value)) throw invalidAccount(`${reading.name} has to be an object`)
      return keepFields(table, rule(readFields(table, value, reading)))
    },
    show: showBy(table),
    schema: Type.Object(documentFields(table), { title }),
    inner: table,
  }
}

/** Returns the properties of a table in the OpenAPI document; none is required. */
export function documentFields(table: Fields): TProperties {
  return Object.fromEntries(Object.entries(table).map(([name, { kind }]) => [name, Type.Optional(kind.schema)]))
}

/** Returns whether a value is the default of its kind. */
function isDefault(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (isObject(value)) return Object.keys(value).length === 0
  return value === undefined || value === null || value === '' || value === 0 || value === false
}

function ownMember(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}
