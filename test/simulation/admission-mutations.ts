import type { AskedCondition, Rewrite } from '../kit/simulation/database.ts'
import type { Expiry } from '../kit/simulation/expiry.ts'
import { ITEM_LIFE_MS } from '../../shared/store/sessions.ts'
import { TTL_ATTRIBUTE } from '../../shared/store/tables.ts'
import type { INVARIANTS } from './admission-oracle.ts'

/** A condition of the stores, or what they say of expiry, that is broken on purpose. */
export interface Mutation {
  /** The named clause, in what it guards, and what is made of it. */
  readonly clause: string
  readonly rewrite?: Rewrite
  readonly expiry?: (expiry: Expiry, now: number) => Expiry
  /** What then does not hold, in one schedule or another. */
  readonly breaks: readonly (keyof typeof INVARIANTS)[]
  /** A schedule that showed it, to be tried first: as long as the code makes the same steps, it shows it again. */
  readonly seed: number
  /** Why nothing breaks: what else prevents it. Such a clause is thrift, or a second line. */
  readonly redundant?: string
}

const ALWAYS = '(attribute_exists(pk) OR attribute_not_exists(pk))'
const NEVER = 'attribute_exists(nothing)'

/** In conditions of this operation that have both texts, the first is replaced. */
function instead(of: AskedCondition['of'], within: string, clause: string, other: string): Rewrite {
  return (asked) => (asked.of === of && asked.text.includes(within) ? asked.text.replace(clause, other) : asked.text)
}

/** The same where the whole text is this. */
function insteadOf(of: AskedCondition['of'], whole: string, other: string): Rewrite {
  return (asked) => (asked.of === of && asked.text === whole ? other : asked.text)
}

const TAKE = 'l <= :now'
const UNHEARD = 'h = :formerHeard'
const MINE = 's = :session'

