/** Terminals: what one login needs besides the client program, in a folder that only our user may enter, removed after use. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '../../../core/ports.ts'
import type { TerminalTarget } from '../transport.ts'
import { type Agent, startAgent } from './agent.ts'
import type { AgentLogin, AgentProgress } from './agent-protocol.ts'
import { type Certificate, type CertificateInput, type CertificateMaking, makeCertificate } from './certificate.ts'
import { openClientLog } from './client-log.ts'
import { hostTrust } from './host-trust.ts'
import { knownHosts } from './known-hosts.ts'

/** The parts of a login. */
export type LoginStart = {
  readonly input: CertificateInput
  readonly making: CertificateMaking
  readonly target: TerminalTarget
  /** Called if the folder could not be removed. */
  readonly log: Pick<Log, 'error'>
}

/** A prepared login. */
export type Login = {
  readonly certificate: Certificate
  readonly paths: { readonly agentPath: string; readonly knownHostsPath: string; readonly logPath: string }
  readonly progress: () => AgentProgress
  /** Resolves when the server runs the command; never, if it does not come to that. */
  readonly began: Promise<void>
  /** Removes everything and returns the client program's log; call it when the program is gone, or never started. */
  readonly finish: () => Promise<string>
}

/**
 * Creates folder, agent, known-hosts file and log. The private key is in no file.
 *
 * @throws NotPossibleHere if the inventory has unusable values; a system error if the folder cannot be created.
 */
export async function prepareLogin({ input, making, target, log }: LoginStart): Promise<Login> {
  const certificate = makeCertificate(input, making)
  const lines = knownHosts(target)
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-ssh-'))
  const paths = {
    agentPath: join(folder, 'agent'),
    knownHostsPath: join(folder, 'known_hosts'),
    logPath: join(folder, 'log'),
  }
  const agent = await startIn(folder, {
    lines,
    paths,
    login: { certificate, key: making.subject, osUser: input.osUser, isServersKey: hostTrust(target) },
  })
  // The client program has opened its log and read the host key by then, and needs the folder no more.
  const removed = agent.over
    .then(() => removeFolder(folder))
    .catch((err: unknown) => log.error({ err }, 'the folder of a login could not be removed'))
  const clear = async (): Promise<void> => {
    agent.close()
    await removed
  }
  try {
    const said = await openClientLog(paths.logPath)
    const finish = async (): Promise<string> => (await Promise.all([said.finish(), clear()]))[0]
    return { certificate, paths, progress: agent.progress, began: said.began, finish }
  } catch (error) {
    await clear()
    throw error
  }
}

async function startIn(
  folder: string,
  { lines, paths, login }: { readonly lines: string; readonly paths: Login['paths']; readonly login: AgentLogin },
): Promise<Agent> {
  try {
    await writeFile(paths.knownHostsPath, lines, { mode: 0o600, flag: 'wx' })
    return await startAgent(paths.agentPath, login)
  } catch (error) {
    await removeFolder(folder)
    throw error
  }
}

function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true })
}
