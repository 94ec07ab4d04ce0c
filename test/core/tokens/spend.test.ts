/** The places that may spend a token, and how long a resource that began with a session may live. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Dialect, dialects } from '../../../src/core/dialects.ts'
import type { Principal } from '../../../src/core/sessions/principal.ts'
import { endOfBegun } from '../../../src/core/sessions/session.ts'
import { mayBeSpentAt } from '../../../src/core/tokens/verify.ts'
import { account, session } from '../../fixtures/records.ts'

function spentAt(parts: {
  readonly dialect: Dialect
  readonly role?: 'admin' | 'user'
  readonly kind?: 'person' | 'organization'
  readonly isApplicationPassword?: boolean
}): readonly Dialect[] {
  const { dialect, role = 'user', kind = 'person', isApplicationPassword = false } = parts
  const principal: Principal = {
    account: account({ role, kind }),
    session: { ...session({ dialect, isApplicationPassword }), isByCredential: isApplicationPassword },
    organizationId: null,
    tokenRow: 1,
    tokenExpiresAt: null,
    boundIp: null,
  }
  return dialects.filter((one) => mayBeSpentAt(principal, one))
}

test('TOK-5 a token is spent at its own dialect, and a user’s at control too, unless a rule says nowhere else', () => {
  assert.deepEqual(
    [
      dialects.map((dialect) => spentAt({ dialect })),
      spentAt({ dialect: 'koyeb', role: 'admin' }),
      spentAt({ dialect: 'sftpgo', role: 'admin' }),
      spentAt({ dialect: 'giantswarm', isApplicationPassword: true }),
      spentAt({ dialect: 'koyeb', kind: 'organization' }),
    ],
    [
      [['control'], ['control', 'sftpgo'], ['control', 'pacerpro'], ['control', 'giantswarm'], ['control', 'koyeb']],
      ['control', 'koyeb'],
      ['sftpgo'],
      ['giantswarm'],
      ['koyeb'],
    ],
  )
})

test('KOY-106 a session ends with the one that started it only if that one had a shorter life than others', () => {
  const life = { idleSeconds: null, absoluteSeconds: 100 }
  const endless = { idleSeconds: null, absoluteSeconds: null }
  assert.deepEqual(
    [
      endOfBegun({ createdAt: 5, expiresAt: 105 }, life),
      endOfBegun({ createdAt: 5, expiresAt: 104 }, life),
      endOfBegun({ createdAt: 5, expiresAt: null }, life),
      endOfBegun({ createdAt: 5, expiresAt: 105 }, endless),
      endOfBegun({ createdAt: 5, expiresAt: null }, endless),
    ],
    [null, 104, null, 105, null],
  )
})
