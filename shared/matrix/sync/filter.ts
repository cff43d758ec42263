/**
 * What is asked of the server ("Filtering"), as JSON in the query of each GET: a filter that is kept on the server would be
 * one more thing to make at each login.
 *
 * Members are lazy, and come again with each answer (`include_redundant_members`): the server would otherwise remember
 * which ones it sent to this device, and a listener that takes over knows none.
 */

/** Most events of a room in one answer. What is more comes as a gap (`limited`), which is filled. */
export const TIMELINE_EVENTS = 50

const MEMBERS = { lazy_load_members: true, include_redundant_members: true } as const

const IN_ROOMS = [
  'm.room.message',
  'm.room.encrypted',
  'm.sticker',
  'm.room.redaction',
  'm.room.member',
  'm.room.name',
  'm.room.encryption',
  'm.room.power_levels',
  'm.room.tombstone',
] as const

const OF_THE_USER = { types: ['m.direct'] } as const

/** Of each GET after the first. */
export const STEADY = JSON.stringify({
  presence: { types: ['m.presence'] },
  account_data: OF_THE_USER,
  room: {
    timeline: { limit: TIMELINE_EVENTS, types: IN_ROOMS, ...MEMBERS },
    state: { types: ['m.room.member', 'm.room.name'], ...MEMBERS },
    ephemeral: { types: ['m.typing', 'm.receipt'] },
    account_data: { types: ['m.fully_read'] },
  },
})

/** Of what a session begins with: rooms and who is in them. What was said before is history, which is asked for. */
export const SNAPSHOT = JSON.stringify({
  presence: { types: ['m.presence'] },
  account_data: OF_THE_USER,
  room: {
    timeline: { limit: 1, types: ['m.room.message'], ...MEMBERS },
    state: { types: ['m.room.member', 'm.room.name', 'm.room.power_levels', 'm.room.encryption'], ...MEMBERS },
    ephemeral: { types: [] },
    account_data: { types: ['m.fully_read'] },
  },
})

/** Of the place alone from which a session hears everything. */
export const PLACE = JSON.stringify({
  presence: { types: [] },
  account_data: { types: [] },
  room: { rooms: [] },
})

/** Of what is asked for of a room beside. */
export const MESSAGES = JSON.stringify({ types: IN_ROOMS, ...MEMBERS })
