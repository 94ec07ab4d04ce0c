/** Main: says in one sentence for the operator why something could not be done. A stack or a secret is never in it. */
import { isRefusal, type Refusal } from '../core/errors.ts'
import { MasterKeyError } from '../platform/master-key.ts'

/** What a system error carries beside its message. */
type SystemFacts = {
  readonly code?: string
  readonly path?: string
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
}

/** Returns the sentence; errors that nobody expected are named by their class alone, because their message is for the log. */
export function failureSentence(error: unknown): string {
  if (error instanceof MasterKeyError) return error.message
  if (isRefusal(error)) {
    const reason = reasonOf(error)
    return reason === null ? error.message : `${error.message.replace(/\.$/, '')}: ${reason}`
  }
  const reason = error instanceof Error ? knownReason(error) : null
  if (reason !== null) return reason
  return `Something went wrong on our side (${error instanceof Error ? error.name : typeof error}).`
}

/** Only of what is not the operator's own doing; `detail` is written for the log, which the operator reads too. */
function reasonOf({ kind, cause, detail }: Refusal): string | null {
  if (kind !== 'unavailable' && kind !== 'internal') return null
  return (cause instanceof Error ? knownReason(cause) : null) ?? detail ?? null
}

function knownReason(error: Error): string | null {
  const facts = error as SystemFacts
  const { code = '' } = facts
  if (code.startsWith('ERR_OSSL')) return `The TLS certificate and its key cannot be used (${code}).`
  if (code === 'ERR_SQLITE_ERROR') return `The database cannot be used (${error.message}).`
  return listenReason(code, facts) ?? fileReason(code, facts)
}

function listenReason(code: string, { address, port, hostname }: SystemFacts): string | null {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `The host ${hostname} of --listen is not known (${code}).`
  if (address === undefined) return null
  const place = port === undefined ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`
  if (code === 'EADDRINUSE') return `${place} is in use by another process; choose another place with --listen.`
  if (code === 'EADDRNOTAVAIL')
    return `This machine does not have the address ${address}; choose another with --listen.`
  return `${place} cannot be listened on (${code}); choose another place with --listen.`
}

function fileReason(code: string, { path }: SystemFacts): string | null {
  if (code === 'ENOSPC') return `The disk is full${path === undefined ? '' : ` at ${path}`} (${code}).`
  return path === undefined || !/^E[A-Z]+$/.test(code) ? null : `${path} cannot be used (${code}).`
}
