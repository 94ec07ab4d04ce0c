/** Tools: builds dist/ from src/. What is emitted names no TypeScript file, because Node strips no types in an installed package. */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { listFiles, projectRoot } from './source-tree.ts'

const workerFile = /(new URL\(\s*['"]\.{1,2}\/[^'"]*)\.ts(['"],\s*import\.meta\.url)/g

/** Returns emitted JavaScript with the worker files it names by `new URL('./x.ts', import.meta.url)` renamed to what was emitted. */
export function renameWorkerFiles(javascript: string): string {
  return javascript.replaceAll(workerFile, '$1.js$2')
}

function build(): void {
  rmSync(`${projectRoot}dist`, { recursive: true, force: true })
  compile('tsconfig.build.json')
  // What runs in browsers compiles with their types, and with none of Node.js.
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
