/** Main: turns an error into one sentence for the operator, without a stack and without a secret. */
import { isRefusal, type Refusal } from '../core/errors.ts'
import { MasterKeyError } from '../platform/master-key.ts'

/** Members of a system error beside its message. */
type SystemFacts = {
  readonly code?: string
  readonly path?: string
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
}

/** Returns the sentence. An unexpected error is named by its class only, because its message is for the log. */
export function failureSentence(error: unknown): string {
  if (error instanceof MasterKeyError) return error.message
  if (isRefusal(error)) {
    const reason = reasonOf(error)
    return reason === null ? error.message : `${error.message.replace(/\.$/, '')}: ${reason}`
  }
  const reason = error instanceof Error ? knownReason(error) : null
  if (reason !== null) return reason
  return `An unexpected error occurred (${error instanceof Error ? error.name : typeof error}).`
}

/** Returns the reason of a fault that is not the operator's. `detail` is for the log, which the operator reads too. */
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
  if (code === 'EADDRINUSE') return `${place} is in use by another process; choose another address with --listen.`
  if (code === 'EADDRNOTAVAIL')
    return `This machine does not have the address ${address}; choose another with --listen.`
  return `${place} cannot be listened on (${code}); choose another address with --listen.`
}

function fileReason(code: string, { path }: SystemFacts): string | null {
  if (code === 'ENOSPC') return `The disk is full${path === undefined ? '' : ` at ${path}`} (${code}).`
  return path === undefined || !/^E[A-Z]+$/.test(code) ? null : `${path} cannot be used (${code}).`
}
