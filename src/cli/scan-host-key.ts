/** Cli: fetches the host keys of one address and has a person confirm the one that is pinned: trust on first use, and said so. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, isIP } from 'node:net'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { CommandFailure, UsageError } from './failure.ts'

/** Where to look. */
export type ScanTarget = { readonly address: string; readonly port: number }

/** A host key as a server showed it. */
export type ScannedKey = { readonly algorithm: string; readonly base64: string; readonly fingerprint: string }

/** Algorithms in the order in which they are preferred; others are passed over. */
const preferred = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
] as const

/** Seconds until a server that says nothing is given up, as ssh-keyscan takes them. */
const timeoutSeconds = '5'

/** Milliseconds that a connection may take which only finds out why no key came. */
const probeMs = 2_000

/** Refuses what cannot be scanned. @throws UsageError where nobody can be asked, or the address is none. */
export function requireScannable({ address }: ScanTarget): void {
  if (!process.stdin.isTTY)
    throw new UsageError('--host-key or --host-ca is needed where no terminal can confirm a scanned key.')
  if (isIP(address) === 0 || address.includes('%'))
    throw new UsageError('--address takes an IPv4 or IPv6 address, not a name.')
}

/**
 * Shows the keys of a server that is scannable and returns the line of the one that a person confirmed.
 *
 * @throws CommandFailure when no key came, or the person did not type `yes`.
 */
export async function scanHostKey(target: ScanTarget): Promise<string> {
  const keys = await scan(target)
  const [first] = keys
  if (first === undefined) {
    const { address, port } = target
    throw new CommandFailure(`No host key came from ${address} port ${port}: ${await reasonForNoKey(target)}.`)
  }
  process.stderr.write(`${[...hostKeyLines(target, keys), ''].join('\n')}Type yes to pin the ${first.algorithm} key: `)
  if ((await readAnswer()) !== 'yes') throw new CommandFailure('The key was not confirmed; nothing was added.')
  return `${first.algorithm} ${first.base64}`
}

/** Returns what the person reads before answering. */
export function hostKeyLines({ address, port }: ScanTarget, keys: readonly ScannedKey[]): string[] {
  return [
    `Host keys that ${address} port ${port} shows now:`,
    ...keys.map(({ algorithm, fingerprint }) => `  ${algorithm} ${fingerprint}`),
    'This is trust on first use: whoever answers at that address now is believed from now on.',
    'Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` (or the like) on the server itself.',
  ]
}

/** Returns the keys in the output of ssh-keyscan, best first, each algorithm once; lines that are none are passed over. */
export function parseScan(output: string): readonly ScannedKey[] {
  const found = new Map<string, ScannedKey>()
  for (const line of output.split('\n')) {
    const [, algorithm = '', base64 = ''] = /^\S+ ([a-z0-9-]+) ([A-Za-z0-9+/]{32,}={0,2})$/.exec(line.trim()) ?? []
    const blob = Buffer.from(base64, 'base64')
    if (algorithm === '' || found.has(algorithm) || !namesItself(blob, algorithm)) continue
    const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
    found.set(algorithm, { algorithm, base64, fingerprint })
  }
  return preferred.flatMap((algorithm) => found.get(algorithm) ?? [])
}

/** A key's blob begins with the name of its algorithm (RFC 4253 section 6.6). */
function namesItself(blob: Buffer, algorithm: string): boolean {
  return (
    blob.length > 4 + algorithm.length && blob.subarray(4, 4 + blob.readUInt32BE()).toString('latin1') === algorithm
  )
}

async function scan({ address, port }: ScanTarget): Promise<readonly ScannedKey[]> {
  const words = ['-T', timeoutSeconds, '-p', String(port), '--', address]
  try {
    const { stdout } = await promisify(execFile)('ssh-keyscan', words, { maxBuffer: 64 * 1024 })
    return parseScan(stdout)
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code)
    if (code === 'ENOENT') throw new CommandFailure('ssh-keyscan is not installed; give --host-key.', { cause: error })
    return parseScan(String((error as { stdout?: unknown }).stdout ?? ''))
  }
}

/** Of a connection that is refused, or not answered, ssh-keyscan says nothing; one of our own tells. */
async function reasonForNoKey({ address, port }: ScanTarget): Promise<string> {
  const socket = connect({ host: address, port })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(probeMs) })
    return 'something listens there and shows none'
  } catch (error) {
    const { name, code } = error as NodeJS.ErrnoException
    if (name === 'AbortError') return 'it did not answer in time'
    return code === 'ECONNREFUSED' ? 'the connection was refused' : `it cannot be reached (${String(code)})`
  } finally {
    socket.destroy()
  }
}

/** Returns the line that was typed; the empty text where the person gave up. */
function readAnswer(): Promise<string> {
  const reader = createInterface({ input: process.stdin, terminal: false })
  return new Promise((resolve) => {
    reader.once('line', (line) => {
      resolve(line.trim())
      reader.close()
    })
    reader.once('close', () => resolve(''))
  })
}
