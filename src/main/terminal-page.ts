/** Main: the files of the terminal page. They are listed at the start, and each is read once and cached. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { posix } from 'node:path'
import type { PageAsset, TerminalPage } from '../http/context.ts'

/** The source in a checkout; the built file in an installed package. */
const entryFile = new URL('../console/main.ts', import.meta.url)

/** Folders of our own modules, side by side as in the URLs of the page. */
const folders = ['console', 'client', 'protocol'] as const

/** Files of packages, by the name in import statements. */
const packageFiles: Readonly<Record<string, string>> = {
  '@xterm/xterm': '@xterm/xterm/lib/xterm.mjs',
  '@xterm/addon-fit': '@xterm/addon-fit/lib/addon-fit.mjs',
  '@xterm/addon-unicode-graphemes': '@xterm/addon-unicode-graphemes/lib/addon-unicode-graphemes.mjs',
  '@xterm/addon-web-links': '@xterm/addon-web-links/lib/addon-web-links.mjs',
  '@xterm/addon-webgl': '@xterm/addon-webgl/lib/addon-webgl.mjs',
}

const packageStyle = '@xterm/xterm/css/xterm.css'
const ownStyle = 'console/console.css'

const javascript = 'text/javascript; charset=utf-8'
const styleSheet = 'text/css; charset=utf-8'

const relativeImport = /\b(?:from|import)\s*['"](\.{1,2}\/[^'"]+)['"]/g

/** Files that were read, shared by all servers of the process. */
const cached = new Map<string, PageAsset>()

/** Lists the files. Each is read at its first request. */
export function openTerminalPage(gatewayUrls: () => readonly string[]): TerminalPage {
  const files = listFiles()
  const asset = (path: string): PageAsset | null => {
    const file = files.get(path)
    if (file === undefined) return null
    const read = cached.get(path) ?? readAsset(file)
    cached.set(path, read)
    return read
  }
  return {
    asset,
    modules: () => modulesFrom(`console/${fileName(entryFile)}`, asset),
    packages: packageFiles,
    styles: [packageStyle, ownStyle],
    gatewayUrls,
  }
}

function listFiles(): ReadonlyMap<string, URL> {
  const ending = fileName(entryFile).replace(/^[^.]*/, '')
  const own = folders.flatMap((folder) => {
    const place = new URL(`../${folder}/`, entryFile)
    const names = readdirSync(place).filter((name) => name.replace(/^[^.]*/, '') === ending)
    return names.map((name): [string, URL] => [`${folder}/${name}`, new URL(name, place)])
  })
  const packages = [...Object.values(packageFiles), packageStyle].map((path): [string, URL] => [
    path,
    new URL(import.meta.resolve(path)),
  ])
  return new Map([...own, [ownStyle, new URL('console.css', entryFile)], ...packages])
}

function readAsset(file: URL): PageAsset {
  const bytes = readFileSync(file)
  const isTypeScript = file.pathname.endsWith('.ts')
  const body = isTypeScript ? Buffer.from(stripTypes(bytes.toString())) : bytes
  const digest = createHash('sha256').update(body).digest('base64url')
  return { type: file.pathname.endsWith('.css') ? styleSheet : javascript, body, etag: `"${digest}"` }
}

/** Returns the paths of a module and of all modules that it imports, in the order of discovery, without duplicates. */
function modulesFrom(entry: string, asset: (path: string) => PageAsset | null): readonly string[] {
  const found = new Set([entry])
  for (const path of found) {
    const source = asset(path)?.body.toString() ?? ''
    const imported = [...source.matchAll(relativeImport)].map(([, specifier = '']) =>
      posix.join(posix.dirname(path), specifier),
    )
    for (const other of imported.filter((name) => asset(name) !== null)) found.add(other)
  }
  return [...found]
}

/** Suppresses the Node.js warning that type stripping is experimental. The tests of the page show that it works. */
function stripTypes(source: string): string {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes(source)
  } finally {
    process.emitWarning = emitWarning
  }
}

function fileName(file: URL): string {
  return posix.basename(file.pathname)
}
