/** Cli: scans the host keys of an address, and lets the user confirm the key to pin (trust on first use). */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, isIP } from 'node:net'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { CommandFailure, systemCode, UsageError } from './failure.ts'

/** The server to scan. */
export type ScanTarget = { readonly address: string; readonly port: number }

/** A host key that a server showed. */
export type ScannedKey = { readonly algorithm: string; readonly base64: string; readonly fingerprint: string }

/** Algorithms in the order of preference; others are ignored. */
const preferred = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
] as const

/** Seconds, as ssh-keyscan takes them. */
const timeoutSeconds = '5'

/** Milliseconds of the connection that finds out why no key came. */
const probeMs = 2_000

/** @throws UsageError when standard input is no terminal, or the address is no IP address. */
export function requireScannable({ address }: ScanTarget): void {
  if (!process.stdin.isTTY)
    throw new UsageError('--host-key or --host-ca is needed; only at a terminal can a scanned key be confirmed.')
  if (isIP(address) === 0 || address.includes('%'))
    throw new UsageError('--address takes an IPv4 or IPv6 address, not a name.')
}

/**
 * Prints the keys of a scannable server and returns the line of the key that the user confirmed.
 *
 * @throws CommandFailure when no key came, or the user did not type `yes`.
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

/** Returns the lines that the user reads before the answer. */
export function hostKeyLines({ address, port }: ScanTarget, keys: readonly ScannedKey[]): string[] {
  return [
    `Host keys that ${address} port ${port} shows now:`,
    ...keys.map(({ algorithm, fingerprint }) => `  ${algorithm} ${fingerprint}`),
    'This is trust on first use: from now on we trust the server that answers at this address now.',
    'Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` (or the like) on the server itself.',
  ]
}

/** Returns the keys in the output of ssh-keyscan, the preferred first, one of each algorithm. Other lines are ignored. */
export function parseScan(output: string): readonly ScannedKey[] {
  const found = new Map<string, ScannedKey>()
  for (const line of output.split('\n')) {
    const [, algorithm = '', base64 = ''] = /^\S+ ([a-z0-9-]+) ([A-Za-z0-9+/]{32,}={0,2})$/.exec(line.trim()) ?? []
    const blob = Buffer.from(base64, 'base64')
    if (algorithm === '' || found.has(algorithm) || !namesAlgorithm(blob, algorithm)) continue
    const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
    found.set(algorithm, { algorithm, base64, fingerprint })
  }
  return preferred.flatMap((algorithm) => found.get(algorithm) ?? [])
}

/** A key blob begins with the name of its algorithm (RFC 4253 section 6.6). */
function namesAlgorithm(blob: Buffer, algorithm: string): boolean {
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
    if (systemCode(error) === 'ENOENT')
      throw new CommandFailure('ssh-keyscan is not installed; give --host-key.', { cause: error })
    return parseScan(String((error as { stdout?: unknown }).stdout ?? ''))
  }
}

/** ssh-keyscan prints nothing about a refused or unanswered connection, so we open one ourselves. */
async function reasonForNoKey({ address, port }: ScanTarget): Promise<string> {
  const socket = connect({ host: address, port })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(probeMs) })
    return 'the port is open, but shows no key'
  } catch (error) {
    const { name, code } = error as NodeJS.ErrnoException
    if (name === 'AbortError') return 'it did not answer in time'
    return code === 'ECONNREFUSED' ? 'the connection was refused' : `it cannot be reached (${String(code)})`
  } finally {
    socket.destroy()
  }
}

/** Returns the typed line; empty if the user cancelled. */
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
