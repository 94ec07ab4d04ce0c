/** Cli: prints the report of a verified audit trail, with the first fault of each chain. */
import type { TrailReport } from '../main/audit-command.ts'
import { CommandFailure } from './failure.ts'
import { printJson, printLines, printTable, visible } from './output.ts'

type ChainReport = TrailReport['chains'][number]
type ChainFault = NonNullable<ChainReport['fault']>
type SealFault = NonNullable<TrailReport['seals']['fault']>

/** Prints the report. @throws CommandFailure with one sentence for each fault. */
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
    ...(before === 0
      ? []
      : [`Written before signing began: the oldest ${events(before)}; no signature protected them until then.`]),
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
  altered: (fault) => `${at(fault)} was altered: its hash does not match its text and the previous event.`,
  'head-missing': (fault) => `The chain ${visible(fault.chain)} has lost its head; its last event is ${fault.seq}.`,
  'head-behind': (fault) => `${at(fault)} is after the head of its chain.`,
  'head-differs': (fault) => `${at(fault)} does not match the head of its chain.`,
  'unlike-seen': (fault) => `${at(fault)} does not match the given head: the trail was rolled back or replaced.`,
  'unlike-signed': (fault) => `${at(fault)}, or a later one, does not match its signature.`,
  gone: (fault) => `The chain ${visible(fault.chain)} was signed and is missing.`,
  'foreign-head': (fault) => `${at(fault)}, or a later one, was written without the master key.`,
  'signed-anew': (fault) => `${at(fault)} names a key that signed before; its signatures are missing.`,
  'told-broken': (fault) => `${at(fault)} records that the trail was already broken.`,
}

const sealSentences: Readonly<Record<SealFault['kind'], (fault: SealFault) => string>> = {
  'no-key': () =>
    'Nothing is signed: the store has no key of the audit trail. If a server has run on it, the key was removed.',
  'foreign-key': () => 'The master key does not open the key of the audit trail: one of them was replaced.',
  'no-seals': () => 'All signatures are missing.',
  'seal-missing': (fault) => `${number(fault)} is missing.`,
  'seal-forged': (fault) => `${number(fault)} was not made with this key.`,
  'seal-unlinked': (fault) => `${number(fault)} does not follow from the previous one.`,
  'seal-backwards': (fault) => `${number(fault)} covers fewer events than the previous one.`,
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
