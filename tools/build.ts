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
  const { status } = spawnSync(`${projectRoot}node_modules/.bin/tsc`, ['-p', 'tsconfig.build.json'], {
    cwd: projectRoot,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('The sources do not compile.')
  for (const path of listFiles(projectRoot, ['dist'], '.js')) {
    const emitted = readFileSync(`${projectRoot}${path}`, 'utf8')
    writeFileSync(`${projectRoot}${path}`, renameWorkerFiles(emitted))
  }
  for (const path of listFiles(projectRoot, ['src'], '').filter((file) => !file.endsWith('.ts'))) {
    cpSync(`${projectRoot}${path}`, `${projectRoot}${path.replace(/^src/, 'dist')}`)
  }
}

if (import.meta.main) build()
