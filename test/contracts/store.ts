/** The contract of a store: every rule of docs/spec/store.md that holds for every engine. */
import { after, before, describe } from 'node:test'
import { accountRules } from './store/accounts.ts'
import { batchRules } from './store/batches.ts'
import { bearerCredentialRules } from './store/bearer-credentials.ts'
import { codeRules } from './store/codes.ts'
import { collectorRules } from './store/collector.ts'
import { credentialRules } from './store/credentials.ts'
import { exchangeRules } from './store/exchange.ts'
import type { OpenStore, StoreUnderTest } from './store/harness.ts'
import { inventoryRules } from './store/inventory.ts'
import { organizationRules } from './store/organizations.ts'
import { ownerRules } from './store/owners.ts'
import { personRules } from './store/persons.ts'
import { ptyAttachmentRules } from './store/pty-attachments.ts'
import { ptyLimitRules } from './store/pty-limits.ts'
import { ptySessionListRules } from './store/pty-session-lists.ts'
import { ptySessionRules } from './store/pty-sessions.ts'
import { revocationRules } from './store/revocations.ts'
import { sessionRules } from './store/sessions.ts'

/** Runs the contract on stores that `open` returns. */
export function storeContract(name: string, open: OpenStore): void {
  describe(name, () => {
    let opened: StoreUnderTest | undefined
    const shared = (): StoreUnderTest => {
      if (opened === undefined) throw new Error('the store of the suite is not open')
      return opened
    }
    before(async () => {
      opened = await open()
    })
    after(() => opened?.[Symbol.asyncDispose]())
    accountRules(shared, open)
    sessionRules(shared)
    exchangeRules(shared)
    revocationRules(shared, open)
    organizationRules(shared)
    ownerRules(open)
    credentialRules(shared)
    bearerCredentialRules(shared)
    codeRules(shared)
    personRules(shared)
    inventoryRules(shared, open)
    ptySessionRules(shared, open)
    ptyAttachmentRules(shared, open)
    ptySessionListRules(shared, open)
    ptyLimitRules(shared)
    batchRules(shared, open)
    collectorRules(open)
  })
}
