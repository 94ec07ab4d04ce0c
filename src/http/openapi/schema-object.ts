/** HTTP: converts TypeBox's JSON Schema to Schema Objects of OpenAPI 3.0. A keyword that OpenAPI lacks is an error. */

/** A Schema Object (OpenAPI 3.0.3, Schema Object), or a reference to one. */
export type SchemaObject = Readonly<Record<string, unknown>>

type JsonSchema = Readonly<Record<string, unknown>>

/** Keywords with the same meaning in both. */
const sharedKeywords: ReadonlySet<string> = new Set([
  'additionalProperties',
  'allOf',
  'anyOf',
  'default',
  'description',
  'enum',
  'example',
  'format',
  'items',
  'maxItems',
  'maxLength',
  'maximum',
  'minItems',
  'minLength',
  'minimum',
  'oneOf',
  'pattern',
  'properties',
  'required',
  'type',
  'uniqueItems',
])

/** The named schemas of one document. */
export class Components {
  readonly #byName = new Map<string, SchemaObject>()

  /**
   * Converts a schema. One with a `title` becomes a named component, and a reference to it is returned.
   *
   * @throws Error for a keyword that OpenAPI 3.0 does not have, and for two different schemas with one name.
   */
  convert(schema: object): SchemaObject {
    const { title, ...rest } = schema as JsonSchema
    if (typeof title !== 'string') return this.#convertKeywords(rest)
    const converted = this.#convertKeywords(rest)
    const known = this.#byName.get(title) ?? converted
    if (JSON.stringify(known) !== JSON.stringify(converted))
      throw new Error(`Two different schemas are called ${title}.`)
    this.#byName.set(title, converted)
    return { $ref: `#/components/schemas/${title}` }
  }

  /** Returns the schemas by name, sorted. */
  toObject(): Readonly<Record<string, SchemaObject>> {
    return Object.fromEntries([...this.#byName].sort(([one], [other]) => (one < other ? -1 : 1)))
  }

  #convertKeywords(schema: JsonSchema): SchemaObject {
    const { const: literal, patternProperties, ...rest } = schema
    if (literal !== undefined) return { ...this.#convertKeywords(rest), enum: [literal] }
    if (patternProperties !== undefined) {
      const [values = {}] = Object.values(patternProperties as JsonSchema)
      return this.#convertKeywords({ ...rest, additionalProperties: values })
    }
    if (Array.isArray(schema.anyOf)) return this.#convertUnion(rest, schema.anyOf as JsonSchema[])
    return Object.fromEntries(
      Object.entries(rest).map(([keyword, value]) => [keyword, this.#convertValue(keyword, value)]),
    )
  }

  /** A union with null becomes nullable, and a union of literals becomes one enum. */
  #convertUnion({ anyOf: _, ...rest }: JsonSchema, members: readonly JsonSchema[]): SchemaObject {
    const others = members.filter(({ type }) => type !== 'null')
    const nullable = others.length < members.length ? { nullable: true } : {}
    const [only] = others
    if (only !== undefined && others.length === 1) {
      const converted = this.convert(only)
      return { ...rest, ...nullable, ...('$ref' in converted ? { allOf: [converted] } : converted) }
    }
    const types = new Set(others.map(({ type }) => type))
    if (types.size === 1 && others.every((member) => member.const !== undefined)) {
      return { ...rest, ...nullable, type: [...types][0], enum: others.map((member) => member.const) }
    }
    return { ...rest, ...nullable, anyOf: others.map((member) => this.convert(member)) }
  }

  #convertValue(keyword: string, value: unknown): unknown {
    if (!sharedKeywords.has(keyword) && !keyword.startsWith('x-')) {
      throw new Error(`OpenAPI 3.0 has no schema keyword ${keyword}.`)
    }
    switch (keyword) {
      case 'properties':
        return Object.fromEntries(
          Object.entries(value as JsonSchema).map(([name, one]) => [name, this.convert(one as object)]),
        )
      case 'items':
        return this.convert(value as object)
      case 'additionalProperties':
        return typeof value === 'object' && value !== null ? this.convert(value) : value
      case 'allOf':
      case 'oneOf':
        return (value as object[]).map((one) => this.convert(one))
      default:
        return value
    }
  }
}
