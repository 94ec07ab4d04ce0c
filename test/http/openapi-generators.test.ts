/** Runs real generators and compilers on the documents in `openapi/`; only with SALLYPORT_GENERATORS=1, because it downloads packages and takes minutes. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Dialect } from '../../src/core/dialects.ts'
import {
  type CodeGenerator,
  codeGenerators,
  compilers,
  generate,
  isThere,
  type Language,
} from '../fixtures/openapi/generators.ts'

const isAsked = process.env.SALLYPORT_GENERATORS === '1'
const work = isAsked ? mkdtempSync(join(tmpdir(), 'sallyport-generators-')) : ''
const jars = new Map<CodeGenerator, string>()

after(() => isAsked && rmSync(work, { recursive: true, force: true }))

for (const generator of codeGenerators) {
  const { name, version, languages } = generator
  for (const [language, dialects] of Object.entries(languages) as [Language, readonly Dialect[]][]) {
    const how = { skip: reasonToSkip(generator, language), timeout: 1_800_000 }
    test(`OAS-34 clients that ${name} ${version} generates in ${language} compile: ${dialects.join(', ')}`, how, () => {
      const jar = jarOf(generator)
      const faults = dialects.flatMap((dialect) => {
        const folder = join(work, `${version}-${language}-${dialect}`)
        mkdirSync(folder)
        try {
          generate(generator, { jar, language, dialect, folder })
          compilers[language].compile(folder)
          return []
        } catch (fault) {
          return [`${dialect}: ${String(fault)}`]
        } finally {
          rmSync(folder, { recursive: true, force: true })
        }
      })
      assert.deepEqual(faults, [], faults.join('\n\n'))
    })
  }
}

function reasonToSkip({ fetchedBy }: CodeGenerator, language: Language): string | false {
  if (!isAsked) return 'set SALLYPORT_GENERATORS=1 to fetch and run the generators'
  const tools = ['java', fetchedBy, compilers[language].tool, ...(language === 'java' ? ['mvn'] : [])]
  const missing = tools.filter((tool) => !isThere(tool))
  return missing.length === 0 ? false : `not on this machine: ${missing.join(', ')}`
}

function jarOf(generator: CodeGenerator): string {
  const folder = join(work, generator.version)
  const known = jars.get(generator)
  if (known !== undefined) return known
  mkdirSync(folder)
  const jar = generator.fetch(folder)
  jars.set(generator, jar)
  return jar
}
