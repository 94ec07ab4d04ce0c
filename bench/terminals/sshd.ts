/** Bench: a real sshd on the client's core. It trusts the server's authority and the key of a plain `ssh`. */
import { execFileSync } from 'node:child_process'
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requireTools } from '../../test/fixtures/require-tool.ts'
import { osUser, type RunningSshd, startSshd } from '../../test/fixtures/sshd.ts'
import { pinning, separateCores } from '../measure/processes.ts'
import type { TerminalTarget } from '../server/protocol.ts'

/** A server for terminals. */
export type BenchSshd = {
  readonly target: TerminalTarget
  /** The plain client with its key, as a command. */
  readonly plainWords: readonly string[]
}

/** Runs `use` with an sshd that trusts an authority. @throws Error if OpenSSH is not installed. */
export async function withSshd<Value>(publicLine: string, use: (sshd: BenchSshd) => Promise<Value>): Promise<Value> {
  const { paths } = requireTools('ssh', 'sshd')
  if (paths === null) throw new Error('The scenario needs ssh and sshd of OpenSSH.')
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-ssh-'))
  const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    await chmod(folder, 0o755)
    const key = join(folder, 'key')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key])
    const authorized = join(folder, 'authorized')
    await copyFile(`${key}.pub`, authorized)
    await chmod(authorized, 0o644)
    const sshd = await startSshd(
      { after: (work) => stops.push(work) },
      {
        caLines: [publicLine],
        principals: { [osUser]: [`bench-1/${osUser}`] },
        config: [`AuthorizedKeysFile ${authorized}`],
        logLevel: 'INFO',
      },
    )
    if (separateCores.load !== null) execFileSync(pinning, ['-apc', separateCores.load, String(sshd.pid)])
    const plainWords = await plainClient(paths.ssh, { folder, key, sshd })
    const { address, port, hostKeyLine: hostKey } = sshd
    return await use({ target: { transport: 'ssh', address, port, osUser, hostKey }, plainWords })
  } finally {
    for (const stop of stops.toReversed()) await stop()
  }
}

type PlainClient = { readonly folder: string; readonly key: string; readonly sshd: RunningSshd }

async function plainClient(program: string, { folder, key, sshd }: PlainClient): Promise<readonly string[]> {
  const known = join(folder, 'known')
  await writeFile(known, `[${sshd.address}]:${sshd.port} ${sshd.hostKeyLine}\n`)
  const options = ['IdentitiesOnly=yes', `UserKnownHostsFile=${known}`, 'StrictHostKeyChecking=yes']
  const words = options.flatMap((option) => ['-o', option])
  return [program, '-tt', '-F', 'none', '-i', key, ...words, '-p', String(sshd.port), `${osUser}@${sshd.address}`]
}
