import { UpstreamFault } from '../../../shared/upstream/fault.ts'
import { ok, warning, wrong, type Check, type Finding } from './check.ts'

/** Whether a user may log in, and the server upstream takes the password. No session is opened: the user does not come online. */
export function userChecks(user: string, password: string | undefined): Check[] {
  const permission: Check = {
    looksAt: `the permission of ${user}`,
    async findings({ configuration, clock }) {
      const record = await configuration.user(user, clock.now())
      if (record === undefined) return [warning('permission', `${user} is not known`, `users add '${user}'`)]
      if (!record.permitted) return [warning('permission', `${user} is denied`, `users permit '${user}'`)]
      return [ok('permission', `${user} may use the collaboration client`)]
    },
  }
  return password === undefined ? [permission] : [permission, signInCheck(user, password)]
}

function signInCheck(user: string, password: string): Check {
  return {
    looksAt: `the sign-in of ${user}`,
    async findings({ upstream }) {
      const asked = upstream()
      // The check of the server says what is wrong with its settings.
      if (asked === undefined) return []
      try {
        const steps = await asked.trySignIn(user, password)
        return [ok('sign-in', steps.join('; '))]
      } catch (thrown) {
        return [failure(user, thrown)]
      } finally {
        asked.server.close()
      }
    },
  }
}

function failure(user: string, thrown: unknown): Finding {
  if (!(thrown instanceof UpstreamFault)) throw thrown
  if (thrown.kind !== 'wrong-password')
    return wrong('sign-in', thrown.message, 'the checks of the server upstream say more')
  const todo = `check the name and password of ${user}; each try counts twice towards a lock-out`
  return wrong('sign-in', thrown.steps.join('; '), todo)
}
