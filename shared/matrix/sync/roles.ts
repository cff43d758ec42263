import type { Role } from '../../rules/messaging.ts'
import { membersOf, type Json } from '../json.ts'

/** Levels that clients have names for ("m.room.power_levels": 50 ejects, 100 is the user who made the room). */
export const LEVELS: Readonly<Record<Role, number>> = { admin: 100, moderator: 50, member: 0 }

export function roleOf(level: number): Role {
  if (level >= LEVELS.admin) return 'admin'
  return level >= LEVELS.moderator ? 'moderator' : 'member'
}

/** Who has a role of their own, by a room's power levels. Everybody else is a member. */
export function rolesIn(content: Json): ReadonlyMap<string, Role> {
  const users = Object.entries(membersOf(content['users']))
  return new Map(users.flatMap(([user, level]) => (typeof level === 'number' ? [[user, roleOf(level)] as const] : [])))
}
