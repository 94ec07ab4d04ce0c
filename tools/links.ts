/** Tools: finds links of the documents that lead to no file, and links named by a symbol that the file does not have. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { listFiles } from './source-tree.ts'

/** `[text](target)` without an anchor. */
const link = /\[([^\]]+)\]\(([^)#\s]+)(?:#[^)]*)?\)/g

/** Returns one sentence for each wrong link in the Markdown documents of `root`. @throws Error if there is no link. */
export function linkFaults(root: string): string[] {
  const top = readdirSync(root).filter((name) => name.endsWith('.md'))
  const links = [...top, ...listFiles(root, ['docs'], '.md')].flatMap((path) => linksOf(root, path))
  if (links.length === 0) throw new Error('No link was read: nothing was checked.')
  return links.flatMap(({ path, text, target }) => {
    const file = join(root, dirname(path), target)
    if (!existsSync(file)) return [`${path} links to ${target}, which does not exist.`]
    const [, symbol] = /^`(\w+)`$/.exec(text) ?? []
    if (symbol === undefined || statSync(file).isDirectory()) return []
    const isThere = new RegExp(`\\b${symbol}\\b`).test(readFileSync(file, 'utf8'))
    return isThere ? [] : [`${path} names ${symbol}, which ${target} does not have.`]
  })
}

function linksOf(root: string, path: string): { path: string; text: string; target: string }[] {
  const found = readFileSync(join(root, path), 'utf8').matchAll(link)
  return [...found]
    .map(([, text = '', target = '']) => ({ path, text, target }))
    .filter(({ target }) => !/^[a-z]+:/.test(target))
}
