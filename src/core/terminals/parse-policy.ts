/** Core: reads policies from JSON (snake_case) and writes them back. An unknown member is a fault. Pure. */
import { type FieldFault, Refusal } from '../errors.ts'
import { inventoryName } from './server.ts'
import type { PolicyDocument, WindowEnd } from './terminal-policy.ts'

/** Observers: as many as the option for all terminals allows. Minutes: a day. Months: a hundred years. */
const limits = { observers: 5, minutes: 1_440, months: 1_200, groups: 64 } as const

type Members = Readonly<Record<string, unknown>>

/** A value with its dotted path, and the list for its faults. */
type Place = { readonly at: string; readonly faults: FieldFault[] }

/**
 * Returns the policy of a parsed JSON text.
 *
 * @throws INPUT_INVALID with the dotted path of every member that is unknown, missing or out of range.
 */
export function parsePolicy(json: unknown): PolicyDocument {
  const faults: FieldFault[] = []
  const policy = readPolicy(json, { at: '', faults })
  const [first] = faults
  if (first === undefined) return policy
  throw new Refusal('INPUT_INVALID', { message: `${first.field}: ${first.description}.`, fields: faults })
}

/** Returns a policy in the form that `parsePolicy` reads. */
export function renderPolicy(policy: PolicyDocument): Readonly<Record<string, unknown>> {
  const { observers, windowEnd, idleMinutes, headlessMinutes, recordInput, retentionMonths } = policy
  return presentMembers({
    observers: observers && {
      count: observers.count,
      ...presentMembers({
        from: observers.from,
        on_leave: observers.onLeave,
        presence_minutes: observers.presenceMinutes,
      }),
    },
    window_end: windowEnd && renderWindowEnd(windowEnd),
    idle_minutes: idleMinutes,
    headless_minutes: headlessMinutes,
    record_input: recordInput,
    retention_months: retentionMonths,
  })
}

function renderWindowEnd(end: WindowEnd): Members {
  return end.kind === 'no-new-commands' ? { ...end, kind: 'no_new_commands' } : end
}

function readPolicy(value: unknown, place: Place): PolicyDocument {
  const members = readObject(value, place, [
    'observers',
    'window_end',
    'idle_minutes',
    'headless_minutes',
    'record_input',
    'retention_months',
  ])
  if (Object.keys(members).length === 0) fault(place, 'must rule something')
  const { observers, window_end, record_input } = members
  return presentMembers({
    observers: observers === undefined ? undefined : readObservers(observers, below(place, 'observers')),
    windowEnd: window_end === undefined ? undefined : readWindowEnd(window_end, below(place, 'window_end')),
    idleMinutes: readOptional(members.idle_minutes, limits.minutes, below(place, 'idle_minutes')),
    headlessMinutes: readOptional(members.headless_minutes, limits.minutes, below(place, 'headless_minutes')),
    recordInput: record_input === undefined ? undefined : readBoolean(record_input, below(place, 'record_input')),
    retentionMonths: readOptional(members.retention_months, limits.months, below(place, 'retention_months')),
  })
}

function readObservers(value: unknown, place: Place): NonNullable<PolicyDocument['observers']> {
  const { count, from, on_leave, presence_minutes } = readObject(value, place, [
    'count',
    'from',
    'on_leave',
    'presence_minutes',
  ])
  return {
    count: readInteger(count, limits.observers, below(place, 'count')),
    ...presentMembers({
      from: from === undefined ? undefined : readGroups(from, below(place, 'from')),
      onLeave: on_leave === undefined ? undefined : readChoice(on_leave, ['end', 'pause'], below(place, 'on_leave')),
      presenceMinutes: readOptional(presence_minutes, limits.minutes, below(place, 'presence_minutes')),
    }),
  }
}

function readWindowEnd(value: unknown, place: Place): WindowEnd {
  const { kind, minutes } = readObject(value, place, ['kind', 'minutes'])
  const name = readChoice(kind, ['hard', 'grace', 'no_new_commands'], below(place, 'kind'))
  if (name === 'hard') {
    if (kind === 'hard' && minutes !== undefined)
      fault(below(place, 'minutes'), 'is for grace and no_new_commands only')
    return { kind: 'hard' }
  }
  const lasts = readInteger(minutes, limits.minutes, below(place, 'minutes'))
  return { kind: name === 'grace' ? 'grace' : 'no-new-commands', minutes: lasts }
}

function readObject<Name extends string>(
  value: unknown,
  place: Place,
  names: readonly Name[],
): Partial<Record<Name, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    fault(place, 'must be a JSON object')
    return {}
  }
  for (const name of Object.keys(value)) {
    if (!names.some((known) => known === name)) fault(below(place, name), 'is not known')
  }
  return value
}

function readOptional(value: unknown, maximum: number, place: Place): number | undefined {
  return value === undefined ? undefined : readInteger(value, maximum, place)
}

function readInteger(value: unknown, maximum: number, place: Place): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maximum) return value
  fault(place, `must be a whole number from 1 to ${maximum}`)
  return 1
}

function readBoolean(value: unknown, place: Place): boolean {
  if (typeof value !== 'boolean') fault(place, 'must be true or false')
  return value === true
}

function readChoice<Choice extends string>(
  value: unknown,
  choices: readonly [Choice, ...Choice[]],
  place: Place,
): Choice {
  const found = choices.find((choice) => choice === value)
  if (found === undefined) fault(place, `must be ${choices.map((choice) => `"${choice}"`).join(' or ')}`)
  return found ?? choices[0]
}

function readGroups(value: unknown, place: Place): readonly string[] {
  const isList = Array.isArray(value) && value.length >= 1 && value.length <= limits.groups
  const groups: unknown[] = isList ? value : []
  if (!isList || !groups.every((group) => typeof group === 'string' && inventoryName.test(group))) {
    fault(place, `must be a list of 1 to ${limits.groups} names of groups`)
    return []
  }
  return [...new Set(groups as string[])]
}

function below({ at, faults }: Place, name: string): Place {
  return { at: at === '' ? name : `${at}.${name}`, faults }
}

function fault({ at, faults }: Place, description: string): void {
  faults.push({ field: at === '' ? 'policy' : at, description })
}

type Present<Input> = { readonly [Name in keyof Input]?: Exclude<Input[Name], undefined> }

/** Leaves out undefined members. */
function presentMembers<Input extends object>(input: Input): Present<Input> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Present<Input>
}
