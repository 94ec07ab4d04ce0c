/** Tools: compares the numbered rules of `docs/spec` with the titles of the tests. Each rule has a test, and each title names a rule. */
import { readFileSync } from 'node:fs'
import type { Node } from 'oxc-parser'
import { lineAt, listFiles, nodesOf, projectRoot, readSources, type Sources } from './source-tree.ts'

/** A rule id with its file and line. */
export type Sighting = { readonly id: string; readonly place: string }

type Call = Extract<Node, { type: 'CallExpression' }>

const ruleId = '[A-Z][A-Z0-9]*-[0-9]+'

/** Returns the rules defined by lines `- **ABC-1** sentence.` of the texts. */
export function definedRules(documents: ReadonlyMap<string, string>): Sighting[] {
  const line = new RegExp(`^- \\*\\*(${ruleId})\\*\\* \\S`, 'gm')
  return [...documents].flatMap(([path, text]) =>
    [...text.matchAll(line)].map(({ 1: id = '', index }) => ({ id, place: `${path}:${lineAt(text, index)}` })),
  )
}

/**
 * Returns the rules that the tests name at the head of a title.
 *
 * A title is the first argument of any call, or a property called `title`, that begins with an id; several
 * ids are joined by commas.
 */
export function testedRules(sources: Sources): Sighting[] {
  return [...sources].flatMap(([path, source]) =>
    nodesOf(path, source).flatMap((node) =>
      idsOf(titleOf(node) ?? '').map((id) => ({ id, place: `${path}:${lineAt(source, node.start)}` })),
    ),
  )
}

/** Returns one sentence for every literal title given to `test` or `it` that does not begin with a rule id. */
export function titlesWithoutRule(sources: Sources): string[] {
  return [...sources].flatMap(([path, source]) =>
    nodesOf(path, source).flatMap((node) => {
      if (node.type !== 'CallExpression' || !isTest(node)) return []
      const title = titleOf(node)
      if (title === null || title === '' || idsOf(title).length > 0) return []
      return [`${path}:${lineAt(source, node.start)} "${title}" names no rule.`]
    }),
  )
}

/** Returns one sentence for every rule that is defined twice or not tested, and for every tested rule that is not defined. */
export function ruleFaults(defined: readonly Sighting[], tested: readonly Sighting[]): string[] {
  const definedIds = new Set(defined.map(({ id }) => id))
  const testedIds = new Set(tested.map(({ id }) => id))
  const first = new Map([...defined].reverse().map((sighting) => [sighting.id, sighting]))
  return [
    ...defined.filter((rule) => first.get(rule.id) !== rule).map(({ id, place }) => `${place} defines ${id} again.`),
    ...defined.filter(({ id }) => !testedIds.has(id)).map(({ id, place }) => `${place} no test names ${id}.`),
    ...tested
      .filter(({ id }) => !definedIds.has(id))
      .map(({ id, place }) => `${place} names ${id}, which no rule defines.`),
  ]
}

/** The rules of the checkout, those that its tests name, and the sources of the tests. */
export type CheckoutRules = {
  readonly defined: readonly Sighting[]
  readonly tested: readonly Sighting[]
  readonly sources: Sources
}

/** Returns the rules of the checkout with what tests them. @throws Error when there is no rule or no test at all. */
export function checkoutRules(): CheckoutRules {
  const paths = listFiles(projectRoot, ['docs/spec'], '.md')
  const defined = definedRules(new Map(paths.map((path) => [path, readFileSync(`${projectRoot}${path}`, 'utf8')])))
  const sources = new Map([...readSources(projectRoot, ['test'])].filter(([path]) => holdsTests(path)))
  const tested = testedRules(sources)
  if (defined.length === 0 || tested.length === 0) throw new Error('There are no rules or no tests to compare.')
  return { defined, tested, sources }
}

/** Returns every fault of the checkout's rules and titles. */
export function checkoutRuleFaults(): string[] {
  const { defined, tested, sources } = checkoutRules()
  return [...ruleFaults(defined, tested), ...titlesWithoutRule(sources)]
}

function holdsTests(path: string): boolean {
  return path.endsWith('.test.ts') || path.startsWith('test/contracts/')
}

function isTest({ callee }: Call): boolean {
  if (callee.type === 'MemberExpression')
    return callee.object.type === 'Identifier' && ['test', 'it'].includes(callee.object.name)
  return callee.type === 'Identifier' && ['test', 'it'].includes(callee.name)
}

function idsOf(title: string): string[] {
  const head = new RegExp(`^${ruleId}(, ${ruleId})* (?=\\S|$)`).exec(title)
  return head === null ? [] : head[0].trim().split(', ')
}

// A template counts by its text before the first hole. A title that begins with a hole takes its id from its table.
function titleOf(node: Node): string | null {
  if (node.type === 'Property') {
    return node.key.type === 'Identifier' && node.key.name === 'title' ? textOf(node.value) : null
  }
  return node.type === 'CallExpression' && node.arguments[0] !== undefined ? textOf(node.arguments[0]) : null
}

function textOf(node: Node): string | null {
  if (node.type === 'TemplateLiteral') return node.quasis[0]?.value.cooked ?? null
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : null
}

if (import.meta.main) {
  const faults = checkoutRuleFaults()
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
}
