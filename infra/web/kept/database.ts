/** What this browser keeps for the page: records by name. */
export interface Database {
  get(name: string): Promise<unknown>
  /** This tab writes from now on, and no other. */
  own(): Promise<void>
  /** Writes all of them or none. @throws Disowned */
  put(records: Readonly<Record<string, unknown>>): Promise<void>
  /** Forgets everything. @throws Disowned */
  clear(): Promise<void>
}

/** Another tab writes now. */
export class Disowned extends Error {
  override readonly name = 'Disowned'
}

const STORE = 'kept'
const OWNER = 'owner'

/**
 * A tab whose session was taken over may not have heard of it when it writes, for browsers let tabs sleep. So each write
 * looks, in its own transaction, whose the database is:
 *
 *   this tab    … asleep ─────────────── wakes, writes batch 8 ✘
 *   the other   takes over ─ reads batch 7 ─ resumes after 7
 */
export async function openDatabase(factory: IDBFactory = indexedDB): Promise<Database> {
  const me = crypto.randomUUID()
  const opening = factory.open('collaboration', 1)
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(STORE))
  const database = await result(opening)

  function written(write: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = database.transaction(STORE, 'readwrite')
    const store = transaction.objectStore(STORE)
    const looking = store.get(OWNER)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    looking.addEventListener('success', () => (looking.result === me ? write(store) : transaction.abort()))
    transaction.addEventListener('complete', () => resolve())
    transaction.addEventListener('abort', () => reject(transaction.error ?? new Disowned('another tab writes now')))
    return promise
  }

  return {
    get: (name) => result<unknown>(database.transaction(STORE).objectStore(STORE).get(name)),
    async own() {
      await result(database.transaction(STORE, 'readwrite').objectStore(STORE).put(me, OWNER))
    },
    put: (records) =>
      written((store) => {
        for (const [name, value] of Object.entries(records)) store.put(value, name)
      }),
    clear: () => written((store) => void (store.clear(), store.put(me, OWNER))),
  }
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB does not say why')))
  })
}
