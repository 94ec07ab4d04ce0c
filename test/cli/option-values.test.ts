/** Command-line tests: every option takes the values of its type, from the file and from the environment, and no others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../../src/config/formats.ts'
import { environmentName, type Option, options } from '../../src/config/options.ts'
import { type ConfigSources, readConfig } from '../../src/config.ts'

/** Values of JSON that some type of option takes, and some that none takes. */
const values = { null: null, none: 'none', boolean: true, zero: 0, fraction: 1.5, list: ['a'], numbers: [1] }

type Value = keyof typeof values

/** The values that a type of option takes; `takes` has those of integers. */
const taken: Readonly<Record<Option['type'], readonly Value[]>> = {
  text: [],
  integer: [],
  flag: ['boolean'],
  list: ['none', 'list'],
}

function takes(option: Option, value: Value): boolean {
  if (option.type !== 'integer') return taken[option.type].includes(value)
  if (value === 'zero') return option.minimum === 0
  return option.takesNone && (value === 'null' || value === 'none')
}

/** Returns the file in which one option has a value. */
function fileWith({ name }: Option, value: unknown): unknown {
  const [group = '', key] = name.split('.')
  return key === undefined ? { [group]: value } : { [group]: { [key]: value } }
}

/** Returns whether the configuration is refused because a source does not take its value. */
function isRefused(source: string, sources: Partial<ConfigSources>): boolean {
  try {
    readConfig({ flags: {}, env: {}, file: {}, ...sources })
    return false
  } catch (error) {
    return error instanceof ConfigError && error.message.startsWith(`${source} takes `)
  }
}

for (const value of Object.keys(values) as Value[]) {
  test(`CLI-87 in the file, exactly the options of a fitting type take ${value}`, () => {
    for (const option of options) {
      if (option.type === 'text' && value === 'none') continue
      const refused = isRefused(`The key ${option.name}`, { file: fileWith(option, values[value]) })
      assert.equal(refused, !takes(option, value), option.name)
    }
  })
}

test('CLI-87 in the environment, exactly the integers that take none take it', () => {
  for (const option of options) {
    if (option.type !== 'integer') continue
    const name = environmentName(option.name)
    assert.equal(isRefused(name, { env: { [name]: 'none' } }), !option.takesNone, name)
  }
})
