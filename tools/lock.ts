/** Tools: adds the optional packages of other platforms to the lock. Some registries leave them out, and then `npm ci` fails. */
import { readFileSync, writeFileSync } from 'node:fs'
import { projectRoot } from './source-tree.ts'

/** One package of the lock, with the members that are read here. */
export type LockedPackage = {
  readonly version?: string
  readonly dev?: boolean
  readonly engines?: Readonly<Record<string, string>>
  readonly license?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** The packages of a lock by their folder. The project itself has the empty string. */
export type LockedPackages = Readonly<Record<string, LockedPackage>>

/** An optional package that is missing from the lock. */
export type Missing = { readonly name: string; readonly version: string; readonly wantedBy: LockedPackage }

const platform =
  /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(?:-(\w+))?$/

/** Returns the optional packages that a package of the lock names and the lock does not have. */
export function missingOptionals(packages: LockedPackages): Missing[] {
  return Object.entries(packages).flatMap(([place, wantedBy]) =>
    Object.entries(wantedBy.optionalDependencies ?? {})
      .filter(([name]) => !isHeld(packages, place, name))
      .map(([name, version]) => ({ name, version, wantedBy })),
  )
}

/** Returns the entry for a missing package, with the platform from its name. @throws Error if the name has no platform. */
export function entryFor({ name, version, wantedBy }: Missing): Readonly<Record<string, unknown>> {
  const [, os, cpu, abi = ''] = platform.exec(name) ?? []
  if (os === undefined || cpu === undefined || !/^\d/.test(version)) {
    throw new Error(`${name} ${version} is missing from the lock, and its name has no platform.`)
  }
  const libc = os !== 'linux' || abi === '' ? {} : { libc: [abi.startsWith('musl') ? 'musl' : 'glibc'] }
  const { dev, license, engines } = wantedBy
  return {
    version,
    cpu: [cpu],
    ...(dev === undefined ? {} : { dev }),
    ...libc,
    ...(license === undefined ? {} : { license }),
    optional: true,
    os: [os],
    ...(engines === undefined ? {} : { engines }),
  }
}

// Node.js looks for a package beside the one that names it, then in every folder above.
function isHeld(packages: LockedPackages, place: string, name: string): boolean {
  const parts = place === '' ? [] : place.split('/node_modules/')
  return [...parts, ''].some((_, depth) => {
    const above = parts.slice(0, parts.length - depth).join('/node_modules/')
    return packages[above === '' ? `node_modules/${name}` : `${above}/node_modules/${name}`] !== undefined
  })
}

if (import.meta.main) {
  const path = `${projectRoot}package-lock.json`
  const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: LockedPackages }
  const { '': project = {}, ...held } = lock.packages
  const added = missingOptionals(lock.packages).map((missing) => [`node_modules/${missing.name}`, entryFor(missing)])
  const packages = Object.entries({ ...held, ...Object.fromEntries(added) }).sort(([a], [b]) => (a < b ? -1 : 1))
  writeFileSync(
    path,
    `${JSON.stringify({ ...lock, packages: Object.fromEntries([['', project], ...packages]) }, null, 2)}\n`,
  )
  console.log(`${added.length} packages of other platforms were added to the lock.`)
}
