/** Tools: builds dist/ from src/. The output names no TypeScript file, because Node.js strips no types in an installed package. */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { listFiles, projectRoot } from './source-tree.ts'

const workerFile = /(new URL\(\s*['"]\.{1,2}\/[^'"]*)\.ts(['"],\s*import\.meta\.url)/g

/** Returns the JavaScript with each `new URL('./x.ts', import.meta.url)` renamed to the emitted `./x.js`. */
export function renameWorkerFiles(javascript: string): string {
  return javascript.replaceAll(workerFile, '$1.js$2')
}

function build(): void {
  rmSync(`${projectRoot}dist`, { recursive: true, force: true })
  compile('tsconfig.build.json')
  // The files for browsers compile with the types of browsers and without those of Node.js.
  compile('tsconfig.console.json', ['--noEmit', 'false', '--noEmitOnError', '--rootDir', 'src', '--outDir', 'dist'])
  for (const path of listFiles(projectRoot, ['dist'], '.js')) {
    const emitted = readFileSync(`${projectRoot}${path}`, 'utf8')
    writeFileSync(`${projectRoot}${path}`, renameWorkerFiles(emitted))
  }
  for (const path of listFiles(projectRoot, ['src'], '').filter((file) => !file.endsWith('.ts'))) {
    cpSync(`${projectRoot}${path}`, `${projectRoot}${path.replace(/^src/, 'dist')}`)
  }
}

function compile(project: string, words: readonly string[] = []): void {
  const { status } = spawnSync(`${projectRoot}node_modules/.bin/tsc`, ['-p', project, ...words], {
    cwd: projectRoot,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('The sources do not compile.')
}

if (import.meta.main) build()
