/** Bench: builds the measured server. An installed server runs JavaScript; stripping types at start costs memory. */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { renameWorkerFiles } from '../../tools/build.ts'
import { listFiles, projectRoot } from '../../tools/source-tree.ts'

const built = 'bench/built'

/** Builds the server with the routes of the bench into `bench/built`. */
export function buildServer(): void {
  rmSync(`${projectRoot}${built}`, { recursive: true, force: true })
  const words = ['-p', 'bench/tsconfig.build.json']
  const { status } = spawnSync(`${projectRoot}node_modules/.bin/tsc`, words, { cwd: projectRoot, stdio: 'inherit' })
  if (status !== 0) throw new Error('The sources do not compile.')
  for (const path of listFiles(projectRoot, [built], '.js')) {
    writeFileSync(`${projectRoot}${path}`, renameWorkerFiles(readFileSync(`${projectRoot}${path}`, 'utf8')))
  }
  for (const path of listFiles(projectRoot, ['src'], '').filter((file) => !file.endsWith('.ts'))) {
    cpSync(`${projectRoot}${path}`, `${projectRoot}${built}/${path}`)
  }
  cpSync(`${projectRoot}package.json`, `${projectRoot}${built}/package.json`)
}
