/** Core: names of natural persons for four eyes; they are compared without case. */
import { Refusal } from '../errors.ts'
import type { Reads } from '../store.ts'

/** Fits personnel numbers, e-mail addresses and uuids. */
const personName = /^[a-z0-9._@+-]{1,64}$/

/**
 * Returns the person that a text names: the person of an account, else the person behind the account of that username,
 * else a person without an account.
 *
 * @param field The name of the input, for the refusal.
 * @throws INPUT_INVALID if it is malformed, or the username belongs to accounts of different persons.
 */
export async function resolvePerson(
  store: Pick<Reads, 'personExists' | 'accountByName'>,
  field: string,
  text: string,
): Promise<string> {
  const name = text.trim().toLowerCase()
  if (await store.personExists(name)) return name
  const named = [await store.accountByName(text.trim(), 'user'), await store.accountByName(text.trim(), 'admin')]
  const persons = new Set(named.flatMap((account) => (account?.kind === 'person' ? [account.person] : [])))
  const [person = name] = persons
  if (persons.size > 1) throw refused(field, 'names accounts of different persons')
  if (persons.size === 0 && !personName.test(name))
    throw refused(field, 'must be a username, or 1 to 64 letters, digits and . _ @ + -')
  return person
}

function refused(field: string, description: string): Refusal {
  return new Refusal('INPUT_INVALID', { message: `${field}: ${description}.`, fields: [{ field, description }] })
}
