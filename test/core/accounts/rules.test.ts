/** What attributes of sftpgo mean as rules of an account. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Role } from '../../../src/core/accounts/account.ts'
import { admitsAddress, isWithinAccessTimes, noRules, parseRules } from '../../../src/core/accounts/rules.ts'
import { keepAttributes } from '../../../src/http/dialects/sftpgo/attributes.ts'

const everyDoor = ['control', 'sftpgo', 'pacerpro', 'giantswarm', 'koyeb']
const noon = { day_of_week: 1, from: '11:30', to: '12:30' }

const table: readonly (readonly [role: Role, filters: object, rules: object | null])[] = [
  ['user', {}, null],
  ['user', { allowed_ip: [], is_anonymous: false, denied_protocols: ['SSH'], password_expiration: 0 }, null],
  ['user', { allowed_ip: ['192.0.2.0/24'] }, { allowedNetworks: ['192.0.2.0/24'] }],
  ['admin', { allow_list: ['192.0.2.1/32'] }, { allowedNetworks: ['192.0.2.1/32'] }],
  ['admin', { allowed_ip: ['192.0.2.0/24'], denied_protocols: ['HTTP'], access_time: [noon] }, null],
  ['user', { denied_ip: ['192.0.2.0/24'] }, { deniedNetworks: ['192.0.2.0/24'] }],
  ['user', { denied_protocols: ['SSH', 'HTTP'] }, { deniedDoors: everyDoor }],
  ['user', { is_anonymous: true }, { deniedDoors: everyDoor }],
  ['user', { denied_login_methods: ['publickey', 'password'] }, { deniesPassword: true }],
  ['user', { access_time: [noon] }, { accessTimes: [{ dayOfWeek: 1, from: '11:30', to: '12:30' }] }],
  ['user', { two_factor_protocols: ['SSH'] }, { needsSecondFactor: true }],
  ['admin', { require_two_factor: true }, { needsSecondFactor: true }],
  ['user', { require_password_change: true }, { passwordChangeDue: true }],
  ['admin', { require_password_change: true }, { passwordChangeDue: true }],
  ['user', { password_expiration: 90 }, { passwordMaxAgeDays: 90 }],
]

test('ACR-1 attributes of sftpgo are stored with the rules that they mean', () => {
  for (const [role, filters, rules] of table) {
    const { rules: text } = keepAttributes(role, { filters })
    assert.deepEqual(text === null ? null : JSON.parse(text), rules, JSON.stringify(filters))
    assert.equal(parseRules(text) === noRules, rules === null)
  }
})

test('ACR-1 an allowed address is admitted though it is denied too, and a malformed network matches no address', () => {
  const admits = (allowedNetworks: string[], deniedNetworks: string[], ip: string): boolean =>
    admitsAddress(parseRules(JSON.stringify({ allowedNetworks, deniedNetworks })), ip)
  assert.deepEqual(
    [
      admits(['192.0.2.0/24'], ['192.0.2.7'], '192.0.2.7'),
      admits(['192.0.2.0/24'], [], '198.51.100.1'),
      admits([], ['192.0.2.0/24'], '192.0.2.7'),
      admits([], ['192.0.2.0/24'], '198.51.100.1'),
      admits(['rubbish'], [], '198.51.100.1'),
      admits([], ['rubbish'], '198.51.100.1'),
    ],
    [true, false, false, true, false, true],
  )
})

test('ACR-1 times of access count in UTC, both minutes included', () => {
  const times = [{ dayOfWeek: 1, from: '11:30', to: '12:30' }]
  const at = (text: string): boolean => isWithinAccessTimes(times, Date.parse(text))
  assert.deepEqual(
    [
      '2027-03-01T11:29:59Z',
      '2027-03-01T11:30:00Z',
      '2027-03-01T12:30:59Z',
      '2027-03-01T12:31:00Z',
      '2027-03-02T12:00:00Z',
    ].map(at),
    [false, true, true, false, false],
  )
})
