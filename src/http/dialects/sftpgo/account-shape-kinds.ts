/** sftpgo: the kinds of value in bodies. Each reads the request's value, shows the stored value and documents itself. */
import { type TSchema, Type } from 'typebox'
import type { Sealer } from '../../../core/ports.ts'
import { isObject, type JsonObject } from './attributes.ts'
import { invalidAccount } from './validation-error.ts'

/** How a value is read. */
export type Reading = {
  /** Name of the member, as a refusal says it. */
  readonly name: string
  /** null: the form of secrets is checked, and none is sealed or kept. */
  readonly sealer: Sealer | null
  /** The stored value in the same place; undefined: none. */
  readonly before: unknown
}

/** One kind of value. Absence and null are its default, as they are to SFTPGo. */
export type Kind<Value = unknown> = {
  readonly form: 'text' | 'flag' | 'number' | 'list' | 'object' | 'map' | 'secret'
  /**
   * Returns the request's value, checked and normalised.
   *
   * @throws INPUT_INVALID with a message that begins `Validation error`.
   */
  readonly read: (sent: unknown, reading: Reading) => Value
  /** Returns the stored value as answers show it, or the default if none of this kind is stored. */
  readonly show: (kept: unknown) => unknown
  readonly schema: TSchema
  /** What a list holds, or what members an object has. */
  readonly inner?: Kind | Readonly<Record<string, { readonly kind: Kind }>>
}

/** Checks a text and returns it normalised. @throws INPUT_INVALID */
export type TextRule = (text: string, name: string) => string

/** A text; a rule looks at those that are not empty. */
export function text(rule?: TextRule, schema: TSchema = Type.String()): Kind<string> {
  return {
    form: 'text',
    read: (sent, { name }) => {
      const value = sent ?? ''
      if (typeof value !== 'string') throw invalidAccount(`${name} has to be a text`)
      return value === '' || rule === undefined ? value : rule(value, name)
    },
    show: (kept) => (typeof kept === 'string' ? kept : ''),
    schema,
  }
}

/** True or false. */
export const flag: Kind<boolean> = {
  form: 'flag',
  read: (sent, { name }) => {
    const value = sent ?? false
    if (typeof value !== 'boolean') throw invalidAccount(`${name} has to be true or false`)
    return value
  },
  show: (kept) => kept === true,
  schema: Type.Boolean(),
}

/** Bounds of a number, both included. */
export type Bounds = {
  readonly least?: number
  readonly most?: number
  /** Reads a number out of bounds as 0 instead of refusing it. */
  readonly clears?: boolean
  readonly schema?: TSchema
}

/** Clients keep a number in 32 bits unless its document says otherwise. */
const largestInt32 = 2_147_483_647

/** A whole number that doubles hold exactly. */
export function integer(bounds: Bounds = {}): Kind<number> {
  const { least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER, clears = false } = bounds
  return {
    form: 'number',
    read: (sent, { name }) => {
      const value = sent ?? 0
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
        throw invalidAccount(`${name} has to be a whole number`)
      }
      if (value >= least && value <= most) return value
      if (clears) return 0
      throw invalidAccount(`${name} has to be a whole number ${inWords(bounds)}, not ${value}`)
    },
    show: (kept) => (typeof kept === 'number' ? kept : 0),
    schema:
      bounds.schema ?? Type.Integer({ format: most > largestInt32 ? 'int64' : 'int32', ...documentedBounds(bounds) }),
  }
}

function inWords({ least, most }: Bounds): string {
  return most === undefined ? `from ${least} on` : `from ${least ?? Number.MIN_SAFE_INTEGER} to ${most}`
}

function documentedBounds({ least, most, clears = false }: Bounds): { minimum?: number; maximum?: number } {
  if (clears) return {}
  return { ...(least === undefined ? {} : { minimum: least }), ...(most === undefined ? {} : { maximum: most }) }
}

/** A list; a rule looks at the whole of it. Of equal texts the first is taken. */
export function list<Item>(
  item: Kind<Item>,
  rule: (items: readonly Item[], name: string) => readonly Item[] = (items) => items,
): Kind<readonly Item[]> {
  return {
    form: 'list',
    read: (sent, reading) => {
      const value = sent ?? []
      const isText = item.form === 'text'
      if (!Array.isArray(value) || (isText && !value.every((member) => typeof (member ?? '') === 'string'))) {
        throw invalidAccount(`${reading.name} has to be a list${isText ? ' of texts' : ''}`)
      }
      const kept: readonly unknown[] = Array.isArray(reading.before) ? reading.before : []
      const name = isText ? `an entry of ${reading.name}` : reading.name
      const items = value.map((member, index) => item.read(member, { ...reading, name, before: kept[index] }))
      return rule([...new Set(items)], reading.name)
    },
    show: (kept) => (Array.isArray(kept) ? kept.map((member) => item.show(member)) : []),
    schema: Type.Array(item.schema),
    inner: item,
  }
}

/** A list of texts. */
export function texts(rule?: TextRule): Kind<readonly string[]> {
  return list(text(rule))
}

/** A list of texts of a set. @param mayHoldAll whether all of the set may be taken at once. */
export function choices(
  set: readonly string[],
  { mayHoldAll = true }: { readonly mayHoldAll?: boolean } = {},
): Kind<readonly string[]> {
  return list(text(), (chosen, name) => {
    const unknown = chosen.find((choice) => !set.includes(choice))
    if (unknown !== undefined) throw invalidAccount(`${name} does not take ${JSON.stringify(unknown)}`)
    if (!mayHoldAll && chosen.length === set.length) throw invalidAccount(`${name} may not hold all that there are`)
    return chosen
  })
}

/** Lists by name; a rule looks at the whole of them, and names are kept in order. */
export function map(
  item: Kind<readonly string[]>,
  rule: (lists: Readonly<Record<string, readonly string[]>>) => Readonly<Record<string, readonly string[]>>,
): Kind<Readonly<Record<string, readonly string[]>>> {
  return {
    form: 'map',
    read: (sent, reading) => {
      const value = sent ?? {}
      if (!isObject(value)) throw invalidAccount(`${reading.name} has to be an object`)
      return rule(mapMembers(value, (member) => item.read(member, { ...reading, before: undefined })))
    },
    show: (kept) => (isObject(kept) ? mapMembers(kept, (member) => item.show(member)) : {}),
    schema: Type.Record(Type.String(), item.schema),
    inner: item,
  }
}

function mapMembers<Value>(object: JsonObject, change: (member: unknown) => Value): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(object).map(([name, member]) => [name, change(member)]))
}
