/** Core: a seal is one signature over the heads of all audit chains. Each seal names the one before. Pure. */
import type { AuditHead } from './event.ts'

/** A seal as it is stored and exported. */
export type AuditSeal = {
  /** 1, 2, 3 ... */
  readonly seq: number
  /** The exact JSON text that was signed. */
  readonly text: string
  /** Ed25519 over {@link sealMessage} of the text; hex. */
  readonly signature: string
}

/** The content of a seal. */
export type SealClaims = {
  readonly seq: number
  /** ISO 8601, UTC. */
  readonly at: string
  /** Hex SHA-256 of the public key (SubjectPublicKeyInfo, DER). */
  readonly keyId: string
  /** Hex SHA-256 of {@link sealLink} of the seal before; `chainStart` in the first one. */
  readonly previous: string
  /** The newest event of every chain, sorted by chain. */
  readonly heads: readonly AuditHead[]
}

/** Signs seals. */
export type SealSigner = SealVerifier & { readonly sign: (text: string) => string }

/** Verifies seals of one key. */
export type SealVerifier = {
  /** As {@link SealClaims} has it. */
  readonly keyId: string
  readonly verify: (text: string, signature: string) => boolean
}

/** Returns the text of a seal; members in a fixed order. */
export function sealText({ seq, at, keyId, previous, heads }: SealClaims): string {
  const listed = heads.map((head) => ({ chain: head.chain, seq: head.seq, hash: head.hash }))
  return JSON.stringify({ seal: seq, at, key: keyId, previous, heads: listed })
}

/** Returns the content of a seal's text; null if `sealText` does not write such a text. */
export function readSeal(text: string): SealClaims | null {
  const value = parse(text)
  if (!isObject(value)) return null
  const { seal: seq, at, key: keyId, previous, heads } = value
  if (typeof seq !== 'number' || !Array.isArray(heads) || !heads.every(isHead)) return null
  if (typeof at !== 'string' || typeof keyId !== 'string' || typeof previous !== 'string') return null
  const claims = { seq, at, keyId, previous, heads }
  return sealText(claims) === text ? claims : null
}

/** Returns the signed bytes of a text; no other signed data of ours has this prefix. */
export function sealMessage(text: string): string {
  return `sallyport audit seal\n${text}`
}

/** Returns the text whose SHA-256 is in the next seal. */
export function sealLink({ text, signature }: Pick<AuditSeal, 'text' | 'signature'>): string {
  return `${text}\n${signature}`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isHead(value: unknown): value is AuditHead {
  if (!isObject(value)) return false
  const { chain, seq, hash } = value
  return typeof chain === 'string' && Number.isSafeInteger(seq) && Number(seq) > 0 && typeof hash === 'string'
}