export const MUTATIONS: readonly Mutation[] = [
  {
    clause: 'NEVER_TAKEN in take: always',
    rewrite: instead('put', TAKE, 'attribute_not_exists(pk)', ALWAYS),
    breaks: ['oneSession', 'spoke', 'highest'],
    seed: 0,
  },
  {
    clause: 'NEVER_TAKEN in take: never',
    rewrite: instead('put', TAKE, 'attribute_not_exists(pk)', NEVER),
    breaks: ['lost', 'refusedWhenFull'],
    seed: 0,
  },
  {
    clause: 'LEASE_OVER in take: always',
    rewrite: instead('put', TAKE, TAKE, 'attribute_exists(l)'),
    breaks: ['oneSession', 'highest'],
    seed: 0,
  },
  {
    clause: 'LEASE_OVER in take: never',
    rewrite: instead('put', TAKE, TAKE, NEVER),
    breaks: ['lost', 'refusedWhenFull'],
    seed: 2,
  },
  {
    clause: 'MINE in take: never',
    rewrite: instead('put', TAKE, MINE, NEVER),
    breaks: ['refusedHoldsNothing', 'refusedWhenFull'],
    seed: 9,
  },
  {
    clause: 'MINE in takeFrom: always',
    rewrite: instead('put', UNHEARD, MINE, ALWAYS),
    breaks: ['oneSession', 'spoke', 'highest'],
    seed: 2185,
  },
  {
    clause: 'MINE in takeFrom, of a login under way: always',
    rewrite: insteadOf('put', `(${MINE}) OR s = :next`, `(${ALWAYS}) OR s = :next`),
    breaks: ['oneSession', 'spoke', 'newest', 'maximum', 'highest'],
    seed: 2,
  },
  {
    clause: 'UNHEARD in takeFrom: whatever was heard',
    rewrite: instead('put', UNHEARD, UNHEARD, ALWAYS),
    breaks: ['spoke'],
    seed: 0,
  },
  {
    clause: 'its own success in takeFrom: never',
    rewrite: instead('put', 's = :next', ' OR s = :next', ''),
    breaks: ['refusedHoldsNothing', 'refusedWhenFull'],
    seed: 25,
  },
  { clause: 'MINE in open: always', rewrite: insteadOf('put', MINE, ALWAYS), breaks: ['ownSeat'], seed: 0 },
  { clause: 'MINE in open: never', rewrite: insteadOf('put', MINE, NEVER), breaks: ['highest'], seed: 0 },
  { clause: 'MINE in free: always', rewrite: insteadOf('remove', MINE, ALWAYS), breaks: ['ownSeat'], seed: 0 },
  {
    clause: 'MINE in free: never',
    rewrite: insteadOf('remove', MINE, NEVER),
    breaks: ['refusedHoldsNothing'],
    seed: 0,
  },
  {
    clause: 'MINE in end: always',
    rewrite: instead('remove', UNHEARD, MINE, ALWAYS),
    breaks: [],
    seed: 0,
    redundant: 'UNHEARD names the frame and the connection: a seat that agrees in both holds the same session, or none',
  },
  {
    clause: 'UNHEARD in end: whatever was heard',
    rewrite: instead('remove', UNHEARD, UNHEARD, ALWAYS),
    breaks: ['active'],
    seed: 1_685,
  },
  {
    clause: 'MINE in heard: always',
    rewrite: instead('update', 'h < :number', MINE, ALWAYS),
    breaks: ['ownSeat', 'whole'],
    seed: 12,
  },
  {
    clause: 'OPENED in heard: always',
    rewrite: instead('update', 'h < :number', 'attribute_not_exists(l) AND h < :number', ALWAYS),
    breaks: ['ownSeat', 'once'],
    seed: 0,
  },
  {
    clause: 'NEWER in heard: always',
    rewrite: instead('update', 'h < :number', 'h < :number', ALWAYS),
    breaks: ['once'],
    seed: 0,
  },
  {
    clause: 'MINE in outOfCoverage: always',
    rewrite: instead('update', 'c = :connection', MINE, ALWAYS),
    breaks: ['ownSeat'],
    seed: 432,
  },
  {
    clause: 'the connection in outOfCoverage: always',
    rewrite: insteadOf('update', `${MINE} AND c = :connection`, MINE),
    breaks: ['inCoverage', 'ownSeat'],
    seed: 5,
  },
  {
    clause: 'NEWER_LOGIN and AS_READ in point: always',
    rewrite: instead('put', 'heard < :heard', '(#session = :read AND heard < :heard)', ALWAYS),
    breaks: ['once', 'oneEach', 'highest'],
    seed: 4,
  },
  {
    clause: 'AS_READ in point: whatever was read',
    rewrite: instead('put', 'heard < :heard', '#session = :read', ALWAYS),
    breaks: ['oneEach'],
    seed: 9,
  },
  {
    clause: 'NO_LOGIN in point: always',
    rewrite: insteadOf('put', 'attribute_not_exists(pk) OR #session = :session', ALWAYS),
    breaks: ['oneEach', 'once'],
    seed: 11,
  },
  {
    clause: 'an expiry of the item that NO_LOGIN and AS_READ look at',
    expiry: (expiry, now) => (item) =>
      String(item['pk']).startsWith('DEVICE#')
        ? expiry({ ...item, [TTL_ATTRIBUTE]: Math.ceil((now + ITEM_LIFE_MS) / 1_000) })
        : expiry(item),
    breaks: ['oneEach', 'once'],
    seed: 4,
  },
  {
    clause: 'EARLIER in overtake: always',
    rewrite: instead('remove', 'h < :later', 'h < :later', ALWAYS),
    breaks: ['ownSeat'],
    seed: 500_467,
  },
  {
    clause: 'EARLIER in overtake: never',
    rewrite: instead('remove', 'h < :later', 'h < :later', NEVER),
    breaks: ['highest', 'ownSuccess'],
    seed: 2,
  },
  {
    clause: 'MINE in overtake: always',
    rewrite: instead('remove', 'h < :later', MINE, ALWAYS),
    breaks: ['ownSeat'],
    seed: 23,
  },
  {
    clause: 'NEWER_LOGIN in point: always',
    rewrite: instead('put', 'heard < :heard', 'heard < :heard', ALWAYS),
    breaks: ['once'],
    seed: 0,
    redundant: 'what was read before had a lower number, and AS_READ says that it is still as it was read',
  },
  {
    clause: 'MINE in point: never',
    rewrite: instead('put', 'heard < :heard', '#session = :session', NEVER),
    breaks: ['ownSuccess'],
    seed: 1,
  },
  {
    clause: 'HIGHER in reach: always',
    rewrite: insteadOf('update', 'attribute_not_exists(most) OR most < :most', ALWAYS),
    breaks: ['maximum', 'counted'],
    seed: 252,
  },
  {
    clause: 'reach takes no quiet back',
    rewrite: insteadOf('update', 'quietFrom < :from', NEVER),
    breaks: ['ends'],
    seed: 32,
  },
  {
    clause: 'STILL_QUIET in lower: always',
    rewrite: instead(
      'update',
      'quietSince = :quietSince',
      'quietFrom = :quietFrom AND quietSince = :quietSince',
      ALWAYS,
    ),
    breaks: ['maximum', 'counted'],
    seed: 40_619,
  },
  {
    clause: 'as it was read in quieten: always',
    rewrite: insteadOf('update', 'most = :asRead', ALWAYS),
    breaks: [],
    seed: 0,
    redundant:
      'a login that may take a seat above what is quiet takes that back itself, and a minute goes by before it is forgotten',
  },
]
