/** Tools: counts the words that make our sentences hard to read. Each has a budget, and a budget only falls. */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseSync } from 'oxc-parser'
import { listFiles, nodesOf, projectRoot, readSources, type Sources } from './source-tree.ts'

/** The file of the budgets, relative to the root: how often each word may stand in the whole project. */
export const budgetPath = 'tools/style-budget.json'

/** Numbers by word. */
export type Counts = Readonly<Record<string, number>>

/** The words, by the name that the budget gives them. `docs/style.md` says what to write instead. */
const words: Readonly<Record<string, RegExp>> = {
  'tell, tells, told': /\b(tell|tells|told|telling)\b/gi,
  where: /\bwhere\b/gi,
  whoever: /\bwho(m|so)?ever\b/gi,
  whatever: /\bwhatever\b/gi,
  whom: /\bwhom\b/gi,
  somebody: /\bsomebody\b/gi,
  nobody: /\bnobody\b/gi,
  anew: /\banew\b/gi,
  'so many': /\bso many\b/gi,
  'let go': /\b(let|lets|letting) go\b/gi,
  'what is': /\bwhat (is|was|are|were|has|had|comes|came|goes|went)\b/gi,
}

/** Files that have to name the words. */
const namesTheWords = new Set(['docs/style.md', 'tools/style.ts', 'test/house/style.test.ts'])

/**
 * Returns how often each word stands in the texts.
 *
 * @throws Error when there is no text, because nothing has no bad words.
 */
export function countWords(texts: readonly string[]): Counts {
  if (texts.length === 0) throw new Error('No text was read: nothing was counted.')
  return Object.fromEntries(
    Object.entries(words).map(([name, pattern]) => [
      name,
      texts.reduce((sum, text) => sum + (text.match(pattern)?.length ?? 0), 0),
    ]),
  )
}

/** Returns the texts of sources that people read: comments, and strings of two words or more. */
export function proseOf(sources: Sources): string[] {
  return [...sources].flatMap(([path, source]) => {
    const { comments } = parseSync(path, source)
    const strings = nodesOf(path, source).flatMap((node) => {
      if (node.type === 'Literal' && typeof node.value === 'string') return [node.value]
      return node.type === 'TemplateElement' ? [node.value.raw] : []
    })
    return [...comments.map(({ value }) => value), ...strings.filter((text) => /\w \w/.test(text))]
  })
}

/** Returns the text of a Markdown document without its blocks of code. */
export function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, '')
}

/** Returns one sentence for each word that stands more often than its budget allows. */
export function overBudget(budget: Counts, counts: Counts): string[] {
  return Object.entries(counts).flatMap(([word, count]) => {
    const allowed = budget[word] ?? 0
    return count <= allowed ? [] : [`"${word}" stands ${count} times; ${allowed} are allowed. See docs/style.md.`]
  })
}

/** Counts the words of the checkout: documents, sources, tests, benches and tools. */
export function countCheckout(root: string): Counts {
  const isCounted = (path: string): boolean => !namesTheWords.has(path)
  const documents = ['README.md', ...listFiles(root, ['docs'], '.md')].filter(isCounted)
  const sources = new Map([...readSources(root, ['src', 'test', 'bench', 'tools'])].filter(([path]) => isCounted(path)))
  return countWords([
    ...documents.map((path) => withoutCode(readFileSync(`${root}${path}`, 'utf8'))),
    ...proseOf(sources),
  ])
}

/** Returns the smaller number for each word. */
export function lowered(budget: Counts, counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).map(([word, count]) => [word, Math.min(count, budget[word] ?? 0)]))
}

/** Returns `path:line word` for each place of the words below the named folders of `root`. */
function placesIn(root: string, folders: readonly string[]): string[] {
  const documents = listFiles(root, folders, '.md').map(
    (path) => [path, readFileSync(`${root}${path}`, 'utf8')] as const,
  )
  return [...readSources(root, folders), ...documents].flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        Object.entries(words).flatMap(([word, pattern]) =>
          line.search(pattern) < 0 ? [] : [`${path}:${index + 1} ${word}: ${line.trim()}`],
        ),
      ),
  )
}

const listed = process.argv.indexOf('--list')
if (import.meta.main && listed > 0) {
  for (const place of placesIn(projectRoot, process.argv.slice(listed + 1))) console.log(place)
} else if (import.meta.main) {
  const budget = JSON.parse(readFileSync(`${projectRoot}${budgetPath}`, 'utf8')) as Counts
  const counts = countCheckout(projectRoot)
  if (process.argv.includes('--lower')) {
    writeFileSync(`${projectRoot}${budgetPath}`, `${JSON.stringify(lowered(budget, counts), null, 2)}\n`)
  }
  const faults = overBudget(budget, counts)
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
}
