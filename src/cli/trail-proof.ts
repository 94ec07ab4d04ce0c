/** Cli: tells what an audit trail proved, and names the first place of each chain that does not hold. */
import type { TrailReport } from '../main/audit-command.ts'
import { CommandFailure } from './failure.ts'
import { printJson, printLines, printTable, visible } from './output.ts'

type ChainReport = TrailReport['chains'][number]
type ChainFault = NonNullable<ChainReport['fault']>
type SealFault = NonNullable<TrailReport['seals']['fault']>

/** Prints what was proved. @throws CommandFailure with a sentence for everything that does not hold. */
export async function printProof({ chains, seals }: TrailReport, asJson: boolean): Promise<void> {
  const proven = chains.filter(({ head, fault }) => head !== null || fault !== null)
  const faults = [
    ...(seals.fault === null ? [] : [sealSentences[seals.fault.kind](seals.fault)]),
    ...proven.flatMap(({ fault }) => (fault === null ? [] : [sentences[fault.kind](fault)])),
  ]
  if (asJson) await printJson(proofJson({ chains: proven, seals }, faults))
  else {
    await printTable({
      rows: proven,
      columns: {
        CHAIN: ({ chain }) => chain,
        EVENTS: ({ head }) => head?.seq ?? null,
        SIGNED: ({ signedSeq }) => signedSeq,
        HEAD: ({ head }) => (head === null ? null : headText(head)),
        RESULT: ({ fault }) => (fault === null ? 'whole' : 'broken'),
      },
      whenEmpty: 'There are no audit events.',
    })
    await printLines(signatureLines({ chains: proven, seals }))
  }
  if (faults.length > 0) throw new CommandFailure(faults.join(' '))
}

function signatureLines(report: TrailReport): string[] {
  const { keyId, count, lastAt } = report.seals
  if (keyId === null || lastAt === null) return []
  const before = sum(report.chains, ({ beforeSigningSeq }) => beforeSigningSeq)
  const unsigned = sum(report.chains, unsignedOf)
  return [
    `Signatures: ${count}, the newest of ${lastAt}, by the key ${keyId}.`,
    `Not covered by a signature yet: ${unsigned === 0 ? 'none' : `the newest ${events(unsigned)}`}.`,
    ...(before === 0 ? [] : [`From before signing: the oldest ${events(before)}; nothing protected them until then.`]),
  ]
}

function unsignedOf({ head, signedSeq }: ChainReport): number {
  return head === null ? 0 : head.seq - signedSeq
}

function events(count: number): string {
  return count === 1 ? 'event' : `${count} events`
}

function sum(chains: readonly ChainReport[], count: (chain: ChainReport) => number): number {
  return chains.reduce((total, chain) => total + count(chain), 0)
}

const sentences: Readonly<Record<ChainFault['kind'], (fault: ChainFault) => string>> = {
  missing: (fault) => `${at(fault)} is missing.`,
  altered: (fault) => `${at(fault)} was altered: its hash is not that of its text and the event before it.`,
  'head-missing': (fault) => `The chain ${visible(fault.chain)} has lost its head; its last event is ${fault.seq}.`,
  'head-behind': (fault) => `${at(fault)} is beyond the head of its chain.`,
  'head-differs': (fault) => `${at(fault)} is not the one that the head of its chain names.`,
  'unlike-seen': (fault) => `${at(fault)} is not the one that was seen: the trail was rolled back or replaced.`,
  'unlike-signed': (fault) => `${at(fault)}, or one after it, is not the one that was signed.`,
  gone: (fault) => `The chain ${visible(fault.chain)} was signed and is gone.`,
  'foreign-head': (fault) => `${at(fault)}, or one after it, was written by somebody without the master key.`,
  'signed-anew': (fault) => `${at(fault)} tells of a key that signed before; its signatures are gone.`,
  'told-broken': (fault) => `${at(fault)} tells that the trail was found broken then.`,
}

const sealSentences: Readonly<Record<SealFault['kind'], (fault: SealFault) => string>> = {
  'no-key': () =>
    'Nothing is signed: the store has no key of the audit trail. If a server has run on it, the key was taken away.',
  'foreign-key': () => 'The key of the audit trail does not open with the master key: it was replaced.',
  'no-seals': () => 'All signatures are missing.',
  'seal-missing': (fault) => `${number(fault)} is missing.`,
  'seal-forged': (fault) => `${number(fault)} was not made with the key.`,
  'seal-unlinked': (fault) => `${number(fault)} does not follow from the one before it.`,
  'seal-backwards': (fault) => `${number(fault)} covers fewer events than the one before it.`,
}

function at({ chain, seq }: ChainFault): string {
  return `Event ${seq} of the chain ${visible(chain)}`
}

function number(fault: SealFault): string {
  return `Signature ${'seal' in fault ? fault.seal : 0}`
}

function headText({ chain, seq, hash }: NonNullable<ChainReport['head']>): string {
  return `${chain}:${seq}:${hash}`
}

function proofJson({ chains, seals }: TrailReport, faults: readonly string[]): object {
  return {
    is_whole: faults.length === 0,
    chains: chains.map((report) => ({
      chain: report.chain,
      is_whole: report.fault === null,
      events: report.head?.seq ?? null,
      signed_events: report.signedSeq,
      unsigned_events: unsignedOf(report),
      events_before_signing: report.beforeSigningSeq,
      head: report.head === null ? null : headText(report.head),
      fault: report.fault === null ? null : { seq: report.fault.seq, kind: report.fault.kind },
    })),
    signatures: {
      count: seals.count,
      last_at: seals.lastAt,
      key: seals.keyId,
      fault:
        seals.fault === null
          ? null
          : { number: 'seal' in seals.fault ? seals.fault.seal : null, kind: seals.fault.kind },
    },
    faults,
  }
}
