import type { AdminContext } from '../context.ts'

/** What one check found: one line for people. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'wrong'
  readonly says: string
  /** What to do about it, where it is not ok. */
  readonly todo?: string
}

export interface Check {
  /** What is looked at, for progress. */
  readonly looksAt: string
  readonly findings: (context: AdminContext) => Promise<readonly Finding[]>
}

export function ok(check: string, says: string): Finding {
  return { check, state: 'ok', says }
}

export function warning(check: string, says: string, todo: string): Finding {
  return { check, state: 'warning', says, todo }
}

export function wrong(check: string, says: string, todo: string): Finding {
  return { check, state: 'wrong', says, todo }
}
