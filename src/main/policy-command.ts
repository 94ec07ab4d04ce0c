/** Main: the policies of terminals, for the command line. */
import { parsePolicy, renderPolicy } from '../core/terminals/parse-policy.ts'
import { setPolicy } from '../core/terminals/set-policy.ts'
import type { PolicySubject } from '../core/terminals/terminal-policy.ts'
import type { StoreCommand } from './store-command.ts'

export type { PolicySubject }

/**
 * Sets or replaces a policy.
 *
 * @param json the content of its file.
 * @throws INPUT_INVALID naming each bad member; the refusals of `setPolicy`.
 */
export function writePolicy(
  { storeAccess, request }: StoreCommand,
  subject: PolicySubject,
  json: unknown,
): Promise<void> {
  return setPolicy(storeAccess.ports, { subject, policy: parsePolicy(json) }, request)
}

/** Removes a policy. @throws Refusal as `setPolicy` does. */
export function removePolicy({ storeAccess, request }: StoreCommand, subject: PolicySubject): Promise<void> {
  return setPolicy(storeAccess.ports, { subject, policy: null }, request)
}

/** Returns the members of a policy's file; null: there is no policy. */
export async function readPolicy(
  { reads }: StoreCommand,
  subject: PolicySubject,
): Promise<Readonly<Record<string, unknown>> | null> {
  const policy = await reads.policy(subject)
  return policy === null ? null : renderPolicy(policy)
}
