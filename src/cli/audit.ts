/** Cli: the verb `audit` lists, exports and verifies the audit trail. */
import type { Command } from 'commander'
import type { AuditHead } from '../main/audit-command.ts'
import type { StoreCommand } from '../main/store-command.ts'
import { addStoreOptions, type Flags } from './configuration.ts'
import { CommandFailure, UsageError } from './failure.ts'
import { jsonOption, jsonText, printJson, printLines, printList } from './output.ts'
import { printProof } from './trail-proof.ts'
import { collect, readInteger } from './values.ts'
import { readStore, readVerb } from './with-store.ts'

type AuditFlags = Flags & {
  readonly json?: boolean
  readonly chain?: string
  readonly limit?: string
  readonly after?: string
  readonly against?: readonly string[]
  readonly key?: string
  readonly file?: string
}

type ChainedEvent = Awaited<ReturnType<StoreCommand['reads']['auditEvents']>>[number]

/** Lines per write. */
const pageLength = 1_000

/** Events of a list without `--limit`. */
const defaultLimit = 50

/** Adds the verb. */
export function addAuditVerb(program: Command): void {
  const audit = program.command('audit').description('Read and verify the audit trail.')
  const list = audit
    .command('list')
    .description('List the newest events, or those after a number.')
    .option('--chain <C>', 'One chain: server or command. (default all)')
    .option('--limit <number>', `Most events. (default ${defaultLimit})`)
    .option('--after <SEQ>', 'Number in the chain after which to begin; needs --chain.')
    .option(...jsonOption)
  addStoreOptions(list).action(listEvents)
  const exporting = audit
    .command('export')
    .description('Print signatures, heads and every event as lines of JSON, which anyone can verify.')
  readVerb(exporting.option('--json', 'Has no effect: the export is JSON.'), exportAll)
  const verify = audit
    .command('verify')
    .description('Compute every chain and verify every signature, and name the first fault of each.')
    .option(
      '--key <KEY>',
      'Public key, or a file that holds it. (default the one in the store, opened with the master key)',
    )
    .option('--file <EXPORT>', 'An export, instead of a store; needs --key.')
    .option('--against <HEAD>', 'chain:seq:hash that the server logged; finds a rollback; may be repeated.', collect)
    .option(...jsonOption)
  addStoreOptions(verify).action(verifyTrail)
  const keys = audit.command('keys').description('Print the public key that signs the audit trail, as PEM.')
  readVerb(keys.option(...jsonOption), printKey)
}

async function listEvents(flags: AuditFlags): Promise<void> {
  const limit = readInteger('--limit', flags.limit ?? String(defaultLimit), { from: 1, to: 100_000 })
  const after = flags.after === undefined ? null : readInteger('--after', flags.after, { from: 0, to: 1e15 })
  if (after !== null && flags.chain === undefined) {
    throw new UsageError('--after needs --chain, because every chain has its own numbers.')
  }
  await readStore(flags, async ({ reads }) => {
    const heads = (await reads.auditHeads()).filter(({ chain }) => flags.chain === undefined || chain === flags.chain)
    const pages = await Promise.all(
      heads.map(({ chain, seq }) => reads.auditEvents(chain, { afterSeq: after ?? Math.max(0, seq - limit), limit })),
    )
    const events = pages.flat().map(readEvent)
    if (heads.length > 1) events.sort((one, other) => compare(one.at, other.at))
    await printList(
      {
        rows: after === null ? events.slice(-limit) : events,
        columns: {
          TIME: ({ at }) => at ?? null,
          CHAIN: ({ chain }) => chain,
          SEQ: ({ seq }) => seq,
          ACTION: ({ action }) => action ?? 'unreadable',
          OUTCOME: ({ outcome, code }) => [outcome, code].filter((word) => word !== undefined).join(' '),
          BY: ({ by, username, actor }) => [by, username ?? actor?.name].filter((word) => word != null).join(' '),
          FROM: ({ ip }) => ip ?? null,
          SUBJECT: ({ subject }) => subject ?? null,
        },
        whenEmpty: 'There are no audit events.',
      },
      flags,
    )
  })
}

type ListedEvent = Pick<ChainedEvent, 'chain' | 'seq' | 'hash'> &
  Readonly<
    Partial<Record<'at' | 'action' | 'outcome' | 'code' | 'by' | 'username' | 'ip' | 'subject', string | undefined>> & {
      readonly actor?: { readonly name?: string | null }
    }
  >

/** A damaged text is listed too, with its chain, number and hash only. */
function readEvent({ chain, seq, hash, text }: ChainedEvent): ListedEvent {
  let event: unknown
  try {
    event = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return { chain, seq, ...(typeof event === 'object' && event !== null ? event : {}), hash }
}

function compare(one = '', other = ''): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}

async function exportAll({ reads }: StoreCommand): Promise<void> {
  const { exportLines } = await import('../main/audit-export.ts')
  let lines: string[] = []
  for await (const line of exportLines(reads)) {
    lines.push(jsonText(line))
    if (lines.length < pageLength) continue
    await printLines(lines)
    lines = []
  }
  await printLines(lines)
}

async function verifyTrail(flags: AuditFlags): Promise<void> {
  const seen = (flags.against ?? []).map(readHead)
  const { proveTrail, readAuditKey } = await import('../main/audit-command.ts')
  const key = flags.key === undefined ? 'of the store' : await readAuditKey(flags.key)
  if (key === null) throw new UsageError('--key takes an Ed25519 public key, or a file that holds one.')
  if (flags.file !== undefined) {
    if (key === 'of the store') throw new UsageError('--file needs --key: an export cannot prove its own key.')
    const { proveExport } = await import('../main/audit-export.ts')
    return printProof(await proveExport(flags.file, { seen, key }), flags.json === true)
  }
  await readStore(flags, async ({ storeAccess }) => {
    await printProof(await proveTrail(storeAccess, { seen, key }), flags.json === true)
  })
}

async function printKey({ storeAccess }: StoreCommand, flags: AuditFlags): Promise<void> {
  const { auditKey } = await import('../main/audit-command.ts')
  const key = await auditKey(storeAccess.ports)
  if (key === null) throw new CommandFailure('There is no key of the audit trail: nothing was signed yet.')
  if (flags.json === true) return printJson({ fingerprint: key.fingerprint, public_key: key.publicKeyPem })
  await printLines([key.publicKeyPem.trimEnd()])
}

function readHead(text: string): AuditHead {
  const match = /^(.+):([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text)
  if (match === null) throw new UsageError('--against takes chain:seq:hash, as the server logs it each minute.')
  return { chain: match[1] ?? '', seq: Number(match[2]), hash: match[3] ?? '' }
}
