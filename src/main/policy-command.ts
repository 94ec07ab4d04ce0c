/** Main: policies of terminals, as the command line keeps them. */
import { parsePolicy, renderPolicy } from '../core/terminals/parse-policy.ts'
import { setPolicy } from '../core/terminals/set-policy.ts'
import type { PolicyDocument, PolicySubject } from '../core/terminals/terminal-policy.ts'
import type { StoreCommand } from './store-command.ts'

/** What a policy is kept for, as commands name it. */
export type CommandPolicySubject = PolicySubject

/** A policy, as commands print it: the members of its file. */
export type CommandPolicy = Readonly<Record<string, unknown>>

/** A policy whose file was read and found well formed. */
export type CheckedPolicy = PolicyDocument

/** Checks the JSON of a file. @throws INPUT_INVALID naming each member that is not well formed. */
export function checkPolicy(json: unknown): CheckedPolicy {
  return parsePolicy(json)
}

/** Sets or replaces a policy. @throws Refusal as the core's `setPolicy` does. */
export async function setOnePolicy(
  command: StoreCommand,
  subject: CommandPolicySubject,
  policy: CheckedPolicy,
): Promise<void> {
  await setPolicy(command.storeAccess.ports, { subject, policy }, command.request)
}

/** Removes a policy. @throws Refusal as the core's `setPolicy` does. */
export async function removeOnePolicy(command: StoreCommand, subject: CommandPolicySubject): Promise<void> {
  await setPolicy(command.storeAccess.ports, { subject, policy: null }, command.request)
}

/** Returns the policy of something, or null. */
export async function readOnePolicy(
  command: StoreCommand,
  subject: CommandPolicySubject,
): Promise<CommandPolicy | null> {
  const policy = await command.reads.policy(subject)
  return policy === null ? null : renderPolicy(policy)
}
