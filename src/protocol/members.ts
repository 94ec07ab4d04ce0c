/** Protocol: reads JSON values member by member. The result has the requested members with their types, and nothing else. */

/** The result for a value of another shape. */
export const misshapen: unique symbol = Symbol('misshapen')

/** Reads one value. */
export type Reading<Value> = (value: unknown) => Value | typeof misshapen

/** Reads a text of a shape; without one, any text. */
export function text(shape?: RegExp): Reading<string> {
  return (value) => (typeof value === 'string' && shape?.test(value) !== false ? value : misshapen)
}

/** Reads a whole number within two limits, both included. */
export function integer(least: number, most: number): Reading<number> {
  // Minus zero is JSON too; adding 0 makes it the zero it is written as.
  return (value) => (Number.isSafeInteger(value) && within(Number(value), least, most) ? Number(value) + 0 : misshapen)
}

function within(value: number, least: number, most: number): boolean {
  return value >= least && value <= most
}

/** Reads true and false. */
export function truth(value: unknown): boolean | typeof misshapen {
  return typeof value === 'boolean' ? value : misshapen
}

/** Reads one of a few texts. */
export function oneOf<const Text extends string>(...texts: readonly Text[]): Reading<Text> {
  return (value) => texts.find((known) => known === value) ?? misshapen
}

/** Reads null as null, and everything else by the given reader. */
export function nullable<Value>(reading: Reading<Value>): Reading<Value | null> {
  return (value) => (value === null ? null : reading(value))
}

/** Reads an array of values of one shape. */
export function list<Value>(reading: Reading<Value>): Reading<readonly Value[]> {
  return (value) => {
    if (!Array.isArray(value)) return misshapen
    const items: Value[] = []
    for (const given of value) {
      const item = reading(given)
      if (item === misshapen) return misshapen
      items.push(item)
    }
    return items
  }
}

/** Reads an object with the given members; other members are ignored. */
export function object<Members extends object>(
  readings: { readonly [Name in keyof Members]: Reading<Members[Name]> },
): Reading<Members> {
  const entries: [string, Reading<unknown>][] = Object.entries(readings)
  return (value) => {
    if (!isObject(value)) return misshapen
    const members: Record<string, unknown> = {}
    for (const [name, reading] of entries) {
      const member = reading(ownMember(value, name))
      if (member === misshapen) return misshapen
      members[name] = member
    }
    return members as Members
  }
}

/** Reads an object by the text of one of its members. */
export function variants<Value>(tag: string, readings: Readonly<Record<string, Reading<Value>>>): Reading<Value> {
  return (value) => {
    const name = tagOf(value, tag)
    return name !== null && Object.hasOwn(readings, name) ? (readings[name]?.(value) ?? misshapen) : misshapen
  }
}

/** Returns the text of one member; null: the value is no object or has no such text. */
export function tagOf(value: unknown, tag: string): string | null {
  const member = isObject(value) ? ownMember(value, tag) : null
  return typeof member === 'string' ? member : null
}

/** Returns an own member of the object; undefined: it has none. */
export function ownMember(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}

/** Returns whether a value is an object, and no array. */
function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
